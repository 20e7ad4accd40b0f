import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startEngine } from "../engine.ts";
import { startTestEngine, type TestEngine } from "../testing.ts";
import { backUp } from "./backUp.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "opensync-backup-"));

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ functions });
});
afterAll(async () => {
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function read(data: string, group: string) {
  const copy = await startEngine({ functions, data, env: {} });
  try {
    return await copy.runFunction("bulk:readAll", { group });
  } finally {
    await copy.stop();
  }
}

test("a copy made while the server runs and writes can be opened, and contains the data", async () => {
  await engine.runFunction("bulk:fill", { group: "kept", count: 500 });
  const to = join(folder, "copy.sqlite3");
  const writing = engine.runFunction("bulk:fill", { group: "meanwhile", count: 500 });
  expect(await backUp(engine.data, to)).toContain(to);
  await writing;
  expect(statSync(to).mode & 0o777).toBe(0o600);
  expect(await read(to, "kept")).toBe(500);
  expect([0, 500]).toContain(await read(to, "meanwhile"));
});

test("no copy is empty, however much the server writes", async () => {
  let isOver = false;
  const write = async (client: number) => {
    for (let i = 0; !isOver; i++)
      await engine.runFunction("bulk:fill", { group: `client ${client}`, count: 1 });
  };
  const writers = Array.from({ length: 8 }, (_, client) => write(client));
  const copies: number[] = [];
  for (let i = 0; i < 30; i++) {
    const to = join(folder, `busy-${i}.sqlite3`);
    await backUp(engine.data, to);
    copies.push(statSync(to).size);
  }
  isOver = true;
  await Promise.all(writers);
  expect(copies).toHaveLength(30);
  expect(Math.min(...copies)).toBeGreaterThan(10_000);
  expect(await read(join(folder, "busy-29.sqlite3"), "kept")).toBe(500);
});

test("an existing file is not overwritten, and the error names a path that cannot be written", async () => {
  const there = join(folder, "there.sqlite3");
  writeFileSync(there, "theirs");
  await expect(backUp(engine.data, there)).rejects.toThrow("is there already");
  expect(readFileSync(there, "utf8")).toBe("theirs");
  await expect(backUp(engine.data, join(folder, "no/such/x"))).rejects.toThrow("cannot be written");
  await expect(backUp(join(folder, "none"), join(folder, "y"))).rejects.toThrow("No database at");
});
