import { expect, test } from "vitest";
import { internal } from "../_generated/api";
import { sha256 } from "../lib/hash";
import { findPassage, findSession } from "../model/embedding/vectorHits";
import { Sessions } from "../model/search/candidates";
import { countPending } from "../model/search/search";
import {
  messageSource,
  partSource,
  searchTextSource,
  sessionSource,
} from "../model/search/sources";
import { conversation, deployment, eachTestAt, person, read, rows, settle } from "../test.setup";

/** Ids of other people's rows give nothing, wherever an id leads to a row, also where an index has filtered before. */

const NOON = Date.UTC(2026, 0, 22, 12);
eachTestAt(NOON);

/** Ada and, before her, two others with a session of the same id and the same messages, each with a passage and vectors. */
async function people() {
  const t = deployment();
  const ada = await person(t);
  const eve = await person(t, "eve@example.com");
  const mallory = await person(t, "mallory@example.com");
  for (const who of [eve, mallory, ada]) {
    await who.post("/sync/batch", conversation("shared-session-id", ["about the flamingo", "yes"]));
  }
  await settle(t);
  const embedding = Array.from({ length: 1_536 }, () => 0.1);
  await t.run(async ({ db }) => {
    for (const { _id: sessionId, userId } of await db.query("sessions").collect()) {
      const own = { userId, sessionId, embedding };
      const embeddingId = await db.insert("sessionEmbeddings", { ...own, textHash: "x" });
      await db.patch("sessions", sessionId, { embeddingId });
    }
    for (const message of await db.query("messages").collect()) {
      const { _id: messageId, userId, sessionId, orderKey } = message;
      const ids = { userId, sessionId, messageId };
      const embeddingId = await db.insert("messageEmbeddings", { ...ids, embedding });
      const passage = { orderKey, chunk: 0, text: "about the flamingo", textHash: "x" };
      await db.insert("passages", { ...ids, ...passage, embeddingId });
    }
  });
  const of = <Row extends { userId?: unknown }>(all: Row[], who: { userId: unknown }) =>
    all.filter(({ userId }) => userId === who.userId);
  return { t, ada, eve, of };
}

test("a vector leads to the passage and session of its owner only", async () => {
  const { t, ada, eve } = await people();
  const vectors = await rows(t, "messageEmbeddings");
  const sessionVectors = await rows(t, "sessionEmbeddings");
  for (const who of [ada, eve]) {
    const user = { _id: who.userId };
    for (const { _id, userId } of vectors) {
      const found = await t.run((ctx) => findPassage(ctx, user, _id));
      expect(found === null).toBe(userId !== who.userId);
    }
    for (const { _id, userId } of sessionVectors) {
      const found = await t.run((ctx) => findSession(ctx, user, _id));
      expect(found === null).toBe(userId !== who.userId);
    }
  }
});

test("a search reads no session of another user, not even by its id", async () => {
  const { t, ada, eve, of } = await people();
  const [theirs = expect.fail()] = of(await rows(t, "sessions"), eve);
  const found = await t.run((ctx) => new Sessions(ctx, { _id: ada.userId }).get(theirs._id));
  expect(found).toBeNull();
});

test("hits of vectors whose session is deleted, or is another user's, are left out of results and contexts", async () => {
  const { t, ada, eve, of } = await people();
  const caller = { kind: "key" as const, hash: await sha256(ada.apiKey), prefix: "osk_" };
  const hit = { _score: 0.9 };
  const hits = {
    sessions: (await rows(t, "sessionEmbeddings")).map(({ _id }) => ({ ...hit, _id })),
    messages: (await rows(t, "messageEmbeddings")).map(({ _id }) => ({ ...hit, _id })),
  };
  const input = { caller, query: "flamingo", limit: 5, filters: {}, hits };
  const build = { ...input, maxTokens: 500 };
  const [own = expect.fail()] = of(await rows(t, "sessions"), ada);
  const ids = async () => {
    const { results } = await t.query(internal.search.hydrate, input);
    const { entries } = await t.query(internal.context.build, build);
    return [results.map(({ id }) => id), entries.map(({ sessionId }) => sessionId)];
  };
  const [found, quoted] = await ids();
  expect([found, new Set(quoted)]).toEqual([[own._id], new Set([own._id])]);
  // Its messages and passages stay until its purge.
  await t.run((ctx) => ctx.db.delete("sessions", own._id));
  expect(of(await rows(t, "sessions"), eve)).toHaveLength(1);
  expect(await ids()).toEqual([[], []]);
});

test("every index of search returns the rows of one's own sessions alone", async () => {
  const { t, ada, of } = await people();
  await t.run(async ({ db }) => {
    for (const { _id: messageId, userId, sessionId, orderKey } of await db
      .query("messages")
      .collect()) {
      const ids = { userId, sessionId, messageId, orderKey };
      const part = { order: 0, piece: 0, type: "text", format: "text" as const };
      await db.insert("parts", { ...ids, ...part, text: "a flamingo" });
      await db.insert("searchTexts", { ...ids, text: "a flamingo" });
    }
  });
  const [own = expect.fail()] = of(await rows(t, "sessions"), ada);
  for (const source of [sessionSource, messageSource, partSource, searchTextSource]) {
    const found = await t.run(async (ctx) => {
      const sessions = new Set<string>();
      const asked = { ctx, userId: ada.userId, words: "flamingo", filters: {} };
      for await (const { sessionId } of source(asked)) sessions.add(sessionId);
      return Array.from(sessions);
    });
    expect([source.name, found]).toEqual([source.name, [own._id]]);
  }
});

test("only one's own sessions are counted, as matching and as waiting to be embedded", async () => {
  const { t, ada, eve, of } = await people();
  const user = { _id: ada.userId };
  await t.run(async ({ db }) => {
    for (const { _id } of of(await db.query("sessions").collect(), eve)) {
      await db.patch("sessions", _id, { embedDueAt: NOON });
    }
  });
  const counts = await t.run(async (ctx) => [
    await new Sessions(ctx, user).countMatching(10, {}),
    await countPending(ctx, user),
  ]);
  expect(counts).toEqual([1, 0]);
});

test("searching for an id finds one's own session and message, and nobody else's", async () => {
  const { t, ada, eve, of } = await people();
  const sessions = await rows(t, "sessions");
  const messages = await rows(t, "messages");
  const search = async (q: string) => {
    const path = `/api/search?q=${encodeURIComponent(q)}&type=fulltext`;
    const { results } = await read<{ results: { sessionId: string }[] }>(ada.get(path));
    return results.map(({ sessionId }) => sessionId);
  };
  const [own = expect.fail()] = of(sessions, ada);
  const [theirs = expect.fail()] = of(sessions, eve);
  for (const id of [theirs._id, ...of(messages, eve).map(({ _id }) => _id)]) {
    expect(await search(id)).toEqual([]);
  }
  for (const id of [own._id, "shared-session-id", "shared-session-id-0"]) {
    expect(await search(id)).toEqual([own._id]);
  }
});

test("a message is opened by our id and by the plugin's, whoever else has a message of that id", async () => {
  const { t, ada, eve, of } = await people();
  const messages = await rows(t, "messages");
  for (const { _id } of of(messages, eve)) {
    expect((await ada.get(`/api/messages/${_id}`)).status).toBe(404);
  }
  for (const { _id, externalId } of of(messages, ada)) {
    for (const id of [_id, externalId]) {
      expect((await ada.get(`/api/messages/${id}`)).status).toBe(200);
    }
  }
});
