import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestSession, conversation, read } from "../../../convex/test.setup";
import type { ContextAnswer } from "../../../convex/wire/context";
import type { SearchAnswer } from "../../../convex/wire/search";
import { startTestEngine, type TestEngine, type TestUser } from "../../local/testing.ts";

/**
 * One session that says a word more often than a search usually reads, and others that say it once:
 * the local engine, where the text index ranks, vectors are many and reads are bounded.
 */

let engine: TestEngine;
let ada: TestUser;
let bob: TestUser;
let cleo: TestUser;
let dora: TestUser;
let eve: TestUser;
let fay: TestUser;

beforeAll(async () => {
  engine = await startTestEngine({ env: { RATE_LIMIT_SEARCH: "100000" } });
  ada = await engine.createUser();
  bob = await engine.createUser();
  cleo = await engine.createUser();
  dora = await engine.createUser();
  eve = await engine.createUser();
  fay = await engine.createUser();

  await sync(ada, "crowd", crowd("flamingo", 60), { projectName: "birds" });
  for (const n of numbers(8)) await sync(ada, `once-${n}`, once("flamingo", n));
  await sync(ada, "silent", ["nothing of the kind"]);

  for (const n of numbers(12)) await sync(bob, `once-${n}`, once("pelican", n));
  await sync(bob, "crowd", crowd("pelican", 500));

  await sync(cleo, "crowd", crowd("heron", 400));
  await sync(cleo, "other", once("heron", 1), { title: "The heron" });

  for (const n of numbers(60)) await sync(dora, `s-${n}`, [`stork ${n}`, "a stork", "one stork"]);

  await sync(eve, "crowd", crowd("egret", 400));
  await sync(eve, "silent", ["nothing of the kind"]);

  // Words prefer what says it most, meaning what says nothing else.
  for (const n of numbers(2)) await sync(fay, `most-${n}`, [`${"ibis and ".repeat(8)}${LONG}`]);
  for (const n of numbers(8)) await sync(fay, `once-${n}`, [`${n} an ibis, ${LONG}`]);
  await sync(fay, "alone", ["an ibis it is"]);
  // Longer than the pause after which the last turn of a conversation is embedded.
  await engine.settle(60_000);
}, 240_000);
afterAll(() => engine.stop());

async function sync(who: TestUser, externalId: string, said: string[], about: TestSession = {}) {
  const json = conversation(externalId, said, about);
  expect((await engine.request("/sync/batch", { key: who.apiKey, json })).status).toBe(200);
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** A session that says the word in every one of its short messages. */
const crowd = (word: string, length: number) => numbers(length).map((i) => `${word} ${i}`);

/** A session of ordinary talk that says the word once, in its message 9. */
const once = (word: string, n: number) => [
  ...numbers(8).map((i) => `session ${n}, turn ${i}: we look at the build and its log`),
  `and here in session ${n} somebody mentions the ${word} among many other things`,
];

async function search(who: TestUser, query: string, more: object = {}): Promise<SearchAnswer> {
  const response = await engine.request("/search", { key: who.apiKey, json: { query, ...more } });
  expect(response.status).toBe(200);
  return await read<SearchAnswer>(response);
}
const ids = ({ results }: SearchAnswer) => results.map((result) => result.externalId);

const LONG =
  "and then we looked at the build, its log, the tests and what they say about the release";

const TYPES = ["fulltext", "semantic", "hybrid"] as const;

describe("one session says a word in each of its 60 messages, eight others say it once", () => {
  const all = ["crowd", ...numbers(8).map((n) => `once-${n}`)];

  test.each(TYPES)("%s finds all nine", async (type) => {
    for (const limit of [10, 50]) {
      const found = await search(ada, "flamingo", { type, limit });
      expect(ids(found)).toEqual(expect.arrayContaining(all));
      expect(found.truncated).toBe(false);
    }
  });

  test("a filter that the loud session passes alone leaves it alone", async () => {
    for (const type of TYPES) {
      const found = await search(ada, "flamingo", { type, project: "birds" });
      expect(ids(found)).toEqual(["crowd"]);
    }
  });

  test("a context quotes each session once, then the loud one again, at most three times", async () => {
    const quoted = async (limit: number) => {
      const path = `/api/context?q=flamingo&limit=${limit}`;
      const { context } = await read<ContextAnswer>(engine.request(path, { key: ada.apiKey }));
      return context.map((one) => one.externalId);
    };
    const ten = await quoted(10);
    expect(ten.slice(0, 9).sort()).toEqual([...all].sort());
    expect(ten.slice(9)).toEqual(["crowd"]);
    expect((await quoted(20)).filter((id) => id === "crowd")).toHaveLength(3);
  });
});

test("a session too loud to be read past leaves the answer short and marked as truncated", async () => {
  const found = await search(bob, "pelican");
  expect(found.results.length).toBeLessThan(10);
  expect(found.truncated).toBe(true);
});

test("what finds all the sessions there are is not truncated, however loud one is", async () => {
  for (const type of TYPES) {
    const found = await search(cleo, "heron", { type });
    expect(ids(found).sort()).toEqual(["crowd", "other"]);
    expect(found.truncated).toBe(false);
  }
});

test("hybrid is not truncated where meaning finds what words were not read far enough for", async () => {
  expect(ids(await search(eve, "egret", { type: "fulltext" }))).toEqual(["crowd"]);
  const found = await search(eve, "egret", { type: "hybrid" });
  expect(ids(found).sort()).toEqual(["crowd", "silent"]);
  expect(found.truncated).toBe(false);
});

test.each([1, 3])(
  "the first %i of hybrid are the same, however many are asked for",
  async (limit) => {
    const first = ids(await search(fay, "ibis", { type: "hybrid", limit }));
    const all = ids(await search(fay, "ibis", { type: "hybrid", limit: 10 }));
    expect(first).toEqual(all.slice(0, limit));
  },
);

test.each(TYPES)("%s gives as many sessions as asked for, where so many answer", async (type) => {
  for (const limit of [10, 50]) {
    const found = await search(dora, "stork", { type, limit });
    expect(new Set(ids(found)).size).toBe(limit);
    expect(found.truncated).toBe(false);
  }
  expect((await search(dora, "stork", { type, limit: 1_000 })).results).toHaveLength(50);
});
