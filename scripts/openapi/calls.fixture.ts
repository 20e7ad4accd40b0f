/**
 * Calls in TypeScript, as a client writes them with types generated from the OpenAPI document: those that
 * compile, and mistakes that do not.
 */

/** A client over the generated types. */
export const CLIENT = `
import type { components, paths } from "./api";

type Operations<M extends string> = {
  [P in keyof paths]: paths[P] extends { [m in M]: infer O } ? ([O] extends [undefined] ? never : P) : never;
}[keyof paths];
type Operation<M extends string, P extends keyof paths> = paths[P] extends { [m in M]: infer O } ? O : never;
type Parameters<O> = O extends { parameters: infer All } ? All : never;
type Query<O> = Parameters<O> extends { query: infer Q } ? { query: Q } : Parameters<O> extends { query?: infer Q } ? { query?: Q } : object;
type Path<O> = Parameters<O> extends { path: infer Values } ? { path: Values } : object;
type Body<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? { body: B } : object;
type Input<O> = Query<O> & Path<O> & Body<O>;
type Answer<O> = O extends { responses: { 200: { content: infer C } } }
  ? C extends { "application/json": infer A } ? A : C[keyof C]
  : never;

type Call<M extends string> = <P extends Operations<M>>(
  path: P,
  input: Input<Operation<M, P>>,
) => Promise<Answer<Operation<M, P>>>;
export declare const get: Call<"get">;
export declare const post: Call<"post">;
export declare const patch: Call<"patch">;
export declare const remove: Call<"delete">;
export type Schemas = components["schemas"];
`;

export const GOOD = [
  'post("/sync/session", { body: { externalId: "s" } })',
  'post("/sync/session", { body: { externalId: "s", title: "T", promptTokens: 5, createdAt: 1 } })',
  'post("/sync/session", { body: { sessionId: "s", createdAt: "2026-01-01T00:00:00Z" } })',
  'post("/sync/message", { body: { sessionExternalId: "s", externalId: "m", role: "user", textContent: "Hi" } })',
  'post("/sync/message", { body: { sessionExternalId: "s", externalId: "m", parts: ["Hi", { type: "tool-call", content: { toolName: "Read" } }] } })',
  'post("/sync/message", { body: { sessionExternalId: "s", externalId: "m", parts: [{ type: "my-own", content: [1], extra: true }] } })',
  'post("/sync/batch", { body: { sessions: [{ externalId: "s" }] } })',
  'post("/sync/batch", { body: { sessions: null, messages: [{ sessionExternalId: "s", externalId: "m" }] } })',
  'get("/sync/sessions/list", { query: { limit: 5, detail: true } }).then(({ sessions = [] }) => sessions.map((one) => one.messageCount.toFixed()))',
  'get("/api/me", {}).then(({ limits }) => limits.read.perMinute?.toFixed())',
  'get("/api/sessions", { query: { limit: 10, sort: "tokens", state: "active", tag: ["a"] } }).then(({ sessions, cursor }) => [sessions[0]?.evalStatus === "golden", cursor?.length])',
  'get("/api/sessions/{id}", { path: { id: "s" }, query: { order: "desc" } }).then(({ messages }) => messages[0]?.role === "tool")',
  'get("/api/sessions/{id}", { path: { id: "s" } }).then(({ messages }) => messages.flatMap(({ parts }) => parts.map((part: Schemas["Part"]) => part.type.length)))',
  'get("/api/messages/{id}", { path: { id: "m" }, query: { before: 2 } }).then(({ message, hasAfter }) => hasAfter && message.createdAt + 1)',
  'get("/api/changes", { query: { cursor: "c" } }).then(({ changes }) => changes.map((one) => (one.type === "upsert" ? one.session.title : one.id)))',
  'post("/api/search", { body: { query: "flaky", type: "hybrid", role: "user" } }).then(({ results }) => results[0]?.highlights[0]?.[1].toFixed())',
  'get("/api/context", { query: { q: "why", max_tokens: 500, format: "messages" } }).then(({ messages = [] }) => messages.map((one) => one.content))',
  'patch("/api/sessions/{id}", { path: { id: "s" }, body: { evalStatus: null, addTags: ["a"] } })',
  'post("/api/sessions/bulk", { body: { sessionIds: ["a"], removeTags: ["x"], dryRun: true } }).then(({ results }) => results[0]?.outcome === "not_found")',
  'remove("/api/sessions/{id}", { path: { id: "s" } }).then(({ ok }) => ok)',
  'get("/api/stats", { query: { from: "2026-01-01", tz: "Europe/Berlin" } }).then(({ byModel }) => byModel[0]?.lastActiveAt.toFixed())',
  'get("/api/export", { query: { format: "deepeval", turns: "multi", session_ids: ["a"] } }).then((all) => (Array.isArray(all) ? all[0]?.comments : "sessions" in all))',
  'post("/api/export", { body: { format: "openai", style: "chat", sessionIds: ["a"] } })',
];

export const BAD = [
  'post("/sync/session", { body: {} })',
  'post("/sync/session", { body: [42] })',
  'post("/sync/session", { body: { externalId: 5 } })',
  'post("/sync/session", { body: { externalId: "s", promptTokens: "many" } })',
  'post("/sync/session", { body: { title: "no id" } })',
  'post("/sync/message", { body: { externalId: "m" } })',
  'post("/sync/message", { body: { sessionExternalId: "s", externalId: "m", parts: [{ content: "no type" }] } })',
  'post("/sync/message", { body: { sessionExternalId: "s", externalId: "m", textcontent: "typo" } })',
  'post("/sync/batch", { body: {} })',
  'post("/sync/batch", { body: { sessions: [{}] } })',
  'post("/sync/batch", { body: { sessions: [42] } })',
  'get("/api/session", {})',
  'get("/api/sessions", { query: { projekt: "p" } })',
  'get("/api/sessions", { query: { sort: "biggest" } })',
  'get("/api/sessions/{id}", {})',
  'get("/api/messages/{id}", { path: { id: "m" }, query: { before: "two" } })',
  'post("/api/search", { body: {} })',
  'post("/api/search", { body: [42] })',
  'post("/api/search", { body: { query: "x", type: "fuzzy" } })',
  'get("/api/context", { query: { max_tokens: 5 } })',
  'patch("/api/sessions/{id}", { path: { id: "s" }, body: { evalStatus: "excellent" } })',
  'patch("/api/sessions/{id}", { path: { id: "s" }, body: { evalTags: "a" } })',
  'post("/api/sessions/bulk", { body: {} })',
  'remove("/api/sessions", {})',
  'get("/api/stats", { query: { branch: "main" } })',
  'get("/api/export", { query: { format: "excel" } })',
  'get("/api/changes", {}).then(({ changes }) => changes.map((one) => one.session))',
  'get("/api/me", {}).then(({ limit }) => limit)',
];
