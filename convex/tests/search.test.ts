import { beforeEach, describe, expect, test, vi } from "vitest";
import { api } from "../_generated/api";
import { conversation, deployment, eachTestAt, person, read, rows, settle } from "../test.setup";
import type { TestSession, Deployment, Person, TestMessage } from "../test.setup";
import type { SearchAnswer } from "../wire/search";

let t: Deployment;
let ada: Person;

eachTestAt(Date.UTC(2026, 0, 22, 12));
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
});

/** Syncs a session with these messages, and runs everything scheduled. */
async function sync(who: Person, externalId: string, said: TestMessage[], about: TestSession = {}) {
  const answer = await who.post("/sync/batch", conversation(externalId, said, about));
  expect(answer.status).toBe(200);
  await settle(t);
}

async function search(who: Person, body: object): Promise<SearchAnswer> {
  const answer = await who.post("/search", body);
  expect(answer.status).toBe(200);
  return await read<SearchAnswer>(answer);
}
const ids = ({ results }: SearchAnswer) => results.map((result) => result.externalId);
const marked = ({ results: [first] }: SearchAnswer) =>
  first?.highlights.map(([start, end]) => first.snippet.slice(start, end));

describe("a word is found anywhere in a session", () => {
  test("in message 390 of 400, with that message's snippet", async () => {
    const said = Array.from({ length: 400 }, (_, i) => `turn ${i} about the build and the tests`);
    said[390] = "so we call the new queue xylographer from now on";
    await sync(ada, "long", said, { title: "Long one" });
    await sync(ada, "other", ["the build is green"]);
    const found = await search(ada, { query: "xylographer" });
    expect(ids(found)).toEqual(["long"]);
    expect(found.results[0]).toMatchObject({ snippet: said[390], matchedIn: ["fulltext"] });
    const message = (await rows(t, "messages")).find(({ externalId }) => externalId === "long-390");
    expect(message).toMatchObject({ textContent: said[390] });
    expect(found.results[0]?.messageId).toBe(message?._id);
  });

  test("across the 16 kB boundaries at which texts and parts are split", async () => {
    const filler = "word ".repeat(4_000);
    const around = (word: string, bound: number) =>
      `${filler.slice(0, bound - 4)} ${word} ${filler}`;
    await sync(ada, "text", [around("xylographer", 16_384)]);
    const part = { type: "tool-result", content: around("marzipan", 16_384) };
    await sync(ada, "part", [{ text: "look", parts: [part] }]);
    expect(ids(await search(ada, { query: "xylographer" }))).toEqual(["text"]);
    expect(ids(await search(ada, { query: "marzipan" }))).toEqual(["part"]);
  });

  test("after the first 16 kB of a message, and in tool calls and results", async () => {
    await sync(ada, "tail", [`${"word ".repeat(8_000)} xylographer`]);
    await sync(ada, "call", [
      {
        text: "look",
        parts: [
          { type: "tool-call", content: { toolName: "Bash", args: { command: "rg quokka" } } },
        ],
      },
    ]);
    await sync(ada, "result", [
      { text: "look", parts: [{ type: "tool-result", content: "found marzipan here" }] },
    ]);
    expect(ids(await search(ada, { query: "xylographer" }))).toEqual(["tail"]);
    expect(ids(await search(ada, { query: "quokka" }))).toEqual(["call"]);
    expect(ids(await search(ada, { query: "marzipan" }))).toEqual(["result"]);
  });

  test("in its title and its project", async () => {
    await sync(ada, "titled", ["hello"], { title: "Rotate signing keys", projectName: "gateway" });
    expect(ids(await search(ada, { query: "signing" }))).toEqual(["titled"]);
    expect(ids(await search(ada, { query: "gateway" }))).toEqual(["titled"]);
  });
});

describe("a part that repeats its message's text", () => {
  const said = "so we call the new queue xylographer";
  const repeated = { type: "text", content: said };
  const id = { sessionExternalId: "s", externalId: "s-0" };
  /** Sends a message anew, with only these fields. */
  const send = async (fields: object) => {
    const answer = await ada.post("/sync/message", { ...id, role: "assistant", ...fields });
    expect(answer.status).toBe(200);
    await settle(t);
  };
  const indexed = async () =>
    (await rows(t, "parts")).map(({ text, content }) => (text === undefined ? { content } : text));

  test("is stored, and in no text index: the message's text is found", async () => {
    await send({ textContent: said, parts: [repeated, { type: "text", content: "by the way" }] });
    expect(await indexed()).toEqual([{ content: said }, "by the way"]);
    expect(ids(await search(ada, { query: "xylographer" }))).toEqual(["s"]);
    const page = await ada.get("/api/sessions/s");
    const { messages } = await read<{ messages: { parts: object[] }[] }>(page);
    expect(messages[0]?.parts).toMatchObject([{ content: said }, { content: "by the way" }]);
  });

  test("is found by its own words after another text has replaced the message's", async () => {
    await send({ textContent: said, parts: [repeated] });
    await send({ textContent: "a summary instead" });
    expect(await indexed()).toEqual([said]);
    expect(ids(await search(ada, { query: "xylographer" }))).toEqual(["s"]);
    await send({ textContent: "another summary" });
    expect(await indexed()).toEqual([said]);
  });

  test("stays out of the index while the message's text stays the same, and inline data always", async () => {
    await send({ textContent: said, parts: [repeated] });
    await send({ textContent: said, model: "gpt-5" });
    expect(await indexed()).toEqual([{ content: said }]);
    const image = `see data:image/png;base64,${"QUJD".repeat(200)} above`;
    await send({ textContent: image, parts: [{ type: "text", content: image }] });
    await send({ textContent: "no image" });
    expect(await indexed()).toEqual([{ content: image }]);
  });

  test("is compared with the text that is kept, not with one that parts would replace", async () => {
    await send({ textContent: "what the plugin sent" });
    // Without `textContent`, the message's text is derived from its parts, and never replaces one that was sent.
    await send({ parts: [repeated] });
    expect(await indexed()).toEqual([said]);
    expect(ids(await search(ada, { query: "xylographer" }))).toEqual(["s"]);
  });

  test("is recognised in the later slices of a long message", async () => {
    const others = Array.from({ length: 900 }, (_, i) => ({ type: "text", content: `step ${i}` }));
    await send({ textContent: said, parts: [...others, repeated] });
    const stored = (await rows(t, "parts")).filter(({ content }) => content !== undefined);
    expect(stored).toMatchObject([{ content: said, order: 900 }]);
  });
});

describe("words that the JSON of a part hides", () => {
  const id = { sessionExternalId: "s", externalId: "s-0", role: "assistant" };
  const call = (command: string) => ({ type: "tool-call", content: { args: { command } } });
  const send = async (command: string) => {
    const answer = await ada.post("/sync/message", { ...id, parts: [call(command)] });
    expect(answer.status).toBe(200);
    await settle(t);
  };
  const stored = async () => ({
    parts: await rows(t, "parts"),
    own: (await rows(t, "searchTexts")).map(({ text }) => text),
  });
  const returned = async () => {
    const page = await read<{ messages: { parts: object[] }[] }>(ada.get("/api/sessions/s"));
    return page.messages[0]?.parts;
  };

  test("are found, are no content, and have no row of their own if they are few", async () => {
    await send("make\nxylographer");
    const { parts, own } = await stored();
    expect(parts).toMatchObject([{ text: expect.stringMatching(/\}\nxylographer$/) as string }]);
    expect(parts).toMatchObject([{ wordChars: "\nxylographer".length }]);
    expect(own).toEqual([]);
    expect(ids(await search(ada, { query: "xylographer" }))).toEqual(["s"]);
    expect(await returned()).toMatchObject([call("make\nxylographer")]);
    const [message] = await rows(t, "messages");
    expect(message?.partBytes).toBe(JSON.stringify(call("make\nxylographer").content).length);
  });

  test("are found, and have rows of their own if they are many", async () => {
    const words = Array.from({ length: 200 }, (_, n) => `word${n}`);
    await send(`make\n${words.join("\n")}`);
    const { parts, own } = await stored();
    expect(parts.map(({ wordChars }) => wordChars)).toEqual([undefined]);
    expect(own).toEqual([words.join(" ")]);
    for (const query of ["word0", "word199"]) {
      expect(ids(await search(ada, { query }))).toEqual(["s"]);
    }
  });

  test("are no content either where the message's text is their part and these words", async () => {
    const parts = [{ type: "text", content: "好吗" }];
    const answer = await ada.post("/sync/message", { ...id, textContent: "好吗\n吗", parts });
    expect(answer.status).toBe(200);
    await settle(t);
    expect((await stored()).parts).toMatchObject([{ text: "好吗\n吗", wordChars: 2 }]);
    expect(await returned()).toMatchObject(parts);
  });

  test("are replaced with their part, also where they had rows of their own", async () => {
    await send(`make\n${Array.from({ length: 200 }, (_, n) => `word${n}`).join("\n")}`);
    await send("make\nxylographer");
    await send("make\nmarzipan");
    expect((await stored()).own).toEqual([]);
    expect(ids(await search(ada, { query: "marzipan" }))).toEqual(["s"]);
    for (const query of ["word199", "xylographer"]) {
      expect(ids(await search(ada, { query }))).toEqual([]);
    }
    expect(await returned()).toMatchObject([call("make\nmarzipan")]);
  });
});

describe("an id finds what it names, first, and says so", () => {
  const COMMIT = "9f1c2ab47d0e5b6a8c3f7e1d2b4a6c8e0f9d7b5a";
  beforeEach(async () => {
    await sync(ada, "0198c-session", ["why is the upload flaky"], { gitCommit: COMMIT });
    await sync(ada, "other", ["look at 0198c-session and 9f1c2ab, they are about the upload"]);
  });
  const first = async (query: string, more: object = {}) =>
    (await search(ada, { query, ...more })).results[0];

  test.each([
    ["the plugin's id of a session", () => "0198c-session"],
    ["the plugin's id of a message", () => "0198c-session-0"],
    ["a commit", () => COMMIT],
    ["the beginning of a commit", () => COMMIT.slice(0, 7)],
    ["a commit in capitals", () => COMMIT.slice(0, 10).toUpperCase()],
  ])("%s", async (_, query) => {
    expect(await first(query())).toMatchObject({
      externalId: "0198c-session",
      matchedIn: ["id"],
      score: 1,
    });
  });

  test("our ids of a session and of a message", async () => {
    const [message] = await rows(t, "messages");
    const id = message?.sessionId ?? expect.fail();
    expect(await first(id)).toMatchObject({ id, matchedIn: ["id"] });
    expect(await first(message?._id ?? "")).toMatchObject({ id, messageId: message?._id });
  });

  test("another user's ids find nothing", async () => {
    const bob = await person(t, "bob@example.com");
    const [message] = await rows(t, "messages");
    const queries = ["0198c-session", "0198c-session-0", COMMIT, message?._id, message?.sessionId];
    for (const query of queries) expect(ids(await search(bob, { query }))).toEqual([]);
  });

  test("however many other people's messages have the same id", async () => {
    const eve = await person(t, "eve@example.com");
    for (let n = 0; n < 101; n += 1) {
      const same = { sessionExternalId: `e${n}`, externalId: "shared-0", role: "user" };
      await eve.post("/sync/message", { ...same, textContent: "mine" });
    }
    await sync(ada, "shared", ["flaky again"]);
    expect(await first("shared-0")).toMatchObject({ externalId: "shared" });
    const found = await ada.get("/api/messages/shared-0");
    expect([found.status, await found.text()]).toEqual([200, expect.stringContaining("flaky")]);
  });

  test("filters apply to what an id names", async () => {
    const query = "0198c-session";
    expect(ids(await search(ada, { query, source: "nowhere" }))).toEqual([]);
    expect(await first("0198c-session-0", { role: "assistant" })).toBeUndefined();
    expect(await first("0198c-session-0", { role: "user" })).toMatchObject({ matchedIn: ["id"] });
  });

  test("a commit that a plugin sends later is found too", async () => {
    const session = { ...conversation("other", []).sessions?.[0], gitCommit: "abcdef0123456789" };
    await ada.post("/sync/batch", { sessions: [{ externalId: "other", ...session }] });
    await ada.post("/sync/batch", conversation("other", ["one more prompt"]));
    await settle(t);
    expect(await first("abcdef0")).toMatchObject({ externalId: "other", matchedIn: ["id"] });
  });
});

test("an answer is complete, and says so, where few sessions say a word often", async () => {
  for (let n = 0; n < 6; n++) {
    const often = [
      "limit rate",
      "the rate limit",
      "rate, limit",
      "limit of the rate",
      "rated limits",
    ];
    await sync(ada, `s${n}`, n < 2 ? often : [`nothing of the kind ${n}`]);
  }
  const found = await search(ada, { query: "rate limit" });
  expect(ids(found).sort()).toEqual(["s0", "s1"]);
  expect(found.truncated).toBe(false);
});

describe("copies of a session", () => {
  const said = ["the parser drops the last column of every row", "I changed the loop"];
  const found = async () => (await search(ada, { query: "parser last column" })).results;

  test("are named under the best of them, and take no place of their own", async () => {
    await sync(ada, "original", said);
    await sync(ada, "fork", [...said, "and now something else"], { parentExternalId: "original" });
    await sync(ada, "resumed", said, { title: "Another title" });
    await sync(ada, "other", ["the parser is fast, and its last column is wide"]);
    const results = await found();
    expect(results.map(({ externalId }) => externalId).sort()).toContain("other");
    expect(results).toHaveLength(2);
    const best = results.find(({ alsoIn }) => alsoIn !== undefined) ?? expect.fail();
    expect(
      [best.externalId, ...(best.alsoIn ?? []).map(({ externalId }) => externalId)].sort(),
    ).toEqual(["fork", "original", "resumed"]);
    const limited = await search(ada, { query: "parser last column", limit: 2 });
    expect(limited.results.map(({ id }) => id)).toEqual(results.map(({ id }) => id));
  });

  test("are sessions of their own where they say something else, and where only a short answer is equal", async () => {
    await sync(ada, "original", said);
    await sync(ada, "fork", [...said, "the zanzibar case"], { parentExternalId: "original" });
    expect(ids(await search(ada, { query: "zanzibar" }))).toEqual(["fork"]);
    for (const id of ["a", "b"])
      await sync(ada, id, [`unrelated beginning of ${id}`, "quokka yes"]);
    expect(ids(await search(ada, { query: "quokka" })).sort()).toEqual(["a", "b"]);
  });
});

test("facets count the sessions found by project, source and model, each session once and beyond the limit", async () => {
  for (const [n, projectName] of ["shop", "shop", "blog"].entries()) {
    const about = {
      projectName,
      source: n === 0 ? "codex-cli" : "claude-code",
      model: `m-${n % 2}`,
    };
    await sync(ada, `s${n}`, [`quokka number ${n}`, "quokka again"], about);
  }
  await sync(ada, "else", ["nothing of the kind"], { projectName: "attic" });
  const { results, facets } = await search(ada, { query: "quokka", limit: 1 });
  expect(results).toHaveLength(1);
  expect(facets).toEqual({
    project: [
      { value: "shop", count: 2 },
      { value: "blog", count: 1 },
    ],
    source: [
      { value: "claude-code", count: 2 },
      { value: "codex-cli", count: 1 },
    ],
    model: [
      { value: "m-0", count: 2 },
      { value: "m-1", count: 1 },
    ],
  });
  const shop = await search(ada, { query: "quokka", project: facets.project[0]?.value });
  expect(ids(shop).sort()).toEqual(["s0", "s1"]);
});

describe("another user's text", () => {
  test("never appears in results, snippets or counts, over HTTP and in functions", async () => {
    const eve = await person(t, "eve@example.com");
    await sync(eve, "secret", ["the xylographer is mine", "xylographer secrets"], {
      title: "xylographer",
    });
    await sync(ada, "mine", ["nothing of the kind"]);
    const query = "xylographer";
    const counts = async ({ dashboard }: Person) => [
      (await dashboard.query(api.search.searchSessionsPaginated, { query })).total,
      (await dashboard.query(api.search.searchMessagesPaginated, { query })).total,
    ];
    for (const type of ["fulltext", "hybrid"]) {
      expect(ids(await search(eve, { query, type }))).toEqual(["secret"]);
      expect((await search(ada, { query, type })).results).toEqual([]);
    }
    expect(await counts(eve)).toEqual([1, 2]);
    expect(await counts(ada)).toEqual([0, 0]);
  });

  const inText = (text: string): TestMessage => text;
  const inTool = (content: string): TestMessage => ({
    text: "look",
    parts: [{ type: "tool-result", content }],
  });
  test.each([
    ["in messages", inText],
    ["in what tools answered", inTool],
  ])("does not crowd out one's own, however much of it there is: %s", async (_, said) => {
    const eve = await person(t, "eve@example.com");
    const loud = Array.from({ length: 400 }, () => said("xylographer xylographer"));
    await sync(eve, "loud", loud);
    await sync(ada, "mine", ["hello", said("a single xylographer")]);
    expect(ids(await search(ada, { query: "xylographer" }))).toEqual(["mine"]);
  });
});

describe("an answer", () => {
  test("has the fields of the documentation and of older clients", async () => {
    await sync(ada, "s", ["please rotate the keys", "done"], {
      title: "Keys",
      projectName: "shop",
      model: "claude-x",
      source: "claude-code",
      cost: 0.5,
    });
    const { results, ...rest } = await search(ada, { query: "rotate keys" });
    const facets = {
      project: [{ value: "shop", count: 1 }],
      source: [{ value: "claude-code", count: 1 }],
      model: [{ value: "claude-x", count: 1 }],
    };
    expect(rest).toEqual({ type: "fulltext", degraded: false, truncated: false, facets });
    const [result] = results;
    expect(result).toMatchObject({
      externalId: "s",
      title: "Keys",
      source: "claude-code",
      model: "claude-x",
      project: "shop",
      projectName: "shop",
      cost: 0.5,
      messageCount: 2,
    });
    expect([result?.id, result?._id]).toEqual([result?.sessionId, result?.sessionId]);
    expect(result?.score).toBeGreaterThan(0);
    expect(result?.score).toBeLessThanOrEqual(1);
    expect(marked({ results } as SearchAnswer)).toEqual(["rotate", "keys"]);
  });

  test("is the same by POST /search and by GET /api/search", async () => {
    await sync(ada, "s", ["rotate the keys"]);
    const posted = await search(ada, { query: "rotate", limit: 5 });
    const got = await ada.get("/api/search?q=rotate&type=fulltext&limit=5");
    expect(await got.json()).toEqual(posted);
  });

  test("contains each session once, at most `limit`, by descending score", async () => {
    for (let i = 0; i < 14; i++)
      await sync(ada, `s${i}`, [`keys ${"keys ".repeat(i % 4)}`, "more keys"]);
    const found = await search(ada, { query: "keys", limit: 12 });
    expect(new Set(ids(found)).size).toBe(12);
    const scores = found.results.map((result) => result.score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });
});

describe("filters", () => {
  const day = (n: number) => Date.UTC(2026, 0, n);
  beforeEach(async () => {
    await sync(ada, "a", ["zebra one"], {
      source: "claude-code",
      model: "m1",
      projectName: "p1",
      createdAt: day(2),
    });
    await sync(ada, "b", ["hello", "zebra two"], {
      source: "cursor-sync",
      model: "m2",
      projectName: "p2",
      createdAt: day(5),
    });
  });
  test.each([
    [{ source: "claude-code" }, ["a"]],
    [{ source: "cursor" }, ["b"]],
    [{ model: "m2" }, ["b"]],
    [{ project: "p1" }, ["a"]],
    [{ from: "2026-01-04" }, ["b"]],
    [{ to: day(4) }, ["a"]],
    [{ from: day(2), to: day(5) - 1 }, ["a"]],
    [{ from: day(2), to: day(5) }, ["a", "b"]],
    [{ from: day(5) }, ["b"]],
    [{ to: "2026-01-05" }, ["a", "b"]],
    [{ to: "2026-01-04T23:59:59Z" }, ["a"]],
    [{ from: "2026-01-02", to: "2026-01-02" }, ["a"]],
    [{ to: "2019-01-01" }, []],
    [{ from: "2030-01-01" }, []],
    [{ from: "2026-01-05", to: "2026-01-02" }, []],
    [{ role: "assistant" }, ["b"]],
    [{ source: "claude-code", model: "m2" }, []],
    [{ source: "cursor", role: "assistant" }, ["b"]],
    [{ source: "cursor", role: "user" }, []],
    [{ source: "cursor", model: "m2", project: "p2", role: "assistant", from: day(5) }, ["b"]],
    [{ source: "cursor", model: "m2", project: "p1" }, []],
    [{ source: "", role: "", from: "", to: null }, ["a", "b"]],
  ])("%j leave %j", async (filters, expected) => {
    expect(ids(await search(ada, { query: "zebra", ...filters })).sort()).toEqual(expected);
  });

  test.each([
    ["from", "garbage"],
    ["to", "last week"],
    ["to", "2026-02-31"],
    ["from", "999999999999999999999999"],
    ["from", -1],
    ["to", true],
    ["to", { day: 4 }],
  ])("a bound that cannot be read is a 400 that names it: %s=%j", async (field, value) => {
    const answers = [await ada.post("/search", { query: "zebra", [field]: value })];
    if (typeof value === "string") {
      const query = new URLSearchParams({ q: "zebra", [field]: value });
      answers.push(await ada.get(`/api/search?${query.toString()}`));
    }
    for (const answer of answers) {
      expect(answer.status).toBe(400);
      expect(await read(answer)).toMatchObject({ details: [{ path: field }] });
    }
  });
});

test("a role filter applies to a tool result by the role of its message", async () => {
  const said = { text: "look", parts: [{ type: "tool-result", content: "marzipan" }] };
  await sync(ada, "asked", [{ ...said, role: "user" }]);
  await sync(ada, "answered", [{ ...said, role: "tool" }]);
  const by = async (role: string) => ids(await search(ada, { query: "marzipan", role }));
  expect([await by("user"), await by("tool"), await by("system")]).toEqual([
    ["asked"],
    ["answered"],
    [],
  ]);
});

describe("odd queries get an answer or a clear 400", () => {
  test.each([
    ["empty", { query: "" }],
    ["blank", { query: " \n\t " }],
    ["missing", {}],
    ["not text", { query: 7 }],
    ["a file", { query: "x".repeat(70_000) }],
  ])("%s: 400 that names the field", async (_, body) => {
    const response = await ada.post("/search", body);
    expect(response.status).toBe(400);
    expect(await read(response)).toMatchObject({ details: [{ path: "query" }] });
  });

  test("an unknown type is a 400 that names the field", async () => {
    const response = await ada.post("/search", { query: "x", type: "psychic" });
    expect(response.status).toBe(400);
    expect(await read(response)).toMatchObject({ details: [{ path: "type" }] });
  });

  test.each([
    [
      "a stack trace of 20 kB",
      `TypeError: x is not a function\n${"    at f (/srv/app/node_modules/a/b.js:10:5)\n".repeat(450)}`,
      ["s"],
    ],
    ["3,000 words", Array.from({ length: 3_000 }, (_, i) => `word${i}`).join(" "), []],
    ["a word of 20 kB", "a".repeat(20_000), []],
    ["Chinese", "数据库连接", ["s"]],
    ["a lone quote", '"', []],
    ["an unfinished phrase", '"function AND (bar* NEAR -', ["s"]],
  ])("%s finds what holds its words, and nothing else", async (_, query, expected) => {
    await sync(ada, "s", ["数据库连接失败", "TypeError: x is not a function"]);
    await sync(ada, "other", ["quite another thing"]);
    for (const type of ["fulltext", "hybrid"]) {
      expect(ids(await search(ada, { query, type }))).toEqual(expected);
    }
  });

  test.each(["?!…", "((((", "\u0000"])(
    "%s contains no word: no results, and the answer says why",
    async (query) => {
      expect(await search(ada, { query })).toMatchObject({ results: [], degraded: true });
    },
  );

  test("Chinese text is found by its first characters", async () => {
    await sync(ada, "s", ["数据库连接失败。请检查配置"]);
    expect(ids(await search(ada, { query: "数据库" }))).toEqual(["s"]);
  });

  test("a limit above the largest counts as the largest", async () => {
    const sessions = Array.from({ length: 60 }, (_, i) => ({
      externalId: `s${i}`,
      title: "keys",
    }));
    await ada.post("/sync/batch", { sessions });
    await settle(t);
    const answer = await ada.get("/api/search?q=keys&limit=99");
    expect(ids(await read<SearchAnswer>(answer))).toHaveLength(50);
  });
});

describe("without a key for embeddings", () => {
  test("semantic search answers 503 and names the variable to set", async () => {
    const response = await ada.post("/search", { query: "keys", type: "semantic" });
    expect(response.status).toBe(503);
    expect(await read(response)).toMatchObject({
      code: "EMBEDDINGS_NOT_CONFIGURED",
      message: expect.stringContaining("OPENAI_API_KEY") as string,
    });
  });

  test("hybrid search returns full-text results, marked as degraded with the reason", async () => {
    await sync(ada, "s", ["rotate the keys"]);
    const found = await search(ada, { query: "keys", type: "hybrid" });
    expect(found).toMatchObject({ type: "hybrid", degraded: true });
    expect(found.reason).toContain("OPENAI_API_KEY");
    expect(ids(found)).toEqual(["s"]);
  });
});

describe("the dashboard's searches", () => {
  test("a blank query lists sessions by last activity, in pages by offset", async () => {
    for (let i = 0; i < 5; i++) {
      await sync(ada, `s${i}`, ["hello"]);
      vi.advanceTimersByTime(60_000);
    }
    const page = (cursor: number) =>
      ada.dashboard.query(api.search.searchSessionsPaginated, { query: "", limit: 2, cursor });
    const pages = [await page(0), await page(2), await page(4)];
    expect(pages.map((one) => one.sessions.map((session) => session.externalId))).toEqual([
      ["s4", "s3"],
      ["s2", "s1"],
      ["s0"],
    ]);
    expect(pages.map((one) => one.nextCursor)).toEqual([2, 4, null]);
  });

  test.each([
    ["in its sixth message", ["hello", "one", "two", "three", "four", "a zebra"]],
    ["far into its first prompt", [`${"filler ".repeat(300)}zebra`]],
    [
      "in what a tool answered",
      [{ text: "look", parts: [{ type: "tool-result", content: "zebra" }] }],
    ],
  ])("sessions are found by a word %s", async (_, said: TestMessage[]) => {
    await sync(ada, "striped", said, { title: "Animals" });
    await sync(ada, "other", ["nothing of the kind"]);
    const found = await ada.dashboard.query(api.search.searchSessionsPaginated, { query: "zebra" });
    expect(found).toMatchObject({ nextCursor: null, total: 1 });
    expect(found.sessions).toMatchObject([{ externalId: "striped", title: "Animals" }]);
  });

  test.each([
    ["pages are cut from one list and say how long it is", 5, [2, 4, null], 5],
    // A search reads at most 120 documents, two for each session with matching messages.
    ["no more are found than one search may read, however many there are", 60, [2, 4, 6], 43],
  ])("%s", async (_, count, cursors, total) => {
    for (let i = 0; i < count; i++) await sync(ada, `s${i}`, ["hello", `zebra ${i}`]);
    const page = (cursor: number, limit = 2) =>
      ada.dashboard.query(api.search.searchSessionsPaginated, { query: "zebra", limit, cursor });
    const pages = [await page(0), await page(2), await page(4)];
    expect(pages.map((one) => one.nextCursor)).toEqual(cursors);
    expect(pages.map((one) => one.total)).toEqual([total, total, total]);
    const shown = pages.flatMap((one) => one.sessions.map((session) => session.externalId));
    const whole = await page(0, 50);
    expect(shown).toEqual(whole.sessions.slice(0, 6).map((session) => session.externalId));
    expect(new Set(shown).size).toBe(Math.min(6, count));
    expect(whole).toMatchObject({ nextCursor: null, total });
    expect(await page(50)).toMatchObject({ sessions: [], nextCursor: null, total });
  });

  test("messages have their session's title, and shortened text contains the match", async () => {
    await sync(ada, "s", [`${"filler ".repeat(1_500)}zebra${" filler".repeat(500)}`], {
      title: "Animals",
    });
    const found = await ada.dashboard.query(api.search.searchMessagesPaginated, {
      query: "zebra",
      limit: 20,
      cursor: 0,
    });
    expect(found).toMatchObject({ nextCursor: null, total: 1 });
    expect(found.messages[0]).toMatchObject({ sessionTitle: "Animals", role: "user" });
    expect(found.messages[0]?.textContent).toContain("zebra");
    expect(found.messages[0]?.textContent?.length).toBeLessThanOrEqual(2_000);
    const blank = await ada.dashboard.query(api.search.searchMessagesPaginated, { query: " " });
    expect(blank.messages).toEqual([]);
  });

  test("are empty for signed-out callers", async () => {
    await sync(ada, "s", ["zebra"]);
    const empty = { nextCursor: null, total: 0 };
    expect(await t.query(api.search.searchSessionsPaginated, { query: "" })).toEqual({
      sessions: [],
      ...empty,
    });
    expect(await t.query(api.search.searchMessagesPaginated, { query: "zebra" })).toEqual({
      messages: [],
      ...empty,
    });
  });
});
