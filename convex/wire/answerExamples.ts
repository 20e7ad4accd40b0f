import { API_VERSION, CAPABILITIES } from "./health";

/** What the example requests (`examples.ts`) are answered, shortened. A test compares them. */

const AT = 1_764_412_800_000;
const ids = {
  session: "ks7038h4jqjtjbyggrztpqqx60t50q6j",
  user: "m97038h4jqjytyqf4f460pgccmv17vc1",
  assistant: "m97038h4jqk2vvyjb58csxkwswnhwa6b",
};
const externalId = "0f9c2f3e-9d5c-4b7e-8a53-1f6f5a2f8f01";
const title = "Fix the flaky upload test";
const source = "claude-code";

const session = {
  id: ids.session,
  _id: ids.session,
  externalId,
  source,
  title,
  projectPath: "/home/ada/opensync",
  projectName: "opensync",
  model: "claude-sonnet-4-5",
  promptTokens: 1200,
  completionTokens: 340,
  totalTokens: 1540,
  cost: 0.0123,
  reported: ["promptTokens", "completionTokens", "cost"],
  messageCount: 2,
  secrets: [],
  isPublic: false,
  evalReady: false,
  evalTags: [],
  createdAt: AT,
  updatedAt: AT,
  changedAt: AT,
  lastMessageAt: AT + 1_000,
  state: "quiet",
};
const question = {
  id: ids.user,
  _id: ids.user,
  externalId: "msg-1",
  role: "user",
  textContent: "The upload test fails every tenth time. Why?",
  createdAt: AT,
  parts: [],
};
const reply = {
  id: ids.assistant,
  _id: ids.assistant,
  externalId: "msg-2",
  role: "assistant",
  textContent: "It races with the cleanup.",
  createdAt: AT + 1_000,
  parts: [
    { type: "text", content: "It races with the cleanup." },
    { type: "tool-call", content: { toolName: "Read", args: { file: "upload.test.ts" } } },
  ],
};
const withMessages = { ...session, session, messages: [question, reply], messagesCursor: null };

const found = {
  results: [
    {
      ...session,
      sessionId: ids.session,
      messageId: ids.user,
      project: "opensync",
      snippet: "The upload test fails every tenth time. Why?",
      highlights: [
        [4, 10],
        [11, 15],
      ],
      score: 0.82,
      matchedIn: ["fulltext"],
    },
  ],
  type: "fulltext",
  facets: {
    project: [{ value: "opensync", count: 1 }],
    source: [{ value: source, count: 1 }],
    model: [{ value: "claude-sonnet-4-5", count: 1 }],
  },
  degraded: false,
  truncated: false,
};

const sums = {
  messages: 2,
  promptTokens: 1200,
  completionTokens: 340,
  totalTokens: 1540,
  cost: 0.0123,
};
const totals = { sessions: 1, ...sums, durationMs: 0 };
const split = { ...totals, lastActiveAt: AT };
const tally = { inserted: 1, updated: 0, skipped: 0 };
const edited = {
  ...session,
  evalReady: true,
  evalStatus: "golden",
  evalTags: ["upload"],
  reviewedAt: AT,
};

/** An example answer by the name of its route. */
export const answerExamples: { readonly [name: string]: unknown } = {
  health: { status: "ok", version: API_VERSION, timestamp: AT, capabilities: CAPABILITIES },
  syncSession: { ok: true, sessionId: ids.session },
  syncMessage: { ok: true, messageId: ids.user, sessionId: ids.session },
  syncBatch: {
    ok: true,
    sessions: 1,
    messages: 2,
    errors: [],
    results: { sessions: tally, messages: { ...tally, inserted: 2 } },
  },
  listExternalIds: {
    sessionIds: [externalId],
    sessions: [
      {
        ...{ externalId, source, sessionId: ids.session, messageCount: 2, updatedAt: AT },
        lastMessageAt: AT + 1_000,
      },
    ],
    cursor: null,
  },
  getMe: {
    address: "ada@example.com",
    name: null,
    key: { prefix: "osk_3kPz", name: null, createdAt: AT },
    limits: {
      sync: { perMinute: null },
      read: { perMinute: 600 },
      search: { perMinute: 300 },
      export: { perMinute: 120 },
    },
    counts: { sessions: 1, messages: 2 },
    timeZone: "UTC",
    embeddings: false,
  },
  updateMe: { timeZone: "Europe/Berlin" },
  listSessions: { sessions: [session], cursor: null },
  getSession: withMessages,
  getSessionById: withMessages,
  getMessage: {
    ...{ message: question, session, sessionId: ids.session, messages: [question, reply] },
    ...{ hasBefore: false, hasAfter: false },
  },
  getChanges: {
    changes: [{ type: "upsert", id: ids.session, at: AT, session }],
    cursor: "WzE3NjQ0MTI4MDAwMDAsMTc2NDQxMjgwMDAwMCwwLCIiXQ",
    hasMore: false,
    reset: false,
  },
  search: found,
  searchByBody: found,
  searchByQuery: found,
  searchByQueryAlias: found,
  getContext: {
    context: [
      {
        ...{ citation: 1, sessionId: ids.session, externalId, messageId: ids.user, title },
        ...{ project: "opensync", source, createdAt: AT, score: 0.8 },
        content: "User: The upload test fails every tenth time. Why?",
      },
    ],
    text: "[1] Fix the flaky upload test\nUser: The upload test fails every tenth time. Why?",
    sessionCount: 1,
    tokens: 40,
    degraded: false,
  },
  getFiles: {
    path: "src/cart.ts",
    sessions: [],
    truncated: false,
  },
  updateSession: { ...edited, session: edited },
  bulkSessions: {
    dryRun: true,
    results: [{ id: externalId, sessionId: ids.session, externalId, outcome: "updated" }],
    counts: { updated: 1 },
    cursor: null,
  },
  deleteSession: { ok: true, sessionId: ids.session },
  getStats: {
    timeZone: "UTC",
    sessionCount: 1,
    messageCount: 2,
    promptTokens: 1200,
    completionTokens: 340,
    totalTokens: 1540,
    totalCost: 0.0123,
    totalDurationMs: 0,
    modelUsage: { "claude-sonnet-4-5": { tokens: 1540, cost: 0.0123, sessions: 1 } },
    totals,
    byModel: [{ model: "claude-sonnet-4-5", ...split }],
    byProvider: [{ provider: "anthropic", ...split }],
    bySource: [{ source, ...split }],
    byProject: [{ project: "opensync", ...split }],
    byTool: [{ tool: "Read", calls: 1, errors: 0 }],
    byDay: [{ date: "2026-01-22", ...totals }],
    byHour: [{ hour: 12, ...totals }],
  },
  searchDocs: { results: [], type: "fulltext", degraded: false },
  openidConfiguration: {
    issuer: "https://<name>.convex.site",
    jwks_uri: "https://<name>.convex.site/.well-known/jwks.json",
    authorization_endpoint: "https://<name>.convex.site/oauth/authorize",
  },
  jwks: { keys: [] },
  receiveWorkosWebhook: { ok: true },
};
