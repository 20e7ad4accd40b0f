import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closeClients, connect } from "../live/live.fixture.ts";
import { startTestEngine, type TestEngine } from "../testing.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));
let engine: TestEngine;
/** The ids of all rows of the table, sorted. */
let ids: string[];
const added = (id: unknown) => (ids = [...ids, id as string].sort());

const range = (bounds: Record<string, string | number | null>, order = "asc") =>
  engine.runFunction("ids:range", { ...bounds, order });

beforeAll(async () => {
  engine = await startTestEngine({ functions });
  // Other tables, with smaller and greater numbers, have ids before and after those of `values`.
  await engine.runFunction("jobs:schedule", { target: "note", delay: 0, name: "before" });
  await engine.runFunction("search:add", { owner: "o", text: "after" });
  await engine.settle();
  const values = Array.from({ length: 40 }, (_, i) => i);
  ids = ((await engine.runFunction("values:add", { group: "g", values })) as string[]).sort();
});
afterAll(async () => {
  await closeClients();
  await engine.stop();
});

describe("a query by id", () => {
  test("reads the rows of its table alone, in the order of their ids", async () => {
    expect(await range({})).toEqual(ids);
    expect(await range({}, "desc")).toEqual([...ids].reverse());
  });

  test("includes or excludes the id that is its bound", async () => {
    const [low, high] = [ids[10] as string, ids[30] as string];
    expect(await range({ gte: low, lte: high })).toEqual(ids.slice(10, 31));
    expect(await range({ gt: low, lt: high })).toEqual(ids.slice(11, 30));
    expect(await range({ gt: low, lt: high }, "desc")).toEqual(ids.slice(11, 30).reverse());
    expect(await range({ gt: high, lt: low })).toEqual([]);
  });

  test("takes texts that are no ids and values of other types as bounds, in Convex's order", async () => {
    const half = (ids[20] as string).slice(0, -1);
    expect(await range({ gte: half })).toEqual(ids.filter((id) => id > half));
    expect(await range({ lt: `${ids[20]}0` })).toEqual(ids.slice(0, 21));
    expect(await range({ gt: `${ids[20]}\0` })).toEqual(ids.slice(21));
    expect(await range({ gt: "" })).toEqual(ids);
    expect(await range({ gte: "é" })).toEqual([]);
    expect(await range({ gt: null })).toEqual(ids);
    expect(await range({ lt: 5 })).toEqual([]);
    expect(await range({ lt: [] as never })).toEqual(ids);
    expect(await range({ gt: [] as never })).toEqual([]);
  });

  test.each(["asc", "desc"])("continues where its page ended (%s)", async (order) => {
    const found: string[] = [];
    let cursor: string | null = null;
    for (let isDone = false; !isDone;) {
      const page = (await engine.runFunction("ids:page", {
        order,
        paginationOpts: { cursor, numItems: 7 },
      })) as { ids: string[]; isDone: boolean; continueCursor: string };
      found.push(...page.ids);
      cursor = page.continueCursor;
      isDone = page.isDone;
    }
    expect(found).toEqual(order === "asc" ? ids : [...ids].reverse());
  });

  test("that is subscribed to runs again when a row comes into its range", async () => {
    const client = connect(engine.url);
    const after = ids.at(-1) as string;
    const seen = client.watch("ids:range", { gt: after, order: "asc" });
    await expect.poll(() => seen.values).toEqual([[]]);
    const id = await client.mutate("live:add", { group: "late", rank: 1 });
    added(id);
    await expect.poll(() => seen.values).toEqual([[], [id]]);
  });
});

test("the entry of an id counts against the write window, because a deployment stores it", async () => {
  const { calls, result } = await engine.measure(() =>
    engine.runFunction("live:add", { group: "g", rank: 1 }),
  );
  added(result);
  const [{ windowBytes = 0, bytesWritten = 0 } = {}] = calls;
  const [text, number, missing, id] = [4, 9, 1, 35];
  const byCreationTime = number + id;
  const byValue = missing + number + id;
  const byGroupAndValue = text + missing + number + id;
  const byGroupAndRank = text + number + number + id;
  const entries = byCreationTime + id + byValue + byGroupAndValue + byGroupAndRank;
  expect(windowBytes - bytesWritten).toBe(entries);
});
