import { beforeEach, describe, expect, test } from "vitest";
import { estimateTokens } from "../lib/search/tokens";
import { conversation, deployment, eachTestAt, person, read, settle } from "../test.setup";
import type { Deployment, Person } from "../test.setup";
import type { ContextAnswer } from "../wire/context";

let t: Deployment;
let ada: Person;

eachTestAt(Date.UTC(2026, 0, 22, 12));
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
});

/** Syncs a conversation of the project "shop", and runs everything scheduled. */
async function sync(who: Person, externalId: string, said: string[]) {
  const createdAt = Date.UTC(2026, 0, 20);
  const session = { title: `About ${externalId}`, projectName: "shop", createdAt };
  const answer = await who.post("/sync/batch", conversation(externalId, said, session));
  expect(answer.status).toBe(200);
  await settle(t);
}

async function contextOf(who: Person, query: string): Promise<ContextAnswer> {
  const answer = await who.get(`/api/context?${query}`);
  expect(answer.status).toBe(200);
  return await read<ContextAnswer>(answer);
}

describe("the context for a question", () => {
  beforeEach(async () => {
    await sync(ada, "keys", [
      "how do we rotate keys",
      "with zebra, once a month",
      "thanks",
      "welcome",
    ]);
    await sync(ada, "other", ["what is a build", "a thing that runs"]);
  });

  test("contains the message that answers with its exchange, cited", async () => {
    const found = await contextOf(ada, "q=zebra");
    expect(found.text).toBe(
      "[1] About keys (shop, 2026-01-20)\nUser: how do we rotate keys\n\nAssistant: with zebra, once a month",
    );
    expect(found).toMatchObject({ sessionCount: 1, degraded: true });
    expect(found.context).toMatchObject([
      { citation: 1, externalId: "keys", title: "About keys", project: "shop" },
    ]);
    expect(found.context[0]?.content).toContain("with zebra");
  });

  test("contains the answers to a matching prompt", async () => {
    expect((await contextOf(ada, "q=rotate")).text).toContain(
      "Assistant: with zebra, once a month",
    );
  });

  test.each([
    ["an id of a session", "rota-2026", "who is on call"],
    ["an id of a message", "rota-2026-1", "welcome"],
    ["a commit", "9f1c2ab47d0e", "who is on call"],
  ])("of %s begins with what it names", async (_, query, said) => {
    await sync(ada, "rota-2026", ["who is on call", "bob, welcome"]);
    const gitCommit = "9f1c2ab47d0e5b6a8c3f7e1d2b4a6c8e0f9d7b5a";
    await ada.post("/sync/session", { externalId: "rota-2026", gitCommit });
    await sync(ada, "about ids", ["rota-2026, rota-2026-1 and 9f1c2ab47d0e are ids", "I see"]);
    const [first] = (await contextOf(ada, `q=${query}`)).context;
    expect(first).toMatchObject({ externalId: "rota-2026", score: 1 });
    expect(first?.content).toContain(said);
  });

  test("is also available as messages, or as items without text", async () => {
    const turns = await contextOf(ada, "q=zebra&format=messages");
    expect(turns.messages).toMatchObject([
      { role: "user", content: "how do we rotate keys", citation: 1 },
      { role: "assistant", content: "with zebra, once a month", citation: 1 },
    ]);
    expect(turns).not.toHaveProperty("text");
    const passages = await contextOf(ada, "q=zebra&format=json");
    expect(passages.context).toHaveLength(1);
    expect(passages).not.toHaveProperty("messages");
  });

  test("is empty, not an error, if nothing matches", async () => {
    expect(await contextOf(ada, "q=unheard")).toMatchObject({
      context: [],
      text: "",
      sessionCount: 0,
    });
  });

  test("never contains another user's text", async () => {
    const eve = await person(t, "eve@example.com");
    await sync(eve, "secret", ["zebra secrets", "zebra indeed"]);
    expect((await contextOf(eve, "q=zebra+secrets")).text).toContain("zebra secrets");
    const found = await contextOf(ada, "q=zebra+secrets");
    expect(found.context.map(({ externalId }) => externalId)).toEqual(["keys"]);
    expect(JSON.stringify(found)).not.toContain("secrets");
  });

  test.each([
    ["q=", "q"],
    ["q=%20", "q"],
    ["", "q"],
    ["q=x&format=xml", "format"],
  ])("of '?%s' is a 400 that names %s", async (query, path) => {
    const answer = await ada.get(`/api/context?${query}`);
    expect(answer.status).toBe(400);
    expect(await read(answer)).toMatchObject({ details: [{ path }] });
  });
});

test("the context respects its token budget, its limit, and three items per session", async () => {
  const said = (i: number) => `zebra ${i} ${"and some more words about it ".repeat(12)}`;
  for (let s = 0; s < 4; s++) {
    const ten = Array.from({ length: 10 }, (_, i) => said(10 * s + i));
    await sync(ada, `s${s}`, ten);
  }
  for (const maxTokens of [100, 400, 2_000]) {
    const found = await contextOf(ada, `q=zebra&limit=20&max_tokens=${maxTokens}`);
    expect(found.context).not.toEqual([]);
    expect(estimateTokens(found.text ?? "")).toBeLessThanOrEqual(maxTokens);
    expect(found.tokens).toBeLessThanOrEqual(maxTokens);
    const ofSession = (id: string) => found.context.filter(({ sessionId }) => sessionId === id);
    const perSession = found.context.map(({ sessionId }) => ofSession(sessionId).length);
    expect(Math.max(...perSession)).toBeLessThanOrEqual(3);
  }
  expect((await contextOf(ada, "q=zebra&limit=2&max_tokens=9000")).context).toHaveLength(2);
});

test("a long message is shortened to the text around the match", async () => {
  const filler = "nothing to see in these words. ".repeat(400);
  await sync(ada, "long", ["where", `${filler} the zebra sleeps in the barn. ${filler}`]);
  const { text } = await contextOf(ada, "q=zebra&max_tokens=4000");
  expect(text).toContain("the zebra sleeps in the barn");
});
