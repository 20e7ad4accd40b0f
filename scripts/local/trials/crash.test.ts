import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { expect, test } from "vitest";
import { crash } from "./crash.ts";
import { startServer, withDataFile } from "./server.ts";

test("acknowledged messages survive kill -9, complete and once; scheduled work resumes; the file is intact", async () => {
  const report = await crash({ kills: 2, requestsPerKill: 60, seed: 7 });
  expect(report).toMatchObject({ lost: [], unsettled: [], isSound: true });
  expect(report.acknowledged).toBeGreaterThan(0);
  expect(report.acknowledged).toBeLessThanOrEqual(report.requests);
});

test("a killed server leaves nothing in the folder for temporary files", async () => {
  await withDataFile(async (data) => {
    const server = await startServer(data, [], { TMPDIR: dirname(data) });
    await server.end("SIGKILL");
    const left = readdirSync(dirname(data));
    expect(left).toContain(basename(data));
    // tsx, which runs the server here, caches compiled files.
    const own = [basename(data), "tsx-"];
    expect(left.filter((name) => !own.some((start) => name.startsWith(start)))).toEqual([]);
  });
});
