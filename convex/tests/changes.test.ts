import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import {
  conversation,
  deployment,
  eachTestAt,
  loseScheduled,
  person,
  read,
  rows,
  settle,
} from "../test.setup";
import type { Deployment, Person, SessionPage } from "../test.setup";

/** Changes of messages: each is counted once, and deleted only when it is counted. */

const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR_MS = 3_600_000;
eachTestAt(NOW);

const message = (n: number, promptTokens = 10) => ({
  sessionExternalId: "s",
  externalId: `m${n}`,
  role: n % 2 === 0 ? "user" : "assistant",
  textContent: `message ${n}`,
  promptTokens,
  createdAt: NOW - 1_000_000 + n * 1_000,
});

const manyMessages = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => message(from + n));

async function refresh(t: Deployment): Promise<void> {
  for (const { _id: sessionId } of await rows(t, "sessions")) {
    await t.mutation(internal.sessions.refresh, { sessionId });
  }
}

/** Deletes what is counted as if every row were old enough. */
async function prune(t: Deployment): Promise<void> {
  vi.setSystemTime(Date.now() + 2 * HOUR_MS);
  await t.mutation(internal.sessions.pruneChanges, {});
}

/** The session as its owner deletes it. */
async function remove(t: Deployment, owner: Person, externalId: string): Promise<void> {
  const all = await rows(t, "sessions");
  const { _id } = all.find((session) => session.externalId === externalId) ?? expect.fail();
  await owner.dashboard.mutation(api.sessions.remove, { sessionId: _id });
}

/** Changes by whether their session counts them. */
async function changesOf(t: Deployment) {
  const [session = expect.fail()] = await rows(t, "sessions");
  const { changesGeneration = 0 } = session;
  const all = await rows(t, "messageChanges");
  const waiting = all.filter(({ generation = 0 }) => generation === changesGeneration);
  return { waiting: waiting.length, counted: all.length - waiting.length };
}

test("messages, refreshes, lost refreshes and pruning in any order count every message once", async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("send" as const),
      n: fc.nat(9),
      tokens: fc.integer({ min: 1, max: 99 }),
    }),
    fc.record({ kind: fc.constantFrom("refresh" as const, "lose" as const, "prune" as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const t = deployment();
      const ada = await person(t);
      const tokens = new Map<number, number>();
      for (const one of steps) {
        if (one.kind === "send") {
          tokens.set(one.n, one.tokens);
          await ada.post("/sync/message", message(one.n, one.tokens));
        } else if (one.kind === "refresh") await refresh(t);
        else if (one.kind === "lose") await loseScheduled(t);
        else await prune(t);
      }
      if (tokens.size === 0) return;
      await refresh(t);
      await settle(t);
      const promptTokens = Array.from(tokens.values()).reduce((sum, one) => sum + one, 0);
      const counted = { messageCount: tokens.size, promptTokens };
      expect(await read<SessionPage>(ada.get("/api/sessions/s"))).toMatchObject(counted);
      expect(await read(ada.get("/api/stats"))).toMatchObject(counted);
    }),
    { numRuns: 15 },
  );
});

test("a message that is sent while its session is refreshed is counted by the next refresh", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/message", message(0));
  await Promise.all([refresh(t), ada.post("/sync/message", message(1)), refresh(t), refresh(t)]);
  await settle(t);
  expect(await read(ada.get("/api/sessions/s"))).toMatchObject({
    messageCount: 2,
    promptTokens: 20,
  });
});

test("more changes than one refresh counts are counted once, with pruning between the refreshes", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", { messages: manyMessages(0, 1_500) });
  await loseScheduled(t);
  await refresh(t);
  expect((await changesOf(t)).waiting).toBeGreaterThan(0);
  await prune(t);
  await settle(t);
  await refresh(t);
  expect(await read(ada.get("/api/sessions/s"))).toMatchObject({
    messageCount: 1_500,
    promptTokens: 15_000,
  });
});

test("a refresh that is lost after its first thousand changes is finished by the sweep", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", { messages: manyMessages(0, 1_200) });
  await loseScheduled(t);
  await refresh(t);
  await loseScheduled(t);
  expect((await changesOf(t)).waiting).toBeGreaterThan(0);
  vi.setSystemTime(Date.now() + HOUR_MS);
  await t.mutation(internal.sessions.sweepRefreshes, {});
  await settle(t);
  expect(await read(ada.get("/api/sessions/s"))).toMatchObject({
    messageCount: 1_200,
    promptTokens: 12_000,
  });
});

test("pruning keeps changes whose refresh was lost, and the sweep counts them", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", { messages: manyMessages(0, 3) });
  await settle(t);
  await ada.post("/sync/batch", { messages: manyMessages(3, 2) });
  await loseScheduled(t);
  await prune(t);
  expect(await changesOf(t)).toEqual({ waiting: 1, counted: 0 });
  await t.mutation(internal.sessions.sweepRefreshes, {});
  await settle(t);
  expect(await read(ada.get("/api/sessions/s"))).toMatchObject({ messageCount: 5 });
});

test("counted changes are deleted in steps, and recent ones stay an hour", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/message", message(0));
  await settle(t);
  const [session = expect.fail()] = await rows(t, "sessions");
  await t.run(async ({ db }) => {
    for (let n = 0; n < 1_100; n++) {
      await db.insert("messageChanges", { sessionId: session._id, changes: [] });
    }
  });
  vi.setSystemTime(Date.now() + 2 * HOUR_MS);
  await ada.post("/sync/message", message(1));
  await refresh(t);
  // Three rounds: 500, 500, and the rest.
  const left: number[] = [];
  for (let round = 0; round < 3; round++) {
    await t.mutation(internal.sessions.pruneChanges, {});
    await loseScheduled(t);
    left.push((await rows(t, "messageChanges")).length);
  }
  expect(left).toEqual([602, 102, 1]);
  await t.mutation(internal.sessions.pruneChanges, {});
  expect(await changesOf(t)).toEqual({ waiting: 0, counted: 1 });
});

test("one run of the cron deletes all counted changes", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/message", message(0));
  await settle(t);
  const [session = expect.fail()] = await rows(t, "sessions");
  await t.run(async ({ db }) => {
    for (let n = 0; n < 1_100; n++) {
      await db.insert("messageChanges", { sessionId: session._id, changes: [] });
    }
  });
  await prune(t);
  await settle(t);
  expect(await rows(t, "messageChanges")).toEqual([]);
});

test("usage of a deleted session's message is counted of its copy, though counted changes are still there", async () => {
  const t = deployment();
  const ada = await person(t);
  const said = (sessionExternalId: string, promptTokens: number) => ({
    ...message(1, promptTokens),
    sessionExternalId,
  });
  await ada.post("/sync/message", said("first", 7));
  await settle(t);
  // A fork repeats the message; its usage is the first session's.
  await ada.post("/sync/message", said("copy", 7));
  await settle(t);
  for (const promptTokens of [8, 7]) {
    await ada.post("/sync/message", said("first", promptTokens));
    await settle(t);
  }
  await ada.post("/sync/message", said("first", 9));
  await loseScheduled(t);
  await remove(t, ada, "first");
  await settle(t);
  expect(await read(ada.get("/api/stats"))).toMatchObject({ sessionCount: 1, promptTokens: 7 });
  await prune(t);
  const left = await rows(t, "messageChanges");
  expect(left).toEqual([]);
});

test("deleting a session removes its changes, counted or not", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", conversation("gone", ["a", "b"]));
  await settle(t);
  await ada.post("/sync/batch", conversation("gone", ["a", "b", "c"]));
  await remove(t, ada, "gone");
  await settle(t);
  expect(await rows(t, "messageChanges")).toEqual([]);
});
