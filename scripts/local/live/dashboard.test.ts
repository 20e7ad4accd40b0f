import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { newTokenSigner, type TokenSigner } from "../auth/tokenSigner.ts";
import { startTestEngine, type TestEngine, type TestUser } from "../testing.ts";
import { closeClients, connect, type TestClient, type Watch } from "./live.fixture.ts";

/** The whole project, as the existing dashboard sees it. */
let engine: TestEngine;
let signer: TokenSigner;

beforeAll(async () => {
  signer = await newTokenSigner();
  engine = await startTestEngine({ embeddings: false, env: signer.env });
});
afterEach(closeClients);
afterAll(() => engine.stop());

/** Connects a dashboard in which this user has signed in. */
async function signedIn({ userId }: TestUser): Promise<TestClient> {
  const dashboard = connect(engine.url);
  await new Promise<void>((resolve) => {
    dashboard.client.setAuth(
      () => signer.tokenOf(engine.url, userId),
      (isSignedIn) => {
        if (isSignedIn) resolve();
      },
    );
  });
  return dashboard;
}

async function send(who: TestUser, externalId: string, text: string): Promise<void> {
  const session = {
    externalId,
    title: `title of ${externalId}`,
    model: "m",
    source: "claude-code",
  };
  const messages = [
    {
      sessionExternalId: externalId,
      externalId: `${externalId}-1`,
      role: "user",
      textContent: text,
    },
    {
      sessionExternalId: externalId,
      externalId: `${externalId}-2`,
      role: "assistant",
      textContent: "yes",
    },
  ];
  const json = { sessions: [session], messages };
  const answer = await engine.request("/sync/batch", { key: who.apiKey, json });
  expect(answer.status).toBe(200);
}

type Sessions = { sessions: { _id: string; title: string; messageCount: number }[] };
const LIST = { limit: 100, sortBy: "updatedAt", sortOrder: "desc" };
const titlesOf = (watch: Watch) =>
  (watch.values.at(-1) as Sessions | undefined)?.sessions.map(({ title }) => title);

describe("a session that a plugin sends", () => {
  test("appears in the open dashboard of its user, and in no other", async () => {
    const [ann, bob] = [await engine.createUser(), await engine.createUser()];
    const lists = [await signedIn(ann), await signedIn(bob)].map((dashboard) =>
      dashboard.watch("analytics:sessionsWithDetails", LIST),
    );
    const [own, other] = lists as [Watch, Watch];
    await expect.poll(() => [titlesOf(own), titlesOf(other)]).toEqual([[], []]);
    await send(ann, "one", "hello");
    await expect.poll(() => titlesOf(own)).toEqual(["title of one"]);
    await engine.settle();
    await send(ann, "two", "hello again");
    await expect.poll(() => titlesOf(own)).toEqual(["title of two", "title of one"]);
    expect(other.values).toHaveLength(1);
  });
});

describe("the 35 functions of the existing dashboard", () => {
  let ann: TestUser;
  let dashboard: TestClient;
  let sessionId: string;

  beforeAll(async () => {
    ann = await engine.createUser();
    await send(ann, "shown", "why is the sky blue");
    await engine.settle();
  });

  async function open(): Promise<void> {
    dashboard = await signedIn(ann);
    const list = dashboard.watch("analytics:sessionsWithDetails", LIST);
    await expect.poll(() => titlesOf(list)).toContain("title of shown");
    const { sessions } = list.values.at(-1) as Sessions;
    sessionId = sessions.find(({ title }) => title === "title of shown")?._id ?? "";
  }

  test("22 queries answer over one socket, and update when a session is sent", async () => {
    await open();
    const watches = Object.entries({
      "users:me": {},
      "users:stats": {},
      "analytics:summaryStats": {},
      "analytics:dailyStats": { days: 30 },
      "analytics:modelStats": {},
      "analytics:projectStats": {},
      "analytics:providerStats": {},
      "analytics:sessionsWithDetails": LIST,
      "analytics:publicPlatformStats": {},
      "sessions:get": { sessionId },
      "sessions:getPublic": { slug: "none" },
      "sessions:getMarkdown": { sessionId },
      "sessions:exportAllDataCSV": {},
      "search:searchSessionsPaginated": { query: "", limit: 20, cursor: 0 },
      "search:searchMessagesPaginated": { query: "sky", limit: 20, cursor: 0 },
      "evals:listEvalSessions": {},
      "evals:getEvalTags": {},
      "evals:getEvalModels": {},
      "evals:previewExport": { sessionIds: "all" },
      "wrapped:getTodayWrapped": {},
      "wrapped:getWrappedStats": {},
      "wrapped:getCountdownInfo": {},
    }).map(([path, args]) => ({ path, ...dashboard.watch(path, args) }));
    expect(watches).toHaveLength(22);
    const silent = () =>
      watches.filter(({ values }) => values.length === 0).map(({ path }) => path);
    await expect.poll(silent).toEqual([]);
    expect(watches.flatMap(({ errors }) => errors)).toEqual([]);
    const seen = (path: string) => watches.find((watch) => watch.path === path)?.values.at(-1);
    expect(seen("sessions:get")).toMatchObject({ session: { title: "title of shown" } });
    expect(seen("search:searchMessagesPaginated")).toMatchObject({ total: 1 });
    await send(ann, "later", "the sky is blue because");
    await engine.settle();
    await expect.poll(() => seen("search:searchMessagesPaginated")).toMatchObject({ total: 2 });
    await expect.poll(() => seen("analytics:summaryStats")).toMatchObject({ totalSessions: 2 });
    await expect.poll(() => seen("sessions:exportAllDataCSV")).toContain("later");
  });

  test("11 mutations and 2 actions answer, and the effect of a mutation is visible when it does", async () => {
    await open();
    const me = dashboard.watch("users:me");
    const evals = dashboard.watch("evals:listEvalSessions");
    const shown = dashboard.watch("sessions:get", { sessionId });
    await expect.poll(() => [me, evals, shown].every(({ values }) => values.length > 0)).toBe(true);
    const last = (watch: Watch) => watch.values.at(-1);

    await dashboard.mutate("users:getOrCreate");
    await dashboard.mutate("users:updateEnabledAgents", { enabledAgents: ["opencode"] });
    expect(last(me)).toMatchObject({ enabledAgents: ["opencode"] });
    await dashboard.mutate("sessions:setVisibility", { sessionId, isPublic: true });
    expect(last(shown)).toMatchObject({ session: { isPublic: true } });
    await dashboard.mutate("evals:setEvalReady", { sessionId, evalReady: true });
    expect(last(evals)).toMatchObject({ stats: { total: 1 } });
    await dashboard.mutate("evals:updateEvalStatus", { sessionId, evalStatus: "golden" });
    expect(last(evals)).toMatchObject({ stats: { byStatus: { golden: 1 } } });
    const sessionIds = [sessionId];
    await dashboard.mutate("evals:bulkUpdateEvalStatus", { sessionIds, evalStatus: "correct" });
    expect(last(evals)).toMatchObject({ stats: { byStatus: { golden: 0, correct: 1 } } });
    const options = { includeSystemPrompts: false, includeToolCalls: true, anonymizePaths: false };
    const exported = { sessionIds, format: "openai", options };
    expect(await dashboard.act("evals:generateEvalExport", exported)).toMatchObject({
      data: expect.stringContaining("why is the sky blue") as string,
    });
    await dashboard.mutate("sessions:remove", { sessionId });
    expect(last(shown)).toBe(null);

    expect(await dashboard.mutate("users:generateApiKey")).toMatch(/^osk_/);
    expect(last(me)).toMatchObject({ hasApiKey: true });
    await dashboard.mutate("users:revokeApiKey");
    expect(last(me)).toMatchObject({ hasApiKey: false });
    expect(await dashboard.mutate("users:deleteAllData")).toMatchObject({ started: true });
    await engine.settle();
    await expect.poll(() => last(me)).toMatchObject({ deletionStatus: "completed" });
    await dashboard.mutate("users:clearDeletionStatus");
    expect(last(me)).not.toHaveProperty("deletionStatus");
    expect(await dashboard.act("users:deleteAccount")).toMatchObject({ started: true });
    await engine.settle();
    await expect.poll(() => last(me)).toBe(null);
  });
});
