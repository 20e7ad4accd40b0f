import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Value } from "convex/values";
import type { CallRecord } from "../callRecord.ts";
import { Clock } from "../clock.ts";
import { newSigner, startLive } from "../live/live.fixture.ts";
import type { TestEngine } from "../testing.ts";
import { ReadSet } from "../transaction/reads.ts";
import { QueryCache } from "./queryCache.ts";

let engine: TestEngine;
let sign: Awaited<ReturnType<typeof newSigner>>["sign"];
const clock = new Clock(true);
beforeAll(async () => {
  const signer = await newSigner();
  sign = signer.sign;
  engine = await startLive({ env: signer.env, clock });
});
afterAll(() => engine.stop());

type Args = Record<string, Value>;

/** A query's result, and whether it was kept from before. */
async function ask(path: string, args: Args = {}, of = engine): Promise<[Value, boolean]> {
  const { result, calls } = await of.measure(() => of.runFunction(path, args));
  return [result, calls.at(-1)?.isCached ?? false];
}

const add = (group: string, rank: number) => engine.runFunction("live:add", { group, rank });

describe("a query that is asked again", () => {
  test("does not run again, and is recorded with what it used", async () => {
    await add("again", 1);
    const asked = () =>
      engine.measure(() => engine.runFunction("live:isEmpty", { group: "again" }));
    const [first, second] = [await asked(), await asked()];
    expect(second.result).toBe(first.result);
    const used = ({ calls }: typeof first) =>
      calls.map(({ name, isNested, documentsRead, bytesRead, databaseQueries }) => ({
        ...{ name, isNested, documentsRead, bytesRead, databaseQueries },
      }));
    expect(used(second)).toEqual(used(first));
    expect(used(first)).toMatchObject([
      { name: "live:ranks", isNested: true, documentsRead: 1 },
      { name: "live:isEmpty", isNested: false, documentsRead: 1 },
    ]);
    expect(first.calls.map(({ isCached }) => isCached)).toEqual([false, false]);
    expect(second.calls.map(({ isCached }) => isCached)).toEqual([true, true]);
  });

  test("runs once for all that ask at the same time", async () => {
    const several = () =>
      Promise.all([1, 2, 3, 4].map(() => engine.runFunction("live:ranks", { group: "several" })));
    const { calls } = await engine.measure(several);
    expect(calls.filter(({ isCached }) => !isCached)).toHaveLength(1);
    expect(calls).toHaveLength(4);
  });

  test("runs again after a write to what it has read, and only then", async () => {
    const id = (await add("one", 1)) as string;
    await add("other", 1);
    const ranks = () => ask("live:ranks", { group: "one" });
    const row = () => ask("live:one", { id });
    const highest = () => ask("live:highest", { group: "one", count: 1 });
    expect([await ranks(), await row(), await highest()]).toEqual([
      [[1], false],
      [1, false],
      [[1], false],
    ]);
    await add("other", 2);
    expect([await ranks(), await row()]).toEqual([
      [[1], true],
      [1, true],
    ]);
    await add("one", 0);
    // The highest row has not changed, nor has the row by its id.
    expect([await ranks(), await row(), await highest()]).toEqual([
      [[0, 1], false],
      [1, true],
      [[1], true],
    ]);
    await engine.runFunction("values:remove", { id });
    expect([await ranks(), await row(), await highest()]).toEqual([
      [[0], false],
      [null, false],
      [[0], false],
    ]);
  });

  test("runs again after a new document that a text search could find, and after a new table", async () => {
    const found = () => ask("search:byText", { query: "kept", owner: "ann" });
    expect(await found()).toEqual([[], false]);
    expect(await found()).toEqual([[], true]);
    await engine.runFunction("search:add", { owner: "ann", text: "kept for later" });
    expect(await found()).toEqual([["kept for later"], false]);
    const count = () => ask("live:countUndeclared");
    expect(await count()).toEqual([0, false]);
    expect(await count()).toEqual([0, true]);
    await engine.runFunction("live:addUndeclared", {});
    expect(await count()).toEqual([1, false]);
  });

  test("runs again if it failed", async () => {
    await add("failing", -1);
    const { calls } = await engine.measure(async () => {
      const fails = () => engine.runFunction("live:checked", { group: "failing" });
      await expect(fails()).rejects.toThrow();
      await expect(fails()).rejects.toThrow();
    });
    expect(calls.map(({ isCached }) => isCached)).toEqual([false, false]);
  });

  test("runs again after 5 seconds if it has read the time, and always if it uses chance", async () => {
    expect((await ask("people:hour"))[1]).toBe(false);
    expect((await ask("people:hour"))[1]).toBe(true);
    clock.skipTo(clock.now() + 5_001);
    expect((await ask("people:hour"))[1]).toBe(false);
    for (const path of ["people:die", "people:uuid", "people:bytes"]) {
      await ask(path);
      expect([path, (await ask(path))[1]]).toEqual([path, false]);
    }
  });

  test("does not answer one user with the result of another, nor a stranger", async () => {
    const me = async (subject: string | null) => {
      const headers =
        subject === null ? undefined : { Authorization: `Bearer ${await sign(subject)}` };
      const answer = await engine.request("/api/query", {
        ...{ headers: { ...headers }, json: { path: "people:me", args: {} } },
      });
      return ((await answer.json()) as { value: unknown }).value;
    };
    const everybody = async () => [await me("ann"), await me("bob"), await me(null)];
    const names = ["https://issuer.example|ann", "https://issuer.example|bob", null];
    expect([await everybody(), await everybody()]).toEqual([names, names]);
  });
});

test("an engine that keeps results answers what one answers that keeps none", async () => {
  const plain = await startLive({ keepsResults: false });
  const group = fc.constantFrom("a", "b");
  const rank = fc.integer({ min: -1, max: 3 });
  const step = fc.oneof(
    fc.record({ path: fc.constantFrom("live:add", "live:addInVain"), group, rank }),
    fc.record({ path: fc.constant("move"), group, rank }),
    fc.record({ path: fc.constant("remove"), group, rank }),
    fc.record({ path: fc.constantFrom("live:ranks", "live:isEmpty", "live:checked"), group, rank }),
    fc.record({ path: fc.constantFrom("live:highest", "values:page"), group, rank }),
  );
  type Step = { path: string; group: string; rank: number };
  const take = async (on: TestEngine, { path, group: name, rank: n }: Step, run: number) => {
    const inGroup = `${name}${run}`;
    if (path === "move" || path === "remove") {
      const rows = (await on.runFunction("live:idsOf", { group: inGroup })) as { id: string }[];
      const id = rows[0]?.id;
      if (id === undefined) return null;
      if (path === "move") await on.runFunction("live:move", { id, rank: n });
      else await on.runFunction("values:remove", { id });
      return null;
    }
    const args: Record<string, Args> = {
      "live:add": { group: inGroup, rank: n },
      "live:highest": { group: inGroup, count: 2 },
      "values:page": {
        ...{ group: inGroup, order: "desc", paginationOpts: { numItems: 2, cursor: null } },
      },
    };
    const result = await on
      .runFunction(path, args[path] ?? { group: inGroup })
      .catch((error: unknown) => (error as Error).message);
    if (path === "live:add") return null;
    return path === "values:page" ? (result as { page: unknown }).page : result;
  };
  let run = 0;
  try {
    const { calls } = await engine.measure(() =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60 }), async (steps) => {
          run++;
          for (const one of steps)
            expect(await take(engine, one, run)).toEqual(await take(plain, one, run));
        }),
        { numRuns: 40 },
      ),
    );
    expect(calls.filter(({ isCached }) => isCached).length).toBeGreaterThan(50);
  } finally {
    await plain.stop();
  }
});

describe("kept results", () => {
  const subscribed = new Set<ReadSet>();
  const subscribe = (reads: ReadSet) => {
    subscribed.add(reads);
    return { close: () => subscribed.delete(reads) };
  };
  const uses = { time: null, chance: false };
  const text = (length: number) => ({ text: "x".repeat(length), calls: [] });

  test("are at most 128, and the least recently used go first, with their subscriptions", () => {
    const cache = new QueryCache(subscribe, clock);
    for (let n = 0; n < 128; n++) cache.add(`${n}`, text(1), { reads: new ReadSet(), uses });
    cache.find("0");
    cache.add("128", text(1), { reads: new ReadSet(), uses });
    const names = Array.from({ length: 129 }, (_, n) => `${n}`);
    expect(names.filter((name) => cache.find(name) === undefined)).toEqual(["1"]);
    expect(subscribed.size).toBe(128);
  });

  test("were made by at most 16 calls", () => {
    const cache = new QueryCache(subscribe, clock);
    const made = (count: number) => ({ text: "x", calls: new Array<CallRecord>(count) });
    cache.add("16", made(16), { reads: new ReadSet(), uses });
    cache.add("17", made(17), { reads: new ReadSet(), uses });
    expect([cache.find("16"), cache.find("17")]).toEqual([made(16), undefined]);
  });

  test("take at most 16 million characters, and one at most 1 million", () => {
    const cache = new QueryCache(subscribe, clock);
    cache.add("larger", text((1 << 20) + 1), { reads: new ReadSet(), uses });
    expect(cache.find("larger")).toBeUndefined();
    const names = Array.from({ length: 20 }, (_, n) => `${n}`);
    for (const name of names) cache.add(name, text(1 << 20), { reads: new ReadSet(), uses });
    const kept = names.filter((name) => cache.find(name) !== undefined);
    expect(kept).toEqual(names.slice(-15));
  });
});
