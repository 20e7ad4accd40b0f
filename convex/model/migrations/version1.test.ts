import { expect, test, vi } from "vitest";
import { internal } from "../../_generated/api";
import type { Id } from "../../_generated/dataModel";
import {
  allRows,
  conversation,
  deployment,
  eachTestAt,
  loseScheduled,
  person,
  read,
  rows,
  settle,
} from "../../test.setup";
import type { Deployment, SessionPage } from "../../test.setup";

/** The registered migrations update rows that version 1 stored. */

const NOW = Date.UTC(2026, 5, 1, 12);
eachTestAt(NOW);

async function migrate(t: Deployment): Promise<void> {
  await t.mutation(internal.migrations.start, {});
  await settle(t);
  const states = await t.query(internal.migrations.progress, {});
  expect(states.filter(({ status }) => status !== "done")).toEqual([]);
}

const sends = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => ({
    sessionExternalId: "s",
    externalId: `m${from + n}`,
    role: "user",
    textContent: `message ${from + n}`,
    promptTokens: 10,
    createdAt: NOW - 1_000_000 + (from + n) * 1_000,
  }));

test("messages that version 1 stored but did not count are counted once, even while more arrive", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", { messages: sends(0, 350) });
  await settle(t);
  // Version 1: the first 200 are counted, one of them was changed after that, and the rest waits.
  await t.run(async ({ db }) => {
    const messages = await db.query("messages").collect();
    const [first = expect.fail()] = messages;
    const last = messages[199] ?? expect.fail();
    await db.patch("messages", first._id, {
      promptTokens: 15,
      rewrittenAt: NOW,
      folded: { promptTokens: 10 },
    });
    const session = (await db.query("sessions").first()) ?? expect.fail();
    const counted = { messageCount: 200, promptTokens: 2_000, totalTokens: 2_000 };
    const tables = ["sessionDays", "ledgerGrains", "ledgerDays", "usageClaims"] as const;
    for (const table of tables) {
      for (const { _id } of await db.query(table).collect()) await db.delete(table, _id as never);
    }
    const names = { source: "opencode", provider: "unknown", model: "", project: "" };
    const row = {
      ...names,
      sessions: 1,
      messages: 200,
      promptTokens: 2_000,
      completionTokens: 0,
      totalTokens: 2_000,
      costNanos: 0,
      durationMs: 0,
      lastActiveAt: NOW,
    };
    const date = "2026-06-01";
    const day = (await db.query("dailyWrapped").first()) ?? expect.fail();
    await db.patch("dailyWrapped", day._id, { stats: { rows: [row] } });
    await db.patch("sessions", session._id, {
      ...counted,
      booked: undefined,
      counted: undefined,
      ledger: { date, row },
      foldedThrough: last._creationTime,
      refreshDueAt: 1,
    });
  });
  await ada.post("/sync/batch", { messages: sends(350, 20) });
  await ada.post("/sync/batch", { messages: [{ ...sends(300, 1)[0], promptTokens: 30 }] });
  await migrate(t);
  const session = await read<SessionPage>(ada.get("/api/sessions/s"));
  expect(session).toMatchObject({ messageCount: 370, promptTokens: 3_700 + 5 + 20 });
  expect(await read(ada.get("/api/stats"))).toMatchObject({
    sessionCount: 1,
    messageCount: 370,
    promptTokens: 3_700 + 5 + 20,
  });
  const [row] = await rows(t, "sessions");
  expect(row).not.toHaveProperty("foldedThrough");
  expect(row).not.toHaveProperty("adoptedThrough");
  // Counted changes are kept for an hour.
  vi.setSystemTime(Date.now() + 2 * 3_600_000);
  await t.mutation(internal.sessions.pruneChanges, {});
  expect(await rows(t, "messageChanges")).toEqual([]);
  for (const message of await rows(t, "messages")) expect(message).not.toHaveProperty("folded");
});

test("secrets in messages that version 1 stored are counted once, in their texts and in their parts", async () => {
  const t = deployment();
  const ada = await person(t);
  const token = `ghp_${"aB3dE5gH7j".repeat(4)}`;
  const long = { type: "tool_result", content: "line of output\n".repeat(100_000) };
  const parts = [
    { type: "tool_use", name: "Bash", input: { command: `DB_PASS=Zk7qwPlm9 ${token}` } },
  ];
  const messages = [
    { ...sends(0, 1)[0], textContent: `Use ${token} to push` },
    { ...sends(1, 1)[0], role: "assistant", textContent: "Done", parts },
    {
      ...sends(2, 1)[0],
      role: "assistant",
      textContent: `${token}, again`,
      parts: [...parts, long],
    },
    ...sends(3, 400),
  ];
  await ada.post("/sync/batch", { messages });
  await settle(t);
  const counted = await read<SessionPage>(ada.get("/api/sessions/s"));
  // Version 1 counted neither messages one by one nor secrets.
  await t.run(async ({ db }) => {
    for (const { _id } of await db.query("messages").collect()) {
      await db.patch("messages", _id, { secrets: undefined });
    }
    const session = (await db.query("sessions").first()) ?? expect.fail();
    await db.patch("sessions", session._id, {
      secrets: undefined,
      booked: undefined,
      counted: undefined,
    });
  });
  await migrate(t);
  const { secrets } = await read<SessionPage>(ada.get("/api/sessions/s"));
  expect(counted.secrets).toEqual([
    { kind: "github-token", count: 3 },
    { kind: "password", count: 2 },
  ]);
  expect(secrets).toEqual(counted.secrets);
  await migrate(t);
  expect((await read<SessionPage>(ada.get("/api/sessions/s"))).secrets).toEqual(secrets);
});

test("parts that this version stored with their hidden words stay as they are", async () => {
  const t = deployment();
  const ada = await person(t);
  // With a line break behind the last, four such lines look like wrapped base64, which is not indexed.
  const hash = (n: number) => `${n}3f${"0123456789abcdef".repeat(4)}`.slice(0, 64);
  const hashes = [1, 2, 3, 4].map(hash).join("\n");
  const parts = [{ type: "text", content: hashes }];
  await ada.post("/sync/message", { ...sends(0, 1)[0], textContent: "the hashes", parts });
  await settle(t);
  const before = await rows(t, "parts");
  expect(before).toMatchObject([{ wordChars: expect.any(Number) as number }]);
  await migrate(t);
  expect(await rows(t, "parts")).toEqual(before);
  expect(await rows(t, "searchTexts")).toEqual([]);
  const page = await read<{ messages: { parts: object[] }[] }>(ada.get("/api/sessions/s"));
  expect(page.messages[0]?.parts).toMatchObject(parts);
});

test("rows that a lost deletion of version 1 left behind are removed, and other rows stay", async () => {
  const t = deployment();
  const ada = await person(t);
  for (const id of ["kept", "gone"]) await ada.post("/sync/batch", conversation(id, ["a", "b"]));
  await settle(t);
  const embedding = Array.from({ length: 1536 }, () => 0.5);
  const ids = new Map<string, Id<"sessions">>();
  await t.run(async ({ db }) => {
    for (const { _id: sessionId, externalId, userId } of await db.query("sessions").collect()) {
      ids.set(externalId, sessionId);
      const own = { userId, sessionId };
      const message = (await db.query("messages").collect()).find(
        (one) => one.sessionId === sessionId,
      );
      const messageId = message?._id ?? expect.fail();
      const session = { ...own, embedding, textHash: "h" };
      const embeddingId = await db.insert("sessionEmbeddings", session);
      await db.patch("sessions", sessionId, { embeddingId });
      const vector = await db.insert("messageEmbeddings", { ...own, messageId, embedding });
      if (externalId === "gone") continue;
      const passage = { text: "a", textHash: "h", chunk: 0, orderKey: "0", embeddingId: vector };
      await db.insert("passages", { ...own, messageId, ...passage });
    }
    const goneId = ids.get("gone") ?? expect.fail();
    const keptId = ids.get("kept") ?? expect.fail();
    await db.delete("sessions", goneId);
    // A vector that its session has replaced, and a purge of another session, which has its own job.
    const { userId } = ada;
    await db.insert("sessionEmbeddings", { userId, sessionId: keptId, embedding, textHash: "old" });
    await db.insert("purges", { userId, sessionId: keptId, updatedAt: Date.now() });
  });
  await loseScheduled(t);
  await migrate(t);
  const left = await allRows(t);
  const holding = (mark?: string) =>
    Object.keys(left).filter((table) => JSON.stringify(left[table]).includes(`"${mark}"`));
  expect(holding(ids.get("gone"))).toEqual([]);
  expect(left["sessionEmbeddings"]).toMatchObject([{ textHash: "h" }]);
  expect(holding(ids.get("kept")).sort()).toEqual(
    [
      "messageChanges",
      "messageEmbeddings",
      "messages",
      "passages",
      "purges",
      "sessionDays",
      "sessionEmbeddings",
      "sessions",
    ].sort(),
  );
});

test("a message that version 1 stored under a plugin's id is the same as an imported one, also while it waits to be counted", async () => {
  const t = deployment();
  const ada = await person(t);
  const message = {
    ...{ sessionExternalId: "s", source: "claude-code", role: "user" },
    ...{ textContent: "why does it fail", createdAt: NOW - 60_000 },
  };
  const session = { externalId: "s", source: "claude-code" };
  const made = { ...message, externalId: `s-user-${NOW - 60_000}` };
  await ada.post("/sync/batch", { sessions: [session], messages: [made] });
  await settle(t);
  const sessionId = await t.run(async ({ db }) => {
    const { _id } = (await db.query("sessions").first()) ?? expect.fail();
    await db.patch("sessions", _id, { booked: undefined, counted: undefined, idOrigin: undefined });
    return _id;
  });
  await t.mutation(internal.sessions.refresh, { sessionId });
  await ada.post("/sync/message", { ...message, externalId: "b1d1-of-the-tool" });
  await settle(t);
  expect(await read<SessionPage>(ada.get("/api/sessions/s"))).toMatchObject({
    messageCount: 1,
    messages: [{ externalId: "b1d1-of-the-tool" }],
  });
});

test("the messages of hundreds of sessions that version 1 deleted are all removed", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", conversation("kept", ["a"]));
  await settle(t);
  await t.run(async ({ db }) => {
    const { _id, _creationTime, ...session } =
      (await db.query("sessions").first()) ?? expect.fail();
    const {
      _id: _,
      _creationTime: __,
      ...message
    } = (await db.query("messages").first()) ?? expect.fail();
    for (let n = 0; n < 400; n++) {
      const sessionId = await db.insert("sessions", { ...session, externalId: `gone-${n}` });
      await db.insert("messages", { ...message, sessionId });
      await db.delete("sessions", sessionId);
    }
  });
  await migrate(t);
  expect(await rows(t, "messages")).toHaveLength(1);
  expect(await rows(t, "purges")).toEqual([]);
});

test("the time of a key's last use is copied from the log before the log lines expire", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.get("/api/sessions");
  await t.run(async ({ db }) => {
    for (const { _id } of await db.query("users").collect()) {
      await db.patch("users", _id, { apiKeyUsedAt: undefined });
    }
  });
  await migrate(t);
  expect(await rows(t, "users")).toMatchObject([{ apiKeyUsedAt: NOW }]);
});

test("messages of version 1 are counted again in steps of at most 300", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", { messages: sends(0, 601) });
  await settle(t);
  const sessionId = await t.run(async ({ db }) => {
    const session = (await db.query("sessions").first()) ?? expect.fail();
    await db.patch("sessions", session._id, { booked: undefined, counted: undefined });
    return session._id;
  });
  const reached = () =>
    t.run(async ({ db }) => {
      const { adoptedThrough, foldedThrough } = (await db.get("sessions", sessionId)) ?? {};
      if (foldedThrough === undefined && adoptedThrough === undefined) return "all";
      const messages = await db.query("messages").collect();
      return messages.filter(({ orderKey }) => orderKey <= (adoptedThrough ?? "")).length;
    });
  const steps: (number | string)[] = [];
  for (let step = 0; step < 4; step++) {
    await t.mutation(internal.sessions.refresh, { sessionId });
    steps.push(await reached());
  }
  expect(steps).toEqual([0, 300, 600, "all"]);
  await settle(t);
  expect(await read(ada.get("/api/sessions/s"))).toMatchObject({ messageCount: 601 });
});
