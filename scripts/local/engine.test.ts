import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import { startTestEngine, type TestEngine } from "./testing.ts";

const functions = fileURLToPath(new URL("fixture/functions", import.meta.url));

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ functions });
});
afterAll(() => engine.stop());

describe("a running engine", () => {
  test("keeps documents across a restart", async () => {
    const ids = await engine.runFunction("values:add", { group: "kept", values: [1, "two"] });
    engine = await engine.restart();
    const [id] = ids as string[];
    expect(await engine.runFunction("values:get", { id: id ?? "" })).toMatchObject({ value: 1 });
  });

  test("reads many rows once each, in both directions", async () => {
    const values = Array.from({ length: 60 }, (_, n) => n);
    await engine.runFunction("values:add", { group: "many", values });
    const read = (order: string) => engine.runFunction("values:range", { group: "many", order });
    expect(await read("asc")).toEqual(values);
    expect(await read("desc")).toEqual([...values].reverse());
  });

  test("gives each row a later time of creation than the one before, also within a millisecond", async () => {
    const values = Array.from({ length: 50 }, (_, n) => n);
    const ids = (await engine.runFunction("values:add", { group: "at once", values })) as string[];
    const times: number[] = [];
    for (const id of ids) {
      const row = await engine.runFunction("values:get", { id });
      times.push((row as { _creationTime: number })._creationTime);
    }
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  });

  test("serves its routes over HTTP", async () => {
    const answer = await engine.request("/files/deep/two");
    expect(answer.headers.get("x-route")).toBe("deep");
  });

  test("measures what a request costs", async () => {
    await engine.runFunction("values:add", { group: "measured", values: [1, 2, 3, 4] });
    const measured = await engine.measure(() =>
      engine.runFunction("values:readSome", { group: "measured", count: 2 }),
    );
    expect(measured.result).toEqual({ seen: 2, documentsRead: 2, databaseQueries: 1 });
    expect(measured).toMatchObject({ functionCalls: 1, documentsRead: 2, indexRanges: 1 });
  });
});

describe("components", () => {
  test("have their own tables, within the caller's transaction", async () => {
    expect(await engine.runFunction("limits:take", { key: "a" })).toBe(true);
    await expect(engine.runFunction("limits:take", { key: "a", fail: true })).rejects.toThrow(
      "taken back",
    );
    expect(await engine.runFunction("limits:take", { key: "a" })).toBe(true);
    expect(await engine.runFunction("limits:take", { key: "a" })).toBe(false);
  });

  test("can be nested, and schedule their own functions", async () => {
    expect(await engine.runFunction("limits:takeLater", { key: "b" })).toBe(true);
    expect(await engine.runFunction("limits:takeLater", { key: "b" })).toBe(true);
    await engine.settle(5000);
    expect(await engine.runFunction("limits:takeLater", { key: "b" })).toBe(false);
  });
});
