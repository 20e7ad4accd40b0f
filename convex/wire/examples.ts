/** An example request that works as it is. */
export type Example = { query?: { [name: string]: string }; param?: string; body?: unknown };

const session = {
  externalId: "0f9c2f3e-9d5c-4b7e-8a53-1f6f5a2f8f01",
  source: "claude-code",
  title: "Fix the flaky upload test",
  projectPath: "/home/ada/opensync",
  projectName: "opensync",
  model: "claude-sonnet-4-5",
  promptTokens: 1200,
  completionTokens: 340,
  cost: 0.0123,
};
const message = {
  sessionExternalId: session.externalId,
  externalId: "msg-1",
  role: "user",
  textContent: "The upload test fails every tenth time. Why?",
};
const answer = {
  sessionExternalId: session.externalId,
  externalId: "msg-2",
  role: "assistant",
  parts: [
    { type: "text", content: "It races with the cleanup." },
    { type: "tool-call", content: { toolName: "Read", args: { file: "upload.test.ts" } } },
  ],
};

/**
 * An example for each route, by its name. Sent in the order of the document with deletions last,
 * each is answered with 200, because later examples read what earlier ones wrote. A test sends
 * them.
 */
export const examples: { readonly [name: string]: Example } = {
  syncSession: { body: session },
  syncMessage: { body: message },
  syncBatch: { body: { sessions: [session], messages: [message, answer] } },
  listExternalIds: { query: { limit: "100", detail: "true" } },
  listSessions: { query: { limit: "10", source: "claude-code" } },
  getMe: { query: { counts: "true" } },
  getChanges: { query: { limit: "100" } },
  getMessage: { param: message.externalId, query: { session: session.externalId, after: "1" } },
  getSession: { param: session.externalId, query: { messages_limit: "50" } },
  getSessionById: { query: { id: session.externalId } },
  search: { body: { query: "flaky upload test", type: "fulltext", limit: 5 } },
  searchByBody: { body: { query: "flaky upload test", limit: 5 } },
  searchByQueryAlias: { query: { q: "flaky upload test" } },
  searchByQuery: { query: { q: "flaky upload test", limit: "5" } },
  getFiles: { query: { path: "src/cart.ts" } },
  getContext: { query: { q: "why does the upload test fail", max_tokens: "500" } },
  exportSessions: { query: { id: session.externalId, format: "markdown" } },
  exportEvals: { query: { sessionIds: session.externalId, format: "deepeval" } },
  searchDocs: { query: { q: "how do I deploy", limit: "5" } },
  getStats: { query: { from: "2026-01-01" } },
  getWrapped: { param: "today.svg", query: { theme: "light" } },
  getShared: { param: "3kPz0Qm7uYw2sTf9bLxA1d" },
  updateSession: {
    param: session.externalId,
    body: { evalReady: true, evalStatus: "golden", evalTags: ["upload"] },
  },
  bulkSessions: { body: { sessionIds: [session.externalId], addTags: ["smoke"], dryRun: true } },
  exportByBody: { body: { sessionIds: [session.externalId], format: "markdown" } },
  updateMe: { body: { timeZone: "Europe/Berlin" } },
  deleteSession: { param: session.externalId },
};
