import { SILENCE_MS, type Operation } from "./cost.ts";
import { crowdedDay } from "./crowdedDay.ts";
import {
  LAST_DAY,
  liveSession,
  LOUD_WORDS,
  loudMessages,
  pastMessages,
  pastSession,
  prose,
  TOOL_CALLS,
  TURN_MESSAGES,
  type MessageBody,
} from "./payloads.ts";
import { BATCH, LIVE, PAST_MESSAGES, type World } from "./world.ts";

/** Every operation of the HTTP API with a cost, one entry each. */

/** Creates a new message of the live session, number `at` of its burst: answers and prompts take turns. */
function newMessage(world: World, at = 0): MessageBody {
  const n = world.fresh();
  return {
    sessionExternalId: LIVE,
    externalId: `new-${n}`,
    role: at % 2 === 0 ? "assistant" : "user",
    source: "claude-code",
    textContent: prose(n, 600),
  };
}

/** A message that is sent repeatedly. */
const SAME_MESSAGE: MessageBody = {
  sessionExternalId: LIVE,
  externalId: "same",
  role: "user",
  source: "claude-code",
  textContent: prose(1, 600),
};

/** Waits until nothing is due, so that the next request is the first of a burst. */
const quiet = (world: World) => world.engine.settle();

/** Starts a burst of the live session, so that its refresh is already scheduled. */
const startBurst = (world: World) => world.send("/sync/message", newMessage(world));

const message: Operation[] = [
  {
    name: "message, new",
    items: 1,
    account: "request",
    prepare: quiet,
    begin: startBurst,
    run: (world) => world.send("/sync/message", newMessage(world)),
  },
  {
    name: "message, new, first of its burst",
    items: 1,
    account: "request",
    prepare: quiet,
    run: (world) => world.send("/sync/message", newMessage(world)),
  },
  {
    name: "burst of 5 messages",
    items: 5,
    account: "request",
    prepare: quiet,
    run: async (world) => {
      for (let i = 0; i < 5; i++) await world.send("/sync/message", newMessage(world, i));
    },
  },
  {
    name: "message, delivered again",
    items: 1,
    account: "request",
    storesNothing: true,
    prepare: async (world) => {
      await world.send("/sync/message", SAME_MESSAGE);
      await quiet(world);
    },
    run: (world) => world.send("/sync/message", SAME_MESSAGE),
  },
];

const session: Operation[] = [
  {
    name: "session, new",
    items: 1,
    account: "request",
    prepare: quiet,
    run: (world) => world.send("/sync/session", liveSession(`new-${world.fresh()}`, 1)),
  },
  {
    name: "session, updated",
    items: 1,
    account: "request",
    prepare: quiet,
    run: (world) => world.send("/sync/session", liveSession(LIVE, 1_000_000 + world.fresh())),
  },
];

const batch: Operation[] = [
  {
    name: "batch of 100 messages",
    items: BATCH,
    account: "request",
    prepare: quiet,
    run: async (world) => {
      const past = pastSession(0);
      const messages = pastMessages(past, 1_000 + world.fresh() * BATCH, BATCH);
      await world.send("/sync/batch", { sessions: [past], messages });
    },
  },
  ...[1, 20].map((n): Operation => ({
    name: `refresh after a burst of ${n}`,
    items: n,
    account: { background: ["sessions:refresh"] },
    // Until the day's copy is made too, so that a refresh always marks it as out of date again.
    prepare: (world) => world.engine.settle(SILENCE_MS),
    run: async (world) => {
      for (let i = 0; i < n; i++) await world.send("/sync/message", newMessage(world, i));
    },
  })),
];

/** Rows of a page of 100 messages of the live session: whole turns, each tool call with two parts. */
const PAGE_ROWS = (100 / TURN_MESSAGES) * (TURN_MESSAGES + 2 * TOOL_CALLS);

type Ask = { path: string; body?: object };

/** The requests of each operation that only reads. They differ in what they find. */
const asksOf = new Map<Operation, readonly Ask[]>();

/** Returns the operation with a quarter of its requests, for tests that do not need the mean of all. */
export function withFewerRequests(operation: Operation): Operation {
  const asks = asksOf.get(operation) ?? [];
  if (asks.length < 4) return operation;
  return reading(operation.name, operation.items, ...asks.filter((_, n) => n % 4 === 0));
}

/** An operation of requests that only read. */
function reading(name: string, items: number, ...asks: Ask[]): Operation {
  const run = async (world: World) => {
    for (const { path, body } of asks) await world.send(path, body);
  };
  const prepare = async (world: World) => {
    await quiet(world);
    // The first request of an operation may write what later ones find.
    for (const { path, body } of asks.slice(0, 1)) await world.send(path, body);
  };
  const operation: Operation = {
    ...{ name, items, requests: asks.length },
    account: "request",
    storesNothing: true,
    prepare,
    run,
  };
  asksOf.set(operation, asks);
  return operation;
}

/** Days of the requested statistics, the same at every scale. */
const DAYS = 10;
const lastDays = `from=${dayBefore(DAYS - 1)}&to=${LAST_DAY}`;

function dayBefore(days: number): string {
  const day = new Date(`${LAST_DAY}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - days);
  return day.toISOString().slice(0, 10);
}

/**
 * Queries from one word to a sentence that hundreds of messages match, so that a search reads the maximum
 * number of candidates. The candidates and their cost differ by query, so the mean of many queries is measured.
 */
const QUERIES = [
  "why does the queue time out",
  "refactor the parser and its error handling",
  "cache",
  ...Array.from({ length: 37 }, (_, n) => prose(n, 12 + (n % 4) * 12)),
];
/** Sessions that no other operation uses. */
const EXPORTED = Array.from({ length: 10 }, (_, n) => pastSession(n + 1).externalId);
/** The default number of items in a context. */
const PASSAGES = 5;

/** A query that one session dominates, so that the search must read past its matches. */
function pastLoudSession(name: string, items: number, ask: Ask): Operation {
  return {
    ...{ name, items, account: "request", storesNothing: true },
    prepare: async (world) => {
      const messages = loudMessages();
      for (let at = 0; at < messages.length; at += BATCH) {
        await world.send("/sync/batch", { messages: messages.slice(at, at + BATCH) });
      }
      await world.engine.settle(SILENCE_MS);
      await world.send(ask.path, ask.body);
    },
    run: (world) => world.send(ask.path, ask.body),
  };
}

const searchingLoud = (name: string, type: string) =>
  pastLoudSession(name, 10, { path: "/search", body: { query: LOUD_WORDS, type, limit: 10 } });
const askingLoud = (name: string) =>
  pastLoudSession(name, PASSAGES, { path: `/api/context?q=${encodeURIComponent(LOUD_WORDS)}` });

const searching = (name: string, type: string) =>
  reading(
    name,
    10,
    ...QUERIES.map((query) => ({ path: "/search", body: { query, type, limit: 10 } })),
  );
const asking = (name: string) =>
  reading(
    name,
    PASSAGES,
    ...QUERIES.map((query) => ({ path: `/api/context?q=${encodeURIComponent(query)}` })),
  );

/** A call of a tool of MCP, as an agent sends it. */
const calling = (tool: string, args: object): Ask => ({
  path: "/mcp",
  body: { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: args } },
});
/** The default number of sessions in an answer of `search_sessions`. */
const FOUND = 8;
/** The tools that search, by all queries. */
const callingTools = (suffix = ""): Operation[] => [
  reading(
    `tools/call search_sessions${suffix}`,
    FOUND,
    ...QUERIES.map((query) => calling("search_sessions", { query })),
  ),
  reading(
    `tools/call recall_context${suffix}`,
    PASSAGES,
    ...QUERIES.map((question) => calling("recall_context", { question })),
  ),
];

const reads: Operation[] = [
  // The sessions that other operations made are empty: left out, they would be read for nothing.
  reading("list of 10 sessions", 10, { path: "/api/sessions?limit=10&include_empty=true" }),
  // What it returns is the rows, and the one day of the session by which its usage is split.
  reading("page of 100 messages with parts", PAGE_ROWS + 1, {
    path: `/api/sessions/${LIVE}?messages_limit=100`,
  }),
  // An answer, the three tool calls before it, the next prompt and its first calls; a call has two parts.
  reading("message with 3 neighbours on each side", 7 + 2 * 5, {
    path: `/api/messages/${LIVE}-answer-5?session=${LIVE}&before=3&after=3`,
  }),
  reading("list of 10 sessions by tokens", 10, { path: "/api/sessions?limit=10&sort=tokens" }),
  reading("10 changes", 10, { path: "/api/changes?limit=10" }),
  reading("check of a key", 1, { path: "/api/me?counts=false" }),
  reading(`stats of ${DAYS} days`, DAYS, { path: `/api/stats?${lastDays}` }),
  searching("full-text search, limit 10", "fulltext"),
  asking("context of 5 passages"),
  reading("export of 10 sessions", EXPORTED.length * (1 + PAST_MESSAGES), {
    path: `/api/export?format=openai&sessionIds=${EXPORTED.join()}`,
  }),
  searchingLoud("full-text search past a loud session", "fulltext"),
  askingLoud("context past a loud session"),
  ...callingTools(),
];

/** Operations that can be measured without an embedding provider. */
export const operations: readonly Operation[] = [
  ...message,
  ...session,
  ...batch,
  ...reads,
  crowdedDay,
];

/** Prompts of an embedded burst; each is a unit. */
const UNITS = 10;

/** Scheduled operations that need an embedding provider. */
export const embeddingOperations: readonly Operation[] = [
  {
    name: `embedding of ${UNITS} new units`,
    items: UNITS,
    account: { background: ["embed:sessions", "embeddings:readWork", "embeddings:store"] },
    prepare: (world) => world.engine.settle(SILENCE_MS),
    run: async (world) => {
      const messages = Array.from({ length: UNITS }, () => ({
        ...newMessage(world),
        role: "user" as const,
      }));
      await world.send("/sync/batch", { messages });
    },
  },
];

/** Operations that search vectors; each request sends its query to be embedded. */
export const meaningOperations: readonly Operation[] = [
  searching("semantic search, limit 10", "semantic"),
  searching("hybrid search, limit 10", "hybrid"),
  asking("context of 5 passages, with embeddings"),
  searchingLoud("semantic search past a loud session", "semantic"),
  searchingLoud("hybrid search past a loud session", "hybrid"),
  askingLoud("context past a loud session, with embeddings"),
  ...callingTools(", with embeddings"),
];
