import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { LogLine } from "../logLine.ts";
import { SearchIndex } from "../search/searchIndex.ts";
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

  test("is also removed if it is deleted while earlier text is being removed", async () => {
    const data = join(folder, "busy.sqlite3");
    const engine = await startTestEngine({ functions, data });
    const add = async (text: string) =>
      (await engine.runFunction("search:add", { owner: "o", text })) as string;
    for (let i = 0; i < 30; i++) await add(`alpha${i} common`);
    const [first, second] = [await add("a first text"), await add(`once ${SECRET} always`)];
    const { merge } = SearchIndex.prototype as {
      merge: (this: SearchIndex, step: "begin" | "continue") => boolean;
    };
    const removed: Promise<unknown>[] = [];
    vi.spyOn(SearchIndex.prototype, "merge").mockImplementation(function (
      this: SearchIndex,
      ...args
    ) {
      if (removed.length === 0) removed.push(engine.runFunction("search:remove", { id: second }));
      return merge.apply(this, args);
    });
    await engine.runFunction("search:remove", { id: first });
    await expect.poll(() => removed, { timeout: 15_000 }).toHaveLength(1);
    await Promise.all(removed);
    await expect.poll(traces, { timeout: 15_000 }).toEqual([]);
    vi.restoreAllMocks();
    await engine.stop();
  });

  test("that cannot be removed is logged, the server still stops, and the next start removes it", async () => {
    const data = join(folder, "failing.sqlite3");
    const lines: LogLine[] = [];
    const engine = await startTestEngine({ functions, data, log: (line) => lines.push(line) });
    const id = (await engine.runFunction("search:add", { owner: "o", text: SECRET })) as string;
    const failure = new Error("disk I/O error");
    vi.spyOn(SearchIndex.prototype, "merge").mockImplementation(() => {
      throw failure;
    });
    await engine.runFunction("search:remove", { id });
    const logged = { level: "error", function: "scrubber", words: [failure] };
    await expect.poll(() => lines, { timeout: 15_000 }).toEqual([logged]);
    // Tries once more.
    await engine.stop();
    expect(lines).toEqual([logged, logged]);
    vi.restoreAllMocks();
    const next = await startTestEngine({ functions, data });
    await expect.poll(traces, { timeout: 15_000 }).toEqual([]);
    await next.stop();
  });
});
