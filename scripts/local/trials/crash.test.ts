import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { crash } from "./crash.ts";
import { startServer } from "./server.ts";

test("what was acknowledged survives kill -9: whole, once; scheduled work resumes; the file is sound", async () => {
  const report = await crash(2, 60, 7);
  expect(report).toMatchObject({ lost: [], unsettled: [], isSound: true });
  expect(report.acknowledged).toBeGreaterThan(0);
  expect(report.acknowledged).toBeLessThanOrEqual(report.requests);
});

test("a killed server leaves nothing in the folder for temporary files", async () => {
  const folder = mkdtempSync(join(tmpdir(), "opensync-killed-"));
  try {
    const data = join(folder, "local.sqlite3");
    const server = await startServer(data, [], { TMPDIR: folder });
    await server.end("SIGKILL");
    // tsx, which runs the server here, keeps what it compiled for the next time.
    const left = readdirSync(folder).filter((name) => !name.startsWith("tsx-"));
    const files = ["", ".admin", "-shm", "-wal"].map((ending) => `local.sqlite3${ending}`);
    expect(left.filter((name) => !files.includes(name))).toEqual([]);
    expect(left).toContain("local.sqlite3");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
