import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { startTestEngine } from "../testing.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "opensync-scrub-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const data = join(folder, "local.sqlite3");
const SECRET = "zebrahorsesecret";

/** Lists data files that contain the word, complete or without the prefix that a text index shares. */
function traces(): string[] {
  const isTrace = (name: string) => {
    const bytes = readFileSync(join(folder, name));
    return bytes.includes(SECRET) || bytes.includes(SECRET.slice(2));
  };
  return readdirSync(folder).filter(isTrace);
}

describe("deleted text", () => {
  test("is soon removed from every file, and after a stop: row, text index, log and job arguments", async () => {
    const engine = await startTestEngine({ functions, data });
    const add = async (text: string) =>
      (await engine.runFunction("search:add", { owner: "o", text })) as string;
    for (let i = 0; i < 100; i++) await add(`alpha${i} common`);
    const id = await add(`once ${SECRET} always`);
    await engine.runFunction("jobs:schedule", { target: "note", delay: 0, name: SECRET });
    await engine.settle();
    expect(traces()).not.toEqual([]);
    await engine.runFunction("jobs:forget", { name: SECRET });
    await engine.runFunction("search:remove", { id });
    await expect.poll(traces, { timeout: 15_000 }).toEqual([]);
    const again = await add(`again ${SECRET} always`);
    await engine.runFunction("search:remove", { id: again });
    await engine.stop();
    expect(traces()).toEqual([]);
  });
});
