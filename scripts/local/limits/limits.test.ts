import { fileURLToPath } from "node:url";
import type { Value } from "convex/values";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LogLine } from "../logLine.ts";
import { startTestEngine, type TestEngine } from "../testing.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));
const warnings: LogLine[] = [];

/** A deployment allows one second; a shorter limit keeps the tests fast. */
const USER_MS = 100;

/** Any write exceeds this limit, however slow the machine is. */
const WARN = { mode: "warn", userMs: USER_MS, writeBytesPerSecond: -1 } as const;

let hasty: TestEngine;
let strict: TestEngine;
let lenient: TestEngine;
beforeAll(async () => {
  hasty = await startTestEngine({ functions, limits: { mode: "enforce", userMs: USER_MS } });
  strict = await startTestEngine({ functions });
  const log = (line: LogLine) => void (line.level === "warn" && warnings.push(line));
  lenient = await startTestEngine({ functions, log, limits: WARN });
});
afterAll(async () => {
  await hasty.stop();
  await strict.stop();
  await lenient.stop();
});

const TIMED_OUT = "Function execution timed out (maximum duration: 0.1s)";
const MIB = 1 << 20;

/** Waits until no earlier write counts any more. */
const emptyWindow = () => new Promise((resolve) => setTimeout(resolve, 1_050));

describe("the running JavaScript of a query or mutation", () => {
  test("may take as long as the limit", async () => {
    expect(await hasty.runFunction("strict:compute", { ms: 40, reads: 4 })).toBe("done");
  });

  test("fails beyond the limit, between reads and at the end, even if it catches the error", async () => {
    const cases: Record<string, Value>[] = [
      { ms: 200, reads: 8 },
      { ms: 200 },
      { ms: 200, reads: 8, catches: true },
    ];
    for (const args of cases)
      await expect(hasty.runFunction("strict:compute", args)).rejects.toThrow(TIMED_OUT);
  });

  test("stores nothing if it fails", async () => {
    const write = hasty.runFunction("strict:write", { group: "late", bytes: 10, ms: 200 });
    await expect(write).rejects.toThrow(TIMED_OUT);
    expect(await hasty.runFunction("bulk:readAll", { group: "late" })).toBe(0);
  });

  test("is reported for the longest call of each function", async () => {
    hasty.resetPeaks();
    await hasty.runFunction("strict:compute", { ms: 1 });
    await hasty.runFunction("strict:compute", { ms: 60 });
    await hasty.runFunction("bulk:readAll", { group: "none" });
    const [worst, next] = hasty.peaks();
    expect(worst).toMatchObject({ name: "strict:compute", type: "query", calls: 2, failed: 0 });
    expect(worst?.userMs).toBeGreaterThan(20);
    expect(next?.userMs).toBeLessThan(worst?.userMs ?? 0);
  });

  test("may await web crypto", async () => {
    const found = await hasty.runFunction("strict:waitAndHash");
    expect(found).toEqual(["secret", [0xba, 0x78, 0x16]]);
  });
});

describe("the write window", () => {
  test("makes ctx.runMutation fail with TooManyWrites if it is full, and nothing is written", async () => {
    const limits = { mode: "enforce", writeBytesPerSecond: -1 } as const;
    const engine = await startTestEngine({ functions, limits, schedule: false });
    const args = { group: "w", bytes: 9, times: 1 };
    const [outcome] = (await engine.runFunction("strict:writeOften", args)) as string[];
    expect(outcome).toContain("TooManyWrites");
    expect(await engine.runFunction("bulk:readAll", { group: "w" })).toBe(0);
    await engine.stop();
  });

  test("delays scheduled mutations until it is open, and fails none", async () => {
    // After each write, nothing may be written for a second.
    const limits = { mode: "enforce", writeBytesPerSecond: 1, scheduledJobs: 1 } as const;
    const engine = await startTestEngine({ functions, limits });
    const ids = (await engine.runFunction("jobs:scheduleMany", { count: 3 })) as string[];
    await engine.settle();
    const states = await Promise.all(ids.map((id) => engine.runFunction("jobs:state", { id })));
    expect(states).toEqual(["success", "success", "success"]);
    await engine.stop();
  });

  test("delays a fast writer only as long as the platform retries", async () => {
    await emptyWindow();
    const args = { group: "paced", bytes: MIB / 2, times: 12 };
    const outcomes = (await strict.runFunction("strict:writeOften", args)) as string[];
    const written = outcomes.filter((outcome) => outcome === "written").length;
    expect(written).toBeGreaterThanOrEqual(8);
    expect(await strict.runFunction("bulk:readAll", { group: "paced" })).toBe(written);
  });
});

describe("the meter", () => {
  test("counts each declared index of a row as a copy, and the window the index entries", async () => {
    await emptyWindow();
    const measured = await strict.measure(() =>
      strict.runFunction("strict:write", { group: "metered", bytes: 1_000 }),
    );
    // `values` declares three indexes; the one by value contains its 1,000 bytes.
    expect(measured.indexBytesWritten).toBe(3 * measured.bytesWritten);
    const [call] = measured.calls;
    expect(call?.windowBytes).toBeGreaterThan(measured.bytesWritten + 2 * 1_000);
    expect(call?.windowBytes).toBeLessThan(measured.bytesWritten + 2 * 1_000 + 400);
  });

  test("reports the largest write burst of each function; for an action, within one second", async () => {
    await emptyWindow();
    strict.resetPeaks();
    await strict.runFunction("strict:writeOften", { group: "burst", bytes: 10_000, times: 5 });
    const of = (name: string) => strict.peaks().find((peak) => peak.name === name);
    const one = of("strict:write")?.writeBurstBytes ?? 0;
    expect(one).toBeGreaterThan(10_000);
    expect(of("strict:writeOften")?.writeBurstBytes).toBe(5 * one);
  });
});

test("eight scheduled functions run at once, and the others wait", async () => {
  await emptyWindow();
  // Of different lengths, so that they do not end together.
  await strict.runFunction("strict:lingerMany", { count: 6, ms: 120 });
  await strict.runFunction("strict:lingerMany", { count: 14, ms: 30 });
  await strict.settle();
  expect(await strict.runFunction("strict:mostAtOnce")).toBe(8);
});

test("64 actions run at once, and a nested action counts as well", async () => {
  const engine = await startTestEngine({ functions, limits: { mode: "enforce", actions: 3 } });
  const nested = Array.from({ length: 2 }, () =>
    engine.runFunction("strict:nestedLinger", { ms: 20 }),
  );
  expect(Math.max(...((await Promise.all(nested)) as number[]))).toBe(1);
  const plain = Array.from({ length: 12 }, () => engine.runFunction("strict:linger", { ms: 20 }));
  expect(Math.max(...((await Promise.all(plain)) as number[]))).toBe(3);
  await engine.stop();
});

test("npm start's mode enforces nothing, and warns once about each limit", async () => {
  const slow = { ms: 150 };
  expect(await lenient.runFunction("strict:compute", slow)).toBe("done");
  expect(await lenient.runFunction("strict:compute", slow)).toBe("done");
  const args = { group: "much", bytes: 10, times: 3 };
  expect(new Set((await lenient.runFunction("strict:writeOften", args)) as string[])).toEqual(
    new Set(["written"]),
  );
  const texts = warnings.map(({ words }) => String(words[0]));
  expect(texts.filter((text) => text.includes("ran longer than 0.1 s"))).toHaveLength(1);
  expect(texts.filter((text) => text.includes("bytes were written in a second"))).toHaveLength(1);
});

test("time does not advance in a transaction, and each transaction has its own random numbers", async () => {
  const seen = async () =>
    (await strict.runFunction("strict:timeAndChance")) as {
      times: number[];
      given: string;
      isDate: boolean;
      numbers: number[];
    };
  const began = Date.now();
  const first = await seen();
  expect(new Set(first.times).size).toBe(1);
  expect(first.times[0]).toBeGreaterThanOrEqual(began);
  expect([first.given, first.isDate]).toEqual(["1970-01-02T00:00:00.000Z", true]);
  expect(new Set(first.numbers).size).toBe(100);
  expect(Math.min(...first.numbers) >= 0 && Math.max(...first.numbers) < 1).toBe(true);
  expect((await seen()).numbers).not.toEqual(first.numbers);
});

describe("TextDecoder with fatal", () => {
  const invalid = [0x61, 0xff];
  test.each([
    [true, "undefined"],
    [false, "TypeError"],
  ])(
    "and stream %s turns invalid UTF-8 into %s, as the platform does",
    async (stream, expected) => {
      const args = { bytes: invalid, stream };
      expect(await strict.runFunction("strict:decodeStream", args)).toBe(expected);
    },
  );
});

describe("functions with a heap of 64 MiB", () => {
  let small: TestEngine;
  beforeAll(async () => {
    const limits = { mode: "enforce", userMs: Infinity } as const;
    small = await startTestEngine({ functions, heapMiB: 64, limits });
  });
  afterAll(() => small.stop());

  test("report their highest memory use, and the calls during a measurement", async () => {
    small.resetPeaks();
    const measured = await small.measure(() => small.runFunction("strict:allocate", { mib: 20 }));
    expect(measured).toMatchObject({ result: 20, functionCalls: 1, documentsRead: 0 });
    const [peak] = small.peaks();
    expect(peak).toMatchObject({ name: "strict:allocate", calls: 1 });
    expect(peak?.heapBytes).toBeGreaterThan(20 * MIB);
    expect(peak?.heapBytes).toBeLessThan(48 * MIB);
  });

  test("fail with the platform's message if they need more; after a restart the engine works again", async () => {
    await expect(small.runFunction("strict:allocate", { mib: 90 })).rejects.toThrow(
      "JavaScript execution ran out of memory (maximum memory usage: 64 MB)",
    );
    small = await small.restart();
    expect(await small.runFunction("strict:allocate", { mib: 1 })).toBe(1);
    expect((await small.request("/files/deep/two")).status).toBe(200);
  });

  test("share it with at most 1 MiB of documents that they have not taken yet", async () => {
    const [count, bytes] = [12, 800_000];
    const args = { group: "large", bytes: count * bytes, rows: count };
    await small.runFunction("strict:write", args);
    const heapOf = async (group: string, read: number) => {
      small.resetPeaks();
      expect(await small.runFunction("bulk:readOneByOne", { group })).toBe(read);
      return small.peaks()[0]?.heapBytes ?? 0;
    };
    const without = await heapOf("none", 0);
    const withDocuments = await heapOf("large", count);
    // The batch, a document beyond its limit, and three copies of one: as a row, as JSON and as a value.
    expect(withDocuments - without).toBeLessThan(6 * MIB);
  });
});
