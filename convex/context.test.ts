import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { estimateTokens } from "./lib/tokens";
import { type Deployment, deployment, type Person, person, settle } from "./test.setup";
import type { ContextAnswer } from "./wire/context";

let t: Deployment;
let ada: Person;

beforeEach(async () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 22, 12) });
  vi.stubEnv("OPENAI_API_KEY", "");
  t = deployment();
  ada = await person(t);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** Syncs a conversation that alternates between a user and an assistant. */
async function sync(who: Person, externalId: string, texts: string[]) {
  const messages = texts.map((textContent, i) => ({
    sessionExternalId: externalId,
    externalId: `${externalId}-${i}`,
    role: i % 2 === 0 ? "user" : "assistant",
    textContent,
    createdAt: Date.UTC(2026, 0, 20) + i * 1_000,
  }));
  const sessions = [{ externalId, title: `About ${externalId}`, projectName: "shop" }];
  expect((await who.post("/sync/batch", { sessions, messages })).status).toBe(200);
  await settle(t);
}

async function contextOf(who: Person, query: string): Promise<ContextAnswer> {
  const response = await who.get(`/api/context?${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as ContextAnswer;
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

  test("is the passage that answers with its exchange, cited", async () => {
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

  test("of a prompt holds the answers to it", async () => {
    expect((await contextOf(ada, "q=rotate")).text).toContain(
      "Assistant: with zebra, once a month",
    );
  });

  test("comes as turns, or as passages alone", async () => {
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

  test("is empty, not an error, when nothing is known", async () => {
    expect(await contextOf(ada, "q=unheard")).toMatchObject({
      context: [],
      text: "",
      sessionCount: 0,
    });
  });

  test("never holds another user's words", async () => {
    const eve = await person(t, "eve@example.com");
    await sync(eve, "secret", ["zebra secrets", "zebra indeed"]);
    expect((await contextOf(ada, "q=zebra+secrets")).text).not.toContain("secrets");
  });

  test.each(["q=", "q=%20", "", "q=x&format=xml"])(
    "%s is a 400 that names the field",
    async (query) => {
      const response = await ada.get(`/api/context?${query}`);
      expect(response.status).toBe(400);
      const { details } = (await response.json()) as { details: { path: string }[] };
      expect(["q", "format"]).toContain(details[0]?.path);
    },
  );
});

test("keeps to its budget, to its number of passages, and to three of one session", async () => {
  const said = (i: number) => `zebra ${i} ${"and some more words about it ".repeat(12)}`;
  for (let s = 0; s < 4; s++) {
    await sync(
      ada,
      `s${s}`,
      Array.from({ length: 10 }, (_, i) => said(10 * s + i)),
    );
  }
  for (const maxTokens of [100, 400, 2_000]) {
    const found = await contextOf(ada, `q=zebra&limit=20&max_tokens=${maxTokens}`);
    expect(estimateTokens(found.text ?? "")).toBeLessThanOrEqual(maxTokens);
    expect(found.tokens).toBeLessThanOrEqual(maxTokens);
    for (const { sessionId } of found.context) {
      expect(found.context.filter((one) => one.sessionId === sessionId).length).toBeLessThanOrEqual(
        3,
      );
    }
  }
  expect((await contextOf(ada, "q=zebra&limit=2&max_tokens=9000")).context).toHaveLength(2);
});

test("a long message is shown around what answers", async () => {
  const filler = "nothing to see in these words. ".repeat(400);
  await sync(ada, "long", ["where", `${filler} the zebra sleeps in the barn. ${filler}`]);
  const { text } = await contextOf(ada, "q=zebra&max_tokens=4000");
  expect(text).toContain("the zebra sleeps in the barn");
});
