import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conversation, read } from "../../../convex/test.setup";
import type { ContextAnswer } from "../../../convex/wire/context";
import type { SearchAnswer } from "../../../convex/wire/search";
import { startTestEngine, type TestEngine, type TestUser } from "../../local/testing.ts";

/** Search where the text index ranks, the limits bind and reads are counted: the local engine. */

let engine: TestEngine;
let ada: TestUser;
let eve: TestUser;

beforeAll(async () => {
  engine = await startTestEngine({ env: { RATE_LIMIT_SEARCH: "100000" } });
  ada = await engine.createUser();
  eve = await engine.createUser();
});
afterAll(() => engine.stop());

const BATCH = 500;

async function sync(who: TestUser, externalId: string, texts: string[], title = externalId) {
  const { sessions, messages } = conversation(externalId, texts, { title });
  for (let i = 0; i < messages.length; i += BATCH) {
    const json = { sessions, messages: messages.slice(i, i + BATCH) };
    const response = await engine.request("/sync/batch", { key: who.apiKey, json });
    expect(response.status).toBe(200);
  }
}
async function search(who: TestUser, query: string, more: object = {}): Promise<SearchAnswer> {
  const response = await engine.request("/search", { key: who.apiKey, json: { query, ...more } });
  expect(response.status).toBe(200);
  return await read<SearchAnswer>(response);
}
const ids = ({ results }: SearchAnswer) => results.map((result) => result.externalId);
const talk = (i: number) =>
  `turn ${i}: the build passed, we look at the deployment and its tests next`;

/** What many sessions say in one breath: more words than one search of the index takes. */
const COUNTED = Array.from({ length: 120 }, (_, i) => `item${i}`);

describe("a session of 2,000 messages", () => {
  beforeAll(async () => {
    const texts = Array.from({ length: 2_000 }, (_, i) => talk(i));
    texts[1_900] = "so we call the new queue xylographer from now on";
    await sync(ada, "long", texts, "A long one");
    for (let s = 0; s < 40; s++) {
      const texts = Array.from({ length: 25 }, (_, i) => `${talk(i)} in session ${s}`);
      await sync(ada, `s${s}`, [...texts, COUNTED.join(" ")]);
    }
    const secrets = Array.from({ length: 300 }, () => "xylographer deployment secrets");
    await sync(eve, "secret", secrets);
    await engine.settle();
  }, 120_000);

  test("is found by a word that occurs once, in message 1,900, with that message's snippet", async () => {
    const found = await search(ada, "xylographer");
    expect(ids(found)).toEqual(["long"]);
    expect(found.results[0]?.snippet).toBe("so we call the new queue xylographer from now on");
    expect(ids(await search(ada, "deployment xylographer tests"))[0]).toBe("long");
  });

  const unsaid = Array.from({ length: 100 }, (_, i) => `nonesuch${i}`);
  test.each([
    ["first", ["xylographer", ...unsaid]],
    ["amidst", [...unsaid.slice(0, 50), "xylographer", ...unsaid.slice(50)]],
    ["last", [...unsaid, "xylographer"]],
    ["beside words that all say", ["deployment", ...unsaid, "tests", "xylographer", "build"]],
  ])(
    "is found by the one word that it says of a hundred that nobody says: %s",
    async (_, words) => {
      expect(ids(await search(ada, words.join(" ")))[0]).toBe("long");
    },
  );

  test("shows nothing of another user's, who has more of the word", async () => {
    const query = "xylographer deployment secrets";
    for (const type of ["fulltext", "semantic", "hybrid"]) {
      expect(ids(await search(eve, query, { type }))).toEqual(["secret"]);
      const found = await search(ada, query, { type });
      expect(ids(found)).toContain("long");
      const shown = found.results.flatMap((one) => [one.externalId, one.title, one.snippet]);
      expect(shown.join("\n")).not.toContain("secret");
    }
  });

  test.each([10, 50])(
    "costs no more than the budget of a full-text search, whatever is stored, at limit %i",
    async (limit) => {
      for (const query of [
        "xylographer",
        "the build passed",
        "deployment tests session 7",
        "absent",
        unsaid.join(" "),
      ]) {
        const measured = await engine.measure(() => search(ada, query, { limit }));
        expect(measured.functionCalls).toBeLessThanOrEqual(3);
        expect(measured.documentsRead).toBeLessThanOrEqual(120);
        expect(measured.bytesRead).toBeLessThanOrEqual(400_000);
        expect(measured.bytesWritten).toBeLessThanOrEqual(300);
      }
    },
  );

  test("costs no more for a query of a hundred words that many sessions say than for one of four", async () => {
    const [long, short] = [
      await engine.measure(() => search(ada, COUNTED.join(" "))),
      await engine.measure(() => search(ada, "deployment tests session 7")),
    ];
    expect(long.result.results).toHaveLength(10);
    expect(long.documentsRead).toBeLessThanOrEqual(short.documentsRead);
  });
});

test("texts as large as they can be stay within the budget too", async () => {
  const bob = await engine.createUser();
  const large = (s: number) =>
    `zebra ${s} ${"words of a long answer about zebra stripes ".repeat(450)}`;
  for (let s = 0; s < 12; s++)
    await sync(
      bob,
      `big${s}`,
      Array.from({ length: 4 }, () => large(s)),
    );
  await engine.settle();
  const measured = await engine.measure(() => search(bob, "zebra stripes"));
  expect(measured.result.results).toHaveLength(10);
  expect(measured.documentsRead).toBeLessThanOrEqual(120);
  expect(measured.bytesRead).toBeLessThanOrEqual(400_000);
}, 60_000);

describe("no limit of the platform is ever met as an error", () => {
  const everything = Array.from({ length: 1_100 }, (_, i) => `common word number ${i}`);
  let carl: TestUser;
  beforeAll(async () => {
    carl = await engine.createUser();
    await sync(carl, "common", everything);
    await engine.settle();
  }, 60_000);

  test.each([
    [
      "20 kB of stack trace",
      `Error: x\n${"    at f (/srv/node_modules/a/b.js:10:5)\n".repeat(500)}`,
      [],
    ],
    ["thousands of words", everything.join(" ").slice(0, 60_000), ["common"]],
    ["one word of 20 kB", "a".repeat(20_000), []],
    ["a word that 1,100 messages hold", "common word number", ["common"]],
    ["Chinese", "数据库连接失败的原因是什么呢我们需要检查配置文件", []],
    ["emoji", "🎉🚀", []],
    ["syntax of other engines", '"common" AND (b* OR NEAR/3 c) -d ^e {f} text:g', ["common"]],
    ["NUL and controls", "common\u0000b\u0007c", ["common"]],
  ])("%s", async (_, query, expected) => {
    expect(ids(await search(carl, query, { limit: 50 }))).toEqual(expected);
    for (const type of ["fulltext", "semantic", "hybrid"]) {
      await search(carl, query, { type, limit: 50 });
      await search(carl, query, { type, source: "claude-code", from: 1, role: "user" });
    }
    const path = `/api/context?q=${encodeURIComponent(query.slice(0, 2_000))}`;
    expect((await engine.request(path, { key: carl.apiKey })).status).toBe(200);
  });

  test("a filter that no session passes finds nothing, and says that nothing is left to see", async () => {
    const project = "no such project";
    const found = await search(carl, "common", { project, limit: 2 });
    // His only session is known, and does not pass.
    expect(found).toMatchObject({ results: [], truncated: false });
  });
});

test("a word is found whose lower case is longer than itself", async () => {
  const dilek = await engine.createUser();
  await sync(dilek, "trip", ["we met in İstanbul"]);
  await engine.settle();
  for (const query of ["İstanbul", "İSTANBUL"]) {
    const { results } = await search(dilek, query);
    expect(results).toMatchObject([{ externalId: "trip" }]);
    const [{ snippet = "", highlights = [] } = {}] = results;
    const marked = highlights.map(([start, end]) => snippet.slice(start, end));
    expect(marked).toEqual(["İstanbul"]);
  }
});

test("a word too long for the index is found by its beginning, and what was not asked for is named", async () => {
  const finn = await engine.createUser();
  const sha = "d670460b4b4aece5915caf5c68d12f560a9fe3e4";
  await sync(finn, "commit", [`fixed by ${sha}`]);
  await engine.settle();
  const found = await search(finn, sha);
  expect(found).toMatchObject({ results: [{ externalId: "commit" }] });
  expect(found).not.toHaveProperty("ignored");
  const words = Array.from({ length: 200 }, (_, n) => `w${n}`);
  const many = await search(finn, words.join(" "));
  expect(many.ignored?.length).toBeGreaterThan(0);
  expect(words).toEqual(expect.arrayContaining(many.ignored ?? []));
});

describe("unpaired surrogates in parts, wherever JSON may hold them", () => {
  const half = "\ud83c";
  const cases: [what: string, query: string, part: object, shown: string][] = [
    ["a text", "gooseberry", { type: "text", content: `cut ${half}` }, "cut \ufffd"],
    [
      "arguments",
      "blackcurrant",
      { type: "tool-call", content: { toolName: "Bash", args: { command: `rm ${half}` } } },
      "Bash: rm \ufffd",
    ],
    [
      "JSON in a string",
      "elderflower",
      { type: "tool-call", content: { toolName: "Bash", args: '{"command":"rm \\ud83c"}' } },
      "Bash: rm \ufffd",
    ],
    [
      "the name of a tool",
      "huckleberry",
      { type: "tool-call", content: { toolName: `B${half}` } },
      "B\ufffd",
    ],
  ];
  let dora: TestUser;

  beforeAll(async () => {
    dora = await engine.createUser();
    for (const [what, query, part] of cases) {
      const json = conversation(what, [`${query}?`, { parts: [part] }, "and the walrus?"]);
      expect((await engine.request("/sync/batch", { key: dora.apiKey, json })).status).toBe(200);
    }
    await engine.settle();
  });

  test.each(cases)(
    "%s: embedded, and found with U+FFFD in their place",
    async (what, query, _part, shown) => {
      const answer = await engine.request(`/api/context?q=${query}`, { key: dora.apiKey });
      expect(answer.status).toBe(200);
      expect((await read<ContextAnswer>(answer)).text).toContain(`Assistant: ${shown}`);
      expect(ids(await search(dora, query, { type: "semantic" }))[0]).toBe(what);
    },
  );
});
