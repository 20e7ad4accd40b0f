import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { garbageCollector } from "../local/limits/garbage.ts";
import type { History } from "./rows.ts";
import { claudeCode } from "./tools/claude/index.ts";

const MIB = 1 << 20;
const TRANSCRIPTS = 24;

const collectGarbage = garbageCollector();

/** A transcript that goes on from a line of none of the others, so that all of them are searched for it. */
const transcript = (n: number) =>
  [
    { type: "user", uuid: uuid(n), parentUuid: uuid(n + TRANSCRIPTS) },
    { type: "user", uuid: uuid(n + 2 * TRANSCRIPTS), parentUuid: uuid(n) },
  ]
    .map((line) => ({ ...line, message: { role: "user", content: "x".repeat(MIB / 4) } }))
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("");

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

test("the search for parents keeps no texts of the transcripts in memory", async () => {
  const root = mkdtempSync(join(tmpdir(), "opensync-import-memory-"));
  try {
    mkdirSync(join(root, "project"));
    for (let n = 0; n < TRANSCRIPTS; n++)
      writeFileSync(join(root, "project", `${uuid(n)}.jsonl`), transcript(n));
    const places = { home: root, env: {}, host: "host", isNamed: true };
    const histories: History[] = [];
    for await (const history of claudeCode.histories(root, places)) histories.push(history);
    expect(histories.length).toBe(TRANSCRIPTS);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (const history of histories) for await (const item of history.read(undefined)) void item;
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 * MIB);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
