import { expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import { sha256 } from "../lib/hash";
import { conversation, deployment, eachTestAt, loseScheduled, person } from "../test.setup";
import { read, rows, settle, type Person } from "../test.setup";

/**
 * Ada and Bob have used the same tool in the same project: their sessions, messages and files have the same names and
 * words, and Bob has far more of them than one search or page reads. Ada is answered as if she were alone.
 */

const NOON = Date.UTC(2026, 0, 22, 12);

eachTestAt(NOON);

/** Bob's sessions: more than any search reads. */
const MANY = 54;
const LATER = 30;

/** Long, so that Bob's calls have more bytes than a search reads. */
const toolCall = (n: number) => ({
  type: "tool-call",
  content: {
    toolName: "Edit",
    args: { file_path: "/work/shop/cart.ts", text: `roundhalfup ${n} ${"of ".repeat(700)}` },
  },
});

/** The session `s<n>`, a child of `s0`, which says the same of everybody's cart. */
function about(n: number, weight: number) {
  const usage = { promptTokens: 10 * weight, cost: weight, model: "gpt-5" };
  const project = { source: "pi", projectName: "shop", projectPath: "/work/shop" };
  const tree = n === 0 ? {} : { parentExternalId: "s0" };
  const { sessions, messages } = conversation(
    `s${n}`,
    [{ text: "why is the cart total wrong" }, { text: "the cart rounds", parts: [toolCall(n)] }],
    { ...project, ...tree, title: "Cart total", gitCommit: "abcdef1234567890" },
  );
  const own = messages.map((message, at) => ({
    ...{ ...message, ...(at === 1 ? usage : {}) },
    // The words of a script without spaces are derived texts, which have an index of their own.
    ...(at === 0 ? { textContent: `${message.textContent ?? ""} 購物車合計` } : {}),
    externalId: `m${at}-${n}`,
    createdAt: NOON - 3_600_000 + n * 1_000 + at,
  }));
  return { sessions, messages: own };
}

/** Stores the sessions from one number to another in one request; the first is ready for evaluation. */
async function store(who: Person, [first, end]: [number, number], weight: number) {
  const all = Array.from({ length: end - first }, (_, n) => about(first + n, weight));
  await who.post("/sync/batch", {
    sessions: all.flatMap(({ sessions }) => sessions),
    messages: all.flatMap(({ messages }) => messages),
  });
  const evalTags = ["cart", ...(weight > 1 ? ["expensive"] : [])];
  const review = { evalReady: true, evalTags, evalStatus: "golden" };
  await who.send("PATCH", `/api/sessions/s${first}`, { ...review, isPublic: true });
}

async function callerOf({ apiKey }: Person) {
  return { kind: "key" as const, hash: await sha256(apiKey), prefix: "osk_" };
}

const PATHS = [
  ...["/api/sessions?limit=2", "/api/sessions?source=pi", "/api/sessions?sort=updated&limit=2"],
  ...["/api/sessions?sort=tokens&limit=2", "/api/sessions?sort=cost&limit=2"],
  ...["/api/sessions?parent_external_id=s0", "/api/sessions?tag=cart"],
  ...["/api/sessions/s0", "/api/sessions/s1", "/api/messages/m1-0?before=2&after=2"],
  ...["/sync/sessions/list", "/sync/sessions/list?detail=true&limit=2"],
  ...["/api/search?q=cart+total", "/api/search?q=rounds&role=assistant&source=pi"],
  ...[
    "/api/search?q=購物車合計",
    "/api/search?q=abcdef1",
    "/api/search?q=m1-0",
    "/api/search?q=s1-",
  ],
  ...[
    "/api/search?q=cart.ts",
    "/api/search?q=roundhalfup",
    "/api/search?q=cart+rounds&project=shop&limit=1",
  ],
  ...["/api/context?q=why+is+the+cart+wrong", "/api/files?path=/work/shop/cart.ts"],
  ...["/api/export?all=true&format=jsonl", "/api/export?format=openai&style=chat"],
  ...["/api/export?id=s0&include_children=true&format=json"],
  ...["/api/stats", "/api/stats?source=pi", "/api/me?counts=true"],
];

/** Everything that Ada is told, by what she asked. Bob's sessions come before hers and after them. */
async function answersFor(withBob: boolean) {
  vi.setSystemTime(NOON);
  const t = deployment();
  const bob = withBob ? await person(t, "bob@example.com") : undefined;
  const ada = await person(t);
  if (bob !== undefined) await store(bob, [0, MANY], 100);
  await settle(t);
  vi.setSystemTime(NOON + 60_000);
  await store(ada, [0, 3], 1);
  for (const who of [ada, bob])
    await who?.dashboard.mutation(api.apiKeys.create, { name: "laptop" });
  await settle(t);
  vi.setSystemTime(NOON + 120_000);
  if (bob !== undefined) await store(bob, [MANY, MANY + LATER], 100);
  await settle(t);
  const cyd = withBob ? await person(t, "cyd@example.com") : undefined;
  await t.run(async ({ db }) => {
    // Ada's day has changed since it was copied.
    const open = (await db.query("ledgerDays").collect()).filter(
      (day) => day.userId === ada.userId,
    );
    for (const { _id } of open) await db.patch("ledgerDays", _id, { copyDueAt: NOON });
    const days = (await db.query("dailyWrapped").collect()).filter((d) => d.userId === ada.userId);
    for (const { _id } of days) await db.patch("dailyWrapped", _id, { stats: {} });
    // More days that wait to be copied than a reader of statistics looks at.
    for (let day = 0; cyd !== undefined && day < 400; day++)
      await db.insert("ledgerDays", { userId: cyd.userId, day, grains: 1, copyDueAt: NOON });
  });
  vi.setSystemTime(NOON + 180_000);
  const told: [string, unknown][] = [];
  for (const path of PATHS) {
    const answer = await ada.get(path);
    expect([path, answer.status]).toEqual([path, 200]);
    const limit = answer.headers.get("X-RateLimit-Remaining");
    told.push([path, limit], [path, comparable(await answer.text())]);
  }
  const { dashboard } = ada;
  const lists = {
    details: await dashboard.query(api.analytics.sessionsWithDetails, {}),
    models: await dashboard.query(api.analytics.modelStats, {}),
    days: await dashboard.query(api.analytics.dailyStats, { days: 3 }),
    tags: await dashboard.query(api.evals.getEvalTags, {}),
    reviewed: await dashboard.query(api.evals.getEvalModels, {}),
    ready: await dashboard.query(api.evals.listEvalSessions, {}),
    keys: await dashboard.query(api.apiKeys.list, {}),
    table: await dashboard.query(api.sessions.exportAllDataCSV, {}),
    shared: await t.query(internal.account.shares, { caller: await callerOf(ada) }),
    today: await dashboard.query(api.wrapped.getTodayWrapped, {}),
    sessions: await dashboard.query(api.search.searchSessionsPaginated, { query: "" }),
    messages: await dashboard.query(api.search.searchMessagesPaginated, { query: "cart total" }),
  };
  for (const [name, list] of Object.entries(lists)) {
    told.push([name, comparable(JSON.stringify(list))]);
  }
  return told;
}

/** A text with each id of a deployment and each random text replaced by the number of its first occurrence. */
function comparable(text: string): string {
  const known = new Map<string, number>();
  return text
    .replace(
      /(?<!\d)\d{10,40}[a-z]\w*|osk_[\w-]+|"(?:cursor|publicSlug)":"[^"]+"|,'?[\w-]{22},/gi,
      (id) => {
        const number = known.get(id) ?? known.size;
        known.set(id, number);
        return `#${number}`;
      },
    )
    .replace(/\d{13}\.\d{1,9}/g, (time) => String(Math.floor(Number(time))));
}

test("a user is told the same whether or not another one has the same sessions", async () => {
  const alone = await answersFor(false);
  expect(JSON.stringify(alone)).toContain("cart rounds");
  const together = await answersFor(true);
  for (const [at, one] of together.entries()) expect(one).toEqual(alone[at]);
});

test("nothing of a deleted session is found, although its messages are still there", async () => {
  const t = deployment();
  const ada = await person(t);
  await store(ada, [0, 2], 1);
  await settle(t);
  await ada.send("DELETE", "/api/sessions/s0", undefined);
  await loseScheduled(t);
  expect(await rows(t, "messages")).toHaveLength(4);
  const paths = [
    ...["/api/search?q=cart+total", "/api/search?q=m1-0", "/api/search?q=購物車合計"],
    ...["/api/context?q=cart+total", "/api/files?path=/work/shop/cart.ts"],
  ];
  for (const path of paths) {
    const answer = await ada.get(path);
    expect([path, answer.status]).toEqual([path, 200]);
    expect(await answer.text()).not.toMatch(/"externalId":"s0"|m0-0|m1-0/);
  }
  const query = "cart total";
  const found = await ada.dashboard.query(api.search.searchMessagesPaginated, { query });
  const [{ _id: kept } = expect.fail()] = await rows(t, "sessions");
  expect(found.messages.map(({ sessionId }) => sessionId)).toEqual([kept, kept]);
});

test("a search within one session finds nothing of another", async () => {
  const t = deployment();
  const ada = await person(t);
  await store(ada, [0, 3], 1);
  await settle(t);
  const { id } = await read<{ id: Id<"sessions"> }>(ada.get("/api/sessions/s1"));
  const args = { query: "cart total", sessionId: id };
  const { messages } = await ada.dashboard.query(api.search.searchMessagesPaginated, args);
  expect(messages.length).toBeGreaterThan(0);
  expect(new Set(messages.map(({ sessionId }) => sessionId))).toEqual(new Set([id]));
});

test("a page of a conversation begins at its own message, and at the beginning for one of another session", async () => {
  const t = deployment();
  const ada = await person(t);
  await store(ada, [0, 2], 1);
  const caller = await callerOf(ada);
  const messages = await rows(t, "messages");
  const from = async (externalId: string) => {
    const messageId = messages.find((one) => one.externalId === externalId)?._id ?? expect.fail();
    const page = await t.query(internal.sessions.reading, { caller, id: "s0", messageId });
    return page.messages.map((message) => message.externalId);
  };
  expect(await from("m1-0")).toEqual(["m1-0"]);
  expect(await from("m0-0")).toEqual(["m0-0", "m1-0"]);
  expect(await from("m1-1")).toEqual(["m0-0", "m1-0"]);
});
