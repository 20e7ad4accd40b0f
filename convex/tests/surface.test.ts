import { getFunctionName, makeFunctionReference } from "convex/server";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { api } from "../_generated/api";
import { endpoints } from "../http";
import {
  allRows,
  conversation,
  deployment,
  eachTestAt,
  fromWorkos,
  person,
  rows,
  settle,
} from "../test.setup";
import type { Deployment, Person } from "../test.setup";
import { examples } from "../wire/examples";
import { loadProtocolFirst, type Rpc, rpcClient } from "./mcp.fixture";

/**
 * The public surface: every function that a client can call, with arguments that try to reach Bob's data. A
 * new public function fails this test until it is listed here and has been reviewed.
 */
type Bob = { sessionId: string; keyId: string; slug: string };
const one = ({ sessionId }: Bob) => ({ sessionId });
const many = ({ sessionId }: Bob) => ({ sessionIds: [sessionId] });
const none = () => ({});
const found = () => ({ query: "bobsecret", limit: 20, cursor: 0 });

const SURFACE: { readonly [name: string]: (bob: Bob) => { [name: string]: unknown } } = {
  "analytics:dailyStats": () => ({ days: 30 }),
  "analytics:modelStats": none,
  "analytics:projectStats": none,
  "analytics:providerStats": none,
  "analytics:publicPlatformStats": none,
  "analytics:sessionsWithDetails": () => ({ filterProject: "bobsecret" }),
  "analytics:sourceStats": none,
  "analytics:summaryStats": none,
  "apiKeys:create": () => ({ name: "mine" }),
  "apiKeys:list": none,
  "apiKeys:remove": ({ keyId }) => ({ id: keyId }),
  "apiKeys:rotate": ({ keyId }) => ({ id: keyId }),
  "auth:isAuthenticated": none,
  "auth:signIn": () => ({ provider: "workos", params: { code: "" } }),
  "auth:signOut": none,
  "docs:search": () => ({ query: "bobsecret" }),
  "evals:bulkAddTags": (bob) => ({ ...many(bob), tags: ["x"] }),
  "evals:bulkUpdate": (bob) => ({ ...many(bob), evalReady: false }),
  "evals:bulkUpdateEvalStatus": (bob) => ({ ...many(bob), evalStatus: "incorrect" }),
  "evals:generateEvalExport": (bob) => ({
    ...many(bob),
    format: "deepeval",
    options: { includeSystemPrompts: true, includeToolCalls: true, anonymizePaths: false },
  }),
  "evals:getEvalModels": none,
  "evals:getEvalTags": none,
  "evals:listEvalSessions": none,
  "evals:listPage": none,
  "evals:previewExport": many,
  "evals:setEvalReady": (bob) => ({ ...one(bob), evalReady: false }),
  "evals:updateEvalNotes": (bob) => ({ ...one(bob), evalNotes: "x" }),
  "evals:updateEvalStatus": (bob) => ({ ...one(bob), evalStatus: "incorrect" }),
  "evals:updateEvalTags": (bob) => ({ ...one(bob), evalTags: ["x"] }),
  "evals:updateExpectedOutput": (bob) => ({ ...one(bob), expectedOutput: "x" }),
  "search:searchMessagesPaginated": found,
  "search:searchSessionsPaginated": found,
  "sessions:exportAllDataCSV": none,
  "sessions:get": one,
  "sessions:getMarkdown": one,
  "sessions:getPublic": ({ slug }) => ({ slug }),
  "sessions:remove": one,
  "sessions:setVisibility": (bob) => ({ ...one(bob), isPublic: true }),
  "users:clearDeletionStatus": none,
  "users:deleteAccount": none,
  "users:deleteAllData": none,
  "users:generateApiKey": none,
  "users:getOrCreate": none,
  "users:me": none,
  "users:revokeApiKey": none,
  "users:stats": none,
  "users:updateEnabledAgents": () => ({ enabledAgents: ["pi"] }),
  "wrapped:getCountdownInfo": none,
  "wrapped:getTodayWrapped": none,
  "wrapped:getWrappedStats": none,
  "wrapped:getYesterdayWrapped": none,
};

/**
 * The tools of MCP, each with calls that try to reach Bob's data. A new tool fails this test until it is listed here and
 * has been reviewed.
 */
const TOOLS: { readonly [name: string]: (bob: Named) => { [name: string]: unknown }[] } = {
  get_messages: ({ sessions, messages }) => [
    ...sessions.map((session) => ({ session })),
    ...messages.flatMap((message) => [
      { session: sessions[0], around: message },
      { session: "eves", around: message },
      { session: "eves", after: message },
      { session: "eves", before: message },
    ]),
  ],
  get_session: ({ sessions }) => sessions.map((session) => ({ session })),
  recall_context: () => [
    { question: "bobsecret words" },
    { question: "bobsecret words", project: "bobsecret" },
  ],
  search_sessions: ({ sessions, messages }) => [
    { query: "bobsecret", project: "bobsecret" },
    ...["bobsecret", ...sessions, ...messages].map((query) => ({ query })),
  ],
  sessions_for_file: () => [{ path: "/bobsecret/notes.md" }, { path: "notes.md" }],
  usage: () => [{}, { source: "bobsecret-tool" }],
};

/** Every way to name Bob's session and its message: our ids, his tool's ids, and citations. */
type Named = { sessions: string[]; messages: string[] };

const modules = import.meta.glob<{ [name: string]: unknown }>(["../*.ts", "!../*.*.ts"], {
  eager: true,
});

const functions = Object.entries(modules).flatMap(([path, exported]) =>
  Object.entries(exported).flatMap(([name, fn]) =>
    typeof fn === "function" && "isPublic" in fn
      ? [{ name: `${path.slice(3, -3)}:${name}`, kind: kindOf(fn) }]
      : [],
  ),
);
const queries = functions.filter(({ kind }) => kind === "query");
type Kind = "query" | "mutation" | "action";

/** Reads the kind that `convex/server` stores on a registered function. */
function kindOf(fn: object): Kind {
  return "isQuery" in fn ? "query" : "isMutation" in fn ? "mutation" : "action";
}

/** Calls a function by its name, as a client would. */
function call(t: Pick<Deployment, Kind>, { name, kind }: { name: string; kind: Kind }, bob: Bob) {
  const args = SURFACE[name]?.(bob) ?? {};
  switch (kind) {
    case "query":
      return t.query(makeFunctionReference<"query">(name), args);
    case "mutation":
      return t.mutation(makeFunctionReference<"mutation">(name), args);
    case "action":
      return t.action(makeFunctionReference<"action">(name), args);
  }
}

loadProtocolFirst();
eachTestAt(Date.UTC(2026, 0, 22, 12));
beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

/** Creates a deployment in which Bob has data of every kind, all of it with a marker. */
async function world() {
  const t = deployment();
  const bob = await person(t, "bob@example.com");
  const said = {
    text: "bobsecret words",
    parts: [
      {
        type: "tool-call",
        content: { toolName: "Read", args: { file_path: "/bobsecret/notes.md" } },
      },
    ],
  };
  const about = {
    title: "bobsecret title",
    projectName: "bobsecret",
    model: "bobsecret-model",
    source: "bobsecret-tool",
    promptTokens: 5,
  };
  await bob.post("/sync/batch", conversation("bobsecret-session", [said], about));
  await settle(t);
  const [{ _id: sessionId } = { _id: "" }] = await rows(t, "sessions");
  const { dashboard } = bob;
  const show = (isPublic: boolean) =>
    dashboard.mutation(api.sessions.setVisibility, { sessionId, isPublic });
  await dashboard.mutation(api.evals.updateEvalTags, { sessionId, evalTags: ["bobsecret"] });
  await dashboard.mutation(api.evals.setEvalReady, { sessionId, evalReady: true });
  const { publicSlug: slug = "" } = await show(true);
  await show(false);
  const { id: keyId } = await dashboard.mutation(api.apiKeys.create, { name: "bobsecret" });
  await settle(t);
  return { t, bob, target: { sessionId, keyId, slug } };
}

/** Returns every row that belongs to Bob. */
async function belongings(t: Deployment, bob: Person) {
  return Object.fromEntries(
    Object.entries(await allRows(t)).map(([table, all]) => [
      table,
      all.filter((row) => JSON.stringify(row).includes(bob.userId)),
    ]),
  );
}

/** Queries whose answers contain no text of a session, only numbers or public data. */
const WORDLESS = [
  "analytics:dailyStats",
  "analytics:providerStats",
  "analytics:publicPlatformStats",
  "analytics:summaryStats",
  "auth:isAuthenticated",
  "docs:search",
  "users:me",
  "users:stats",
  "wrapped:getCountdownInfo",
  "wrapped:getYesterdayWrapped",
];

test("the public functions are these, and no others", () => {
  expect(functions.map(({ name }) => name).sort()).toEqual(Object.keys(SURFACE));
  expect(getFunctionName(api.sessions.get)).toBe("sessions:get");
});

describe("the owner", () => {
  test("reads his own data through every query with text, so the attacks below have a target", async () => {
    const { bob, target } = await world();
    await bob.dashboard.mutation(api.sessions.setVisibility, {
      sessionId: target.sessionId,
      isPublic: true,
    });
    const silent: string[] = [];
    for (const fn of queries) {
      const answer: unknown = await call(bob.dashboard, fn, target);
      if (!JSON.stringify(answer ?? null).includes("bobsecret")) silent.push(fn.name);
    }
    expect(silent.sort()).toEqual(WORDLESS);
  });
});

/** Actions that are public on purpose: they answer a stranger without throwing. */
const OPEN_ACTIONS = ["auth:signIn", "auth:signOut", "users:deleteAccount"];

describe("a stranger", () => {
  test("reads nothing through any query, and none of them throws", async () => {
    const { t, target } = await world();
    for (const fn of queries) {
      const answer: unknown = await call(t, fn, target);
      expect([fn.name, JSON.stringify(answer ?? null)]).toEqual([
        fn.name,
        expect.not.stringContaining("bobsecret"),
      ]);
    }
  });

  test("is refused by every mutation and action, and changes nothing", async () => {
    const { t, target } = await world();
    const before = await allRows(t);
    for (const fn of functions.filter(({ kind }) => kind !== "query")) {
      const outcome = await call(t, fn, target).then(
        (answer: unknown) => ({ answer }),
        (error: unknown) => ({ refused: String(error) }),
      );
      const isOpen = OPEN_ACTIONS.includes(fn.name);
      if (!isOpen) expect([fn.name, outcome]).toEqual([fn.name, refusedAsStranger]);
    }
    await settle(t);
    expect(await allRows(t)).toEqual(before);
  });

  test("is refused by every route that is not public", async () => {
    const { t } = await world();
    for (const { route } of endpoints.filter(({ route }) => route.access === "caller")) {
      const wrongKey = ["Authorization", `Bearer osk_${"x".repeat(32)}`];
      for (const headers of [[], [wrongKey]] as [string, string][][]) {
        const answer = await t.fetch(route.path, { method: route.method, headers });
        expect([route.name, answer.status]).toEqual([route.name, 401]);
      }
    }
  });
});

const refusedAsStranger = { refused: expect.stringContaining("UNAUTHORIZED") as string };

describe("another user", () => {
  test("reads through every query the same as if Bob did not exist", async () => {
    const { t, target } = await world();
    const arriveAt = async (where: Deployment) => {
      const who = fromWorkos(where, "user_eve");
      await who.mutation(api.users.getOrCreate, {});
      return who;
    };
    const [eve, alone] = [await arriveAt(t), await arriveAt(deployment())];
    // The ids of two deployments are not the same.
    for (const fn of queries.filter(({ name }) => name !== "users:me")) {
      const here: unknown = await call(eve, fn, target);
      const there: unknown = await call(alone, fn, target);
      expect([fn.name, here]).toEqual([fn.name, there]);
    }
  });

  test("neither reads nor changes anything of Bob's through any function, even with his ids", async () => {
    const { t, bob, target } = await world();
    const { dashboard: eve } = await person(t, "eve@example.com");
    const before = await belongings(t, bob);
    for (const fn of functions) {
      // Last, because they end her account.
      if (fn.name === "users:deleteAccount" || fn.name === "users:deleteAllData") continue;
      const answer: unknown = await call(eve, fn, target).catch((error: unknown) => {
        if (fn.kind === "query") throw error;
        return null;
      });
      expect([fn.name, JSON.stringify(answer ?? null)]).toEqual([
        fn.name,
        expect.not.stringContaining("bobsecret"),
      ]);
    }
    await eve.mutation(api.users.deleteAllData, {});
    await settle(t);
    await eve.action(api.users.deleteAccount, {});
    await settle(t);
    expect(await belongings(t, bob)).toEqual(before);
  });

  test("neither reads nor changes anything of Bob's through any route, even with his ids", async () => {
    const { t, bob, target } = await world();
    const eve = await person(t, "eve@example.com");
    const before = await belongings(t, bob);
    for (const { route } of endpoints.filter(({ route }) => route.access === "caller")) {
      for (const id of [target.sessionId, "bobsecret-session"]) {
        const { body, query = {} } = examples[route.name] ?? {};
        const aimed = { ...query, ...aimAt(query, id) };
        const search = new URLSearchParams(aimed).toString();
        const path = route.path.replace(/:\w+/, encodeURIComponent(id));
        const answer = await eve.send(route.method, `${path}?${search}`, body);
        const text = await answer.text();
        expect([route.name, text.replace(/"externalId":"bobsecret-session"/g, "")]).toEqual([
          route.name,
          expect.not.stringContaining("bobsecret"),
        ]);
        expect([route.name, answer.status]).not.toEqual([route.name, 500]);
        // The test backend's text search fails on a session that has no search text yet.
        await settle(t);
      }
    }
    await settle(t);
    expect(await belongings(t, bob)).toEqual(before);
  });
});

/** Every answer of every tool to calls that aim at Bob's data, and of every resource of his. */
async function askAll(t: Deployment, who: Person, named: Named) {
  const { call, request } = rpcClient((path, init) => t.fetch(path, init), who);
  const answers: { asked: string; text: string }[] = [];
  for (const [tool, attacks] of Object.entries(TOOLS)) {
    for (const args of attacks(named)) {
      const { text } = await call(tool, args);
      answers.push({ asked: `${tool} ${JSON.stringify(args)}`, text });
    }
  }
  const uris = ["eves", ...named.sessions].flatMap((id) =>
    [id, ...named.messages.map((message) => `${id}/after/${encodeURIComponent(message)}`)].map(
      (path) => `opensync://sessions/${path}`,
    ),
  );
  for (const uri of uris) {
    const text = await (await request("resources/read", { uri })).text();
    answers.push({ asked: uri, text });
  }
  return answers;
}

describe("an agent over MCP", () => {
  /** Bob's world with his ids in all forms, and Eve with a session of her own. */
  async function agents() {
    const { t, bob, target } = await world();
    const [message] = await rows(t, "messages");
    const { sessionId } = target;
    const named = {
      sessions: [sessionId, "bobsecret-session", `[session:${sessionId}/message:${message?._id}]`],
      messages: [message?._id ?? "", "bobsecret-session-0"],
    };
    const eve = await person(t, "eve@example.com");
    await eve.post("/sync/batch", conversation("eves", ["Hello"]));
    await settle(t);
    return { t, bob, named, eve };
  }

  test("is offered these tools, and no others", async () => {
    const { t, bob } = await agents();
    const { request } = rpcClient((path, init) => t.fetch(path, init), bob);
    const { result } = (await (await request("tools/list")).json()) as Rpc;
    const names = (result?.tools as { name: string }[]).map(({ name }) => name);
    expect(names.sort()).toEqual(Object.keys(TOOLS));
  });

  test("reads its owner's data through every tool, so the attacks below have a target", async () => {
    const { t, bob, named } = await agents();
    const answers = await askAll(t, bob, named);
    const silent = Object.keys(TOOLS).filter(
      (tool) =>
        !answers.some(({ asked, text }) => asked.startsWith(tool) && text.includes("bobsecret")),
    );
    expect(silent).toEqual([]);
  });

  test("of another user is told by every tool and resource the same as if Bob did not exist", async () => {
    const { t, bob, named, eve } = await agents();
    const before = await belongings(t, bob);
    const answers = await askAll(t, eve, named);
    expect(await belongings(t, bob)).toEqual(before);
    await bob.dashboard.action(api.users.deleteAccount, {});
    await settle(t);
    expect(answers).toEqual(await askAll(t, eve, named));
  });
});

/** Replaces parameters that name a session or a query with Bob's. */
function aimAt(query: { [name: string]: string }, id: string): { [name: string]: string } {
  const names = Object.keys(query);
  return {
    ...(names.includes("id") ? { id } : {}),
    ...(names.includes("sessionIds") ? { sessionIds: id } : {}),
    ...(names.includes("q") ? { q: "bobsecret" } : {}),
  };
}
