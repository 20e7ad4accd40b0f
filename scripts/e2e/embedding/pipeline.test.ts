import { describe, expect, test, vi } from "vitest";
import { internal } from "../../../convex/_generated/api";
import { rows } from "../../../convex/test.setup";
import { answer, respond, vectorOf } from "./server.fixture";
import { ada, clock, eachTestWithProvider, HOUR, MINUTE, server, t } from "./world.fixture";

const quickly = { "retry-after-ms": "1" };

eachTestWithProvider();

const message = (at: number, role: string, textContent: string) => ({
  sessionExternalId: "s",
  externalId: `m${at}`,
  role,
  textContent,
  createdAt: Date.UTC(2026, 0, 22, 11) + at * 1_000,
});
const say = async (at: number, role: string, text: string) => {
  const response = await ada.post("/sync/message", message(at, role, text));
  expect(response.status).toBe(200);
};
const batch = (messages: object[]) =>
  ada.post("/sync/batch", { sessions: [{ externalId: "s", title: "A title" }], messages });
const conversation = (turns: number) =>
  Array.from({ length: turns }, (_, i) =>
    message(i, i % 2 === 0 ? "user" : "assistant", `turn ${i} says something of its own`),
  );

const sentTexts = () => server.requests.flatMap((request) => request.input);
const countOf = (part: string) => sentTexts().filter((text) => text.includes(part)).length;
const stored = async () => {
  const [session = null] = await rows(t, "sessions");
  return {
    passages: await rows(t, "passages"),
    vectors: await rows(t, "messageEmbeddings"),
    sessions: await rows(t, "sessionEmbeddings"),
    session,
  };
};
/** Every passage is there once, with the vector of its text, and nothing is left to do. */
const expectComplete = async (count: number) => {
  const { passages, vectors, sessions, session } = await stored();
  expect([passages.length, vectors.length]).toEqual([count, count]);
  expect(new Set(passages.map((one) => `${one.messageId} ${one.chunk}`)).size).toBe(count);
  for (const { embeddingId, text, messageId } of passages) {
    const vector = vectors.find((row) => row._id === embeddingId);
    expect(vector).toMatchObject({ messageId, embedding: vectorOf(text) });
  }
  expect(sessions).toHaveLength(1);
  expect(session).toMatchObject({ externalId: "s", embeddingId: sessions[0]?._id });
  expect(session).not.toHaveProperty("staleFrom");
  expect(session).not.toHaveProperty("embedDueAt");
};

describe("a syncing session costs each token once", () => {
  test("40 turns delivered one by one embed no turn twice", async () => {
    for (let i = 0; i < 40; i++) {
      await say(i, i % 2 === 0 ? "user" : "assistant", `turn ${i}, word${i}`);
      await clock.advance(t, 10_000);
    }
    await clock.advance(t, HOUR);
    for (let i = 0; i < 40; i++) expect(countOf(`turn ${i},`)).toBe(1 + Number(i === 0));
    await expectComplete(20);
  });

  test("a turn has one vector, made when it is complete", async () => {
    await say(0, "user", "why is it so?");
    for (let i = 1; i < 10; i++) {
      await say(i, "assistant", `step ${i}.`);
      await clock.advance(t, 9_000);
      expect(countOf("step")).toBe(0);
    }
    await say(10, "user", "thanks");
    await clock.advance(t, 10_000);
    expect(sentTexts().filter((text) => text.includes("step"))).toEqual([
      ["why is it so?", ...Array.from({ length: 9 }, (_, i) => `step ${i + 1}.`)].join("\n\n"),
    ]);
    await clock.advance(t, HOUR);
    // "thanks" by itself means nothing.
    await expectComplete(1);
  });

  test("a run that goes on after a long silence is not sent again", async () => {
    await batch([message(0, "user", "why"), message(1, "assistant", "first half")]);
    await clock.advance(t, HOUR);
    await say(2, "assistant", "and the second half");
    await clock.advance(t, HOUR);
    expect([countOf("first half"), countOf("second half")]).toEqual([1, 1]);
    await expectComplete(2);
  });

  test("a session of 400 messages in one batch needs at most 3 requests", async () => {
    await batch(conversation(400));
    await clock.advance(t, HOUR);
    expect(server.requests.length).toBeLessThanOrEqual(3);
    await expectComplete(200);
  });

  test("a delivery repeated costs nothing", async () => {
    await batch(conversation(6));
    await clock.advance(t, HOUR);
    const before = server.requests.length;
    await batch(conversation(6));
    await clock.advance(t, HOUR);
    expect(server.requests.length).toBe(before);
  });

  test("sessions of one back-fill share requests", async () => {
    vi.stubEnv("OPENAI_API_KEY", "");
    for (const externalId of ["a", "b", "c"]) {
      await ada.post("/sync/message", {
        ...message(0, "user", externalId),
        sessionExternalId: externalId,
      });
    }
    await clock.advance(t, HOUR);
    expect(server.requests).toEqual([]);
    vi.stubEnv("OPENAI_API_KEY", "test");
    expect(await t.mutation(internal.embeddings.backfill, {})).toEqual({
      started: 3,
      isDone: true,
    });
    await clock.advance(t, HOUR);
    expect(server.requests).toHaveLength(1);
    expect((await stored()).sessions).toHaveLength(3);
    expect(await t.mutation(internal.embeddings.backfill, {})).toEqual({
      started: 0,
      isDone: true,
    });
  });
});

describe("a session that cannot be read or stored", () => {
  const telling = (externalId: string) => `the story of ${externalId}`;
  const others = ["a", "b", "c", "d"].map(telling);
  const all = [...others, `${telling("broken")}\n\nx`].sort();
  const embedded = async () => (await rows(t, "passages")).map((row) => row.text).sort();

  /** Sessions that share a run, of which one has a part that is no JSON. */
  async function backfillWithBroken() {
    vi.stubEnv("OPENAI_API_KEY", "");
    for (const externalId of ["a", "b", "broken", "c", "d"]) {
      const said = { ...message(0, "user", telling(externalId)), sessionExternalId: externalId };
      const parts = externalId === "broken" ? [{ type: "tool-call", content: { name: "x" } }] : [];
      await ada.post("/sync/message", { ...said, parts });
    }
    await clock.advance(t, HOUR);
    const [part = expect.fail("no part")] = await rows(t, "parts");
    const tell = (text: string) => t.run((ctx) => ctx.db.patch("parts", part._id, { text }));
    await tell("{");
    vi.stubEnv("OPENAI_API_KEY", "test");
    expect(await t.mutation(internal.embeddings.backfill, {})).toMatchObject({ started: 5 });
    return { mend: () => tell(part.text ?? "") };
  }

  test("fails alone, and is logged by its id", async () => {
    await backfillWithBroken();
    await clock.advance(t, 10_000);
    expect(await embedded()).toEqual(others);
    const [broken] = (await rows(t, "sessions")).filter((one) => one.externalId === "broken");
    expect(console.error).toHaveBeenCalledWith(expect.stringContaining(`session ${broken?._id}`));
    expect(console.error).toHaveBeenCalledOnce();
  });

  test("fails alone where its vectors cannot be stored", async () => {
    for (const sessionExternalId of ["first", "second"]) {
      await ada.post("/sync/message", { ...message(0, "user", "hello"), sessionExternalId });
    }
    await clock.advance(t, HOUR);
    const [first, second] = await rows(t, "sessionEmbeddings");
    // What is to be replaced is gone, so that deleting it throws.
    await t.run((ctx) => ctx.db.delete("sessionEmbeddings", first?._id ?? expect.fail()));
    vi.stubEnv("OPENAI_EMBEDDING_MODEL", "another-model");
    await t.mutation(internal.embeddings.backfill, { all: true });
    await clock.advance(t, 10_000);
    const [replaced, ...more] = await rows(t, "sessionEmbeddings");
    expect(more).toEqual([]);
    expect(replaced).toMatchObject({ sessionId: second?.sessionId });
    expect(replaced?.textHash).not.toBe(second?.textHash);
  });

  test("is tried again by itself", async () => {
    const { mend } = await backfillWithBroken();
    await clock.advance(t, 10_000);
    await mend();
    await clock.advance(t, HOUR);
    expect(await embedded()).toEqual(all);
  });

  test("and, where that was in vain, by the daily sweep", async () => {
    const { mend } = await backfillWithBroken();
    await clock.advance(t, 20 * HOUR);
    expect(await embedded()).toEqual(others);
    await mend();
    await t.mutation(internal.embeddings.sweep, {});
    await clock.advance(t, HOUR);
    expect(await embedded()).toEqual(all);
  });
});

describe("vectors follow the text", () => {
  test("a rewritten message replaces its turn's vector, and no other", async () => {
    await batch(conversation(6));
    await clock.advance(t, HOUR);
    const before = sentTexts().length;
    await batch([{ ...message(3, "assistant", "now quite different") }]);
    await clock.advance(t, HOUR);
    const changed = "turn 2 says something of its own\n\nnow quite different";
    expect(sentTexts().slice(before)).toEqual([changed]);
    await expectComplete(3);
    expect((await stored()).passages.map((row) => row.text).join()).not.toContain("turn 3");
  });

  test("a prompt that arrives late cuts the turn it falls into", async () => {
    await batch([
      message(0, "user", "why is it so?"),
      message(2, "assistant", "because of two"),
      message(6, "assistant", "because of six"),
    ]);
    await clock.advance(t, HOUR);
    await say(4, "user", "and what about now?");
    await clock.advance(t, HOUR);
    expect((await stored()).passages.map((row) => row.text).sort()).toEqual([
      "and what about now?\n\nbecause of six",
      "why is it so?\n\nbecause of two",
    ]);
    await expectComplete(2);
  });

  test("tool output and system prompts never leave the deployment; calls do as one line", async () => {
    await batch([
      message(0, "system", "SECRET RULES"),
      {
        ...message(1, "assistant", "I look"),
        parts: [
          {
            type: "tool-call",
            content: { toolName: "Read", args: { file_path: "a.ts", limit: 7 } },
          },
          { type: "tool-result", content: { output: "SECRET OUTPUT" } },
        ],
      },
      message(2, "tool", "SECRET RESULT"),
    ]);
    await clock.advance(t, HOUR);
    expect(sentTexts().join("\n")).not.toContain("SECRET");
    expect((await stored()).passages.map((row) => row.text)).toEqual(["I look\n\nRead: a.ts"]);
  });

  test("a new title replaces the session's vector", async () => {
    await batch(conversation(2));
    await clock.advance(t, HOUR);
    await ada.post("/sync/session", { externalId: "s", title: "Another title" });
    await clock.advance(t, HOUR);
    const { sessions } = await stored();
    const last = sentTexts().pop() ?? "";
    expect(last).toContain("Another title");
    expect(sessions.map(({ embedding }) => embedding)).toEqual([vectorOf(last)]);
  });

  test("a session deleted while it was embedded gets no vectors", async () => {
    server.faults.push((response, request) => {
      void t
        .run(async ({ db }) => {
          for (const { _id } of await db.query("messages").collect())
            await db.delete("messages", _id);
          for (const { _id } of await db.query("sessions").collect())
            await db.delete("sessions", _id);
        })
        .then(() => respond(200, answer(request.input))(response, request));
    });
    await batch(conversation(4));
    await clock.advance(t, HOUR);
    expect(await stored()).toEqual({ passages: [], vectors: [], sessions: [], session: null });
  });

  test("vectors of a text that changed meanwhile are not stored", async () => {
    await batch(conversation(2));
    await clock.advance(t, HOUR);
    const before = await stored();
    const [{ messageId, sessionId } = expect.fail("no passage")] = before.passages;
    const turn = {
      messageId,
      orderKey: "0",
      textHash: "outdated",
      messages: [{ id: messageId, deliveryHash: "of an older text" }],
      chunks: [{ text: "outdated", embedding: vectorOf("outdated") }],
    };
    await t.mutation(internal.embeddings.store, {
      embedded: { sessionId, staleRevision: -1, turns: [turn], removed: [] },
    });
    expect(await stored()).toEqual(before);
  });

  test("a turn that two runs store has its vectors once", async () => {
    await batch(conversation(2));
    await clock.advance(t, HOUR);
    const before = await stored();
    expect(before.passages).toHaveLength(1);
    for (const { sessionId, messageId, orderKey, textHash } of before.passages) {
      const chunks = [{ text: "again", embedding: vectorOf("again") }];
      const turn = { messageId, orderKey, textHash, messages: [], chunks };
      await t.mutation(internal.embeddings.store, {
        embedded: { sessionId, staleRevision: -1, turns: [turn], removed: [] },
      });
    }
    expect(await stored()).toEqual(before);
  });

  test("a message rewritten while it was embedded ends with the vector of its new text", async () => {
    server.faults.push((response, request) => {
      void batch([message(1, "assistant", "new words")]).then(() =>
        respond(200, answer(request.input))(response, request),
      );
    });
    await batch(conversation(4));
    await clock.advance(t, HOUR);
    expect((await stored()).passages.map((row) => row.text).join()).toContain("new words");
    await expectComplete(2);
  });
});

describe("faults of the provider never reach a sync, and nothing is lost", () => {
  test.each([
    [
      "429 with Retry-After",
      respond(429, { error: { message: "slow" } }, { ...quickly, "retry-after": "90" }),
    ],
    ["500", respond(500, {}, quickly)],
    ["malformed JSON", respond(200, '{"data": [')],
  ])(
    "%s for ten minutes: retried until it passes",
    async (_, fault) => {
      server.always = fault;
      await batch(conversation(4));
      await clock.advance(t, 10 * MINUTE);
      expect((await stored()).passages).toEqual([]);
      server.always = undefined;
      await clock.advance(t, HOUR);
      await expectComplete(2);
    },
    60_000,
  );

  test.each([
    ["a revoked key", respond(401, { error: { message: "revoked" } })],
    ["vectors of another length", respond(200, answer(["x"], 768))],
  ])("%s: not retried in vain, completed by the daily sweep", async (_, fault) => {
    server.always = fault;
    await batch(conversation(4));
    await clock.advance(t, 20 * HOUR);
    expect(server.requests.length).toBeLessThanOrEqual(2);
    server.always = undefined;
    await t.mutation(internal.embeddings.sweep, {});
    await clock.advance(t, HOUR);
    await expectComplete(2);
  });

  test("a key revoked halfway keeps what was paid for", async () => {
    server.faults.push(undefined, respond(401, {}));
    server.always = respond(401, {});
    await batch(conversation(700));
    await clock.advance(t, 20 * HOUR);
    const paid = (await stored()).passages.length;
    expect(paid).toBeGreaterThanOrEqual(200);
    server.always = undefined;
    const before = sentTexts().length;
    await t.mutation(internal.embeddings.sweep, {});
    await clock.advance(t, HOUR);
    expect(sentTexts().length - before).toBe(350 - paid);
    await expectComplete(350);
  });

  test("a run that was lost is started again by the sweep", async () => {
    await batch(conversation(4));
    const [session = expect.fail("no session")] = await rows(t, "sessions");
    const lost = { embedDueAt: 1, staleFrom: "0", staleTo: "~" };
    await t.run((ctx) => ctx.db.patch("sessions", session._id, lost));
    await t.mutation(internal.embeddings.sweep, {});
    await clock.advance(t, HOUR);
    await expectComplete(2);
  });

  test("without a key nothing is scheduled and nothing is asked", async () => {
    vi.stubEnv("OPENAI_API_KEY", "");
    await batch(conversation(4));
    await clock.advance(t, HOUR);
    const { session } = await stored();
    expect(session).toMatchObject({ staleFrom: expect.any(String) as string });
    expect(session).not.toHaveProperty("embedDueAt");
    expect(server.requests).toEqual([]);
    await expect(t.mutation(internal.embeddings.backfill, {})).rejects.toThrow("OPENAI_API_KEY");
  });
});

test("another model embeds everything again, by a back-fill of all", async () => {
  await batch(conversation(4));
  await clock.advance(t, HOUR);
  vi.stubEnv("OPENAI_EMBEDDING_MODEL", "another-model");
  await t.mutation(internal.embeddings.backfill, { all: true });
  await clock.advance(t, HOUR);
  expect(countOf("turn 3 says")).toBe(2);
  await expectComplete(2);
});

test("a back-fill of all also embeds a session again for which a job was already coming", async () => {
  await batch(conversation(4));
  await clock.advance(t, HOUR);
  await batch([message(5, "user", "one more question of the session")]);
  await clock.advance(t, 3_000);
  expect((await stored()).session).toHaveProperty("embedDueAt");
  vi.stubEnv("OPENAI_EMBEDDING_MODEL", "another-model");
  await t.mutation(internal.embeddings.backfill, { all: true });
  await clock.advance(t, HOUR);
  expect(countOf("turn 1 says")).toBe(2);
});

test("a back-fill embeds every documentation page that lacks vectors, and with all every page again", async () => {
  const texts = Array.from({ length: 60 }, (_, n) => `page ${n} explains something`);
  vi.stubEnv("OPENAI_API_KEY", "");
  for (const [n, content] of texts.entries()) {
    const page = { slug: `page-${n}`, title: `Page ${n}`, content, contentHash: `hash-${n}` };
    await t.mutation(internal.docs.upsertPages, { pages: [page] });
  }
  vi.stubEnv("OPENAI_API_KEY", "test");
  await t.mutation(internal.embeddings.backfill, {});
  await clock.advance(t, HOUR);
  expect(await rows(t, "docEmbeddings")).toHaveLength(texts.length);
  expect(countOf("page")).toBe(texts.length);
  vi.stubEnv("OPENAI_EMBEDDING_MODEL", "another-model");
  await t.mutation(internal.embeddings.backfill, { all: true });
  await clock.advance(t, HOUR);
  expect(countOf("page")).toBe(2 * texts.length);
  expect(await rows(t, "docEmbeddings")).toHaveLength(texts.length);
  const pages = await rows(t, "docPages");
  expect(pages.map(({ embeddedHash }) => embeddedHash)).toEqual(
    pages.map(({ contentHash }) => contentHash),
  );
});
