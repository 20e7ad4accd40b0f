import { beforeAll, afterAll, expect, test, vi } from "vitest";
import { api } from "../_generated/api";
import { formats } from "../exports";
import { keysOf } from "../lib/record";
import { conversation, deployment, emptyEnvironment, person, read, settle } from "../test.setup";
import type { Person } from "../test.setup";
import { answerExamples } from "../wire/answerExamples";
import { examples, type Example } from "../wire/examples";
import { PARTIAL_JSON } from "../wire/sessionView";
import { pause } from "../lib/pause";
import {
  answerOf,
  type Document,
  type Operation,
  operations,
  readDocument,
  validatorOf,
} from "./openapi.fixture";

/**
 * Records the answers of a run over HTTP — every endpoint, with its example and with what it refuses — and
 * compares each with the document: status, headers and body.
 */

/** An answer with the operation that gave it. */
type Recorded = {
  name: string;
  operation: Operation;
  status: number;
  type: string;
  headers: string[];
  text: string;
};

/** Headers of every answer, which the introduction of the document names. */
const COMMON = /^(?:content-type|cache-control|access-control-.*|x-request-id)$/;
/** Headers that keep browsers from running what a page or picture contains. */
const PAGES =
  /^(?:content-security-policy|x-content-type-options|x-frame-options|x-robots-tag|cross-origin-.*)$/;

let doc: Document;
const recorded: Recorded[] = [];
let errorsOf: ReturnType<typeof validatorOf>;

const routes = () => operations(doc);
const isSent = ({ operation }: { operation: Operation }) =>
  operation.operationId !== "receiveWorkosWebhook";
const isDocumented = (operation: Operation, status: number) =>
  answerOf(doc, operation, status) !== undefined;

function addressOf(path: string, { query = {}, param = "" }: Example): string {
  const search = new URLSearchParams(query).toString();
  return path.replace(/\{\w+\}/, encodeURIComponent(param)) + (search ? `?${search}` : "");
}

/** A media type as the document names it. */
const mediaType = (type: string) => (type === PARTIAL_JSON ? type : (type.split(";")[0] ?? ""));

type Fetch = (path: string, init?: RequestInit) => Promise<Response>;

/** Sends a request and records its answer. */
async function record(
  fetch: Fetch,
  { path, method, operation }: { path: string; method: string; operation: Operation },
  { headers, url, body }: { headers?: Record<string, string>; url: string; body?: unknown },
): Promise<Response> {
  const init = {
    method: method.toUpperCase(),
    headers: { "Content-Type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const answer = await fetch(url, init);
  recorded.push({
    name: `${method} ${path}`,
    operation,
    status: answer.status,
    type: mediaType(answer.headers.get("Content-Type") ?? ""),
    headers: Array.from(answer.headers.keys()),
    text: await answer.clone().text(),
  });
  return answer;
}

/** Every example, deletions last, because later ones read what earlier ones wrote. */
async function recordExamples(
  fetch: Fetch,
  ada: Person,
  slug: string,
  settled: () => Promise<void>,
) {
  const isLast = ({ method }: { method: string }) => Number(method === "delete");
  const headers = { Authorization: `Bearer ${ada.apiKey}` };
  for (const route of routes()
    .filter(isSent)
    .sort((a, b) => isLast(a) - isLast(b))) {
    const { body, ...example } = examples[route.operation.operationId] ?? {};
    const param = route.operation.operationId === "getShared" ? slug : example.param;
    const url = addressOf(route.path, { ...example, param });
    const answer = await record(fetch, route, { headers, url, body });
    expect([route.operation.operationId, answer.status]).toEqual([
      route.operation.operationId,
      200,
    ]);
    const tag = answer.headers.get("ETag");
    if (tag !== null && isDocumented(route.operation, 304)) {
      await record(fetch, route, { headers: { ...headers, "If-None-Match": tag }, url });
    }
    await settled();
  }
}

/** What each endpoint refuses, as far as its declaration says so. */
async function recordRefusals(fetch: Fetch, ada: Person) {
  const headers = { Authorization: `Bearer ${ada.apiKey}` };
  for (const route of routes().filter(isSent)) {
    const { operation, path } = route;
    const example = examples[operation.operationId] ?? {};
    const { body } = example;
    const url = addressOf(path, example);
    const more = url.includes("?") ? "&" : "?";
    if (isDocumented(operation, 401)) await record(fetch, route, { url, body });
    if (isDocumented(operation, 400)) {
      const isOpen = operation.security !== undefined || path.startsWith("/sync");
      const wrong = path.startsWith("/sync") ? "limit=many" : "after=1&after=2";
      await record(fetch, route, {
        ...{ headers, url: `${url}${more}${isOpen ? wrong : "zzqx=1"}` },
        body: path.startsWith("/sync") && body !== undefined ? {} : body,
      });
    }
    if (isDocumented(operation, 404))
      await record(fetch, route, { headers, ...missing(route, example) });
    if (isDocumented(operation, 413)) {
      const large = { ...headers, "Content-Length": "99999999" };
      await record(fetch, route, { headers: large, url, body });
    }
  }
}

/** A request for something that does not exist: by its path, by a parameter, or by a field. */
function missing({ path }: { path: string }, { query = {}, body }: Example) {
  const { id: _, sessionIds: __, ...others } = query;
  if (path.includes("{")) return { url: addressOf(path, { query: others, param: "none" }), body };
  if (body !== undefined) return { url: path, body: { id: "none" } };
  return { url: addressOf(path, { query: { ...others, id: "none" } }) };
}

/** Variants of requests that answer other fields than the examples. */
const VARIANTS: readonly [method: "get" | "post", path: string, url: string, body?: unknown][] = [
  ["get", "/api/sessions", "/api/sessions?sort=tokens&limit=1"],
  ["get", "/api/sessions", "/api/sessions?state=ended&include_empty=true"],
  ["get", "/api/sessions", "/api/sessions?view=compact"],
  ["get", "/api/sessions/{id}", "/api/sessions/long?fields=title,usage"],
  ["get", "/api/sessions/{id}", "/api/sessions/long?messages_limit=1"],
  ["get", "/api/sessions/{id}", "/api/sessions/long?order=desc"],
  ["get", "/api/messages/{id}", "/api/messages/long-1?before=1&after=1"],
  ["get", "/api/messages/{id}", "/api/messages/same"],
  ["get", "/api/changes", "/api/changes?limit=1"],
  ["get", "/api/search", "/api/search?q=zebra"],
  ["get", "/api/search", "/api/search?q=zebra&type=hybrid"],
  ["get", "/api/search", "/api/search?q=zebra&type=semantic"],
  ["post", "/api/search", "/api/search", { query: "zebra", type: "semantic" }],
  ["post", "/search", "/search", { query: "zebra", type: "semantic" }],
  ["get", "/search", "/search?q=zebra&type=semantic"],
  ["get", "/api/docs/search", "/api/docs/search?q=zebra&type=semantic"],
  ["get", "/api/context", "/api/context?q=zebra&format=messages"],
  ["get", "/api/context", "/api/context?q=zebra&format=json"],
  ["get", "/api/files", "/api/files?path=src/zebra.ts"],
  ["get", "/sync/sessions/list", "/sync/sessions/list?limit=1&detail=true"],
  ["get", "/sync/sessions/list", "/sync/sessions/list"],
  ["post", "/sync/session", "/sync/session", { externalId: "w", titel: "typo" }],
  ["post", "/sync/batch", "/sync/batch", { sessions: [{}, { externalId: "x", model: 5 }] }],
  ["post", "/api/sessions/bulk", "/api/sessions/bulk", { filter: { tag: "t" }, addTags: ["u"] }],
  ["post", "/api/sessions/bulk", "/api/sessions/bulk", { sessionIds: ["none"], delete: true }],
  ...keysOf(formats).flatMap((format): [method: "get", path: string, url: string][] => [
    ["get", "/api/export", `/api/export?all=true&format=${format}`],
    ["get", "/api/export", `/api/export?all=true&turns=multi&style=chat&format=${format}`],
    ["get", "/api/export", `/api/export?tag=none&format=${format}`],
  ]),
  ["get", "/api/export", "/api/export?session_ids=long,none"],
  ["get", "/s/{slug}", "/s/SLUG.json"],
  ["get", "/s/{slug}", "/s/SLUG.md"],
  ["get", "/api/stats", "/api/stats?tz=Europe/Berlin"],
  ["get", "/api/me", "/api/me?counts=false"],
];

async function recordVariants(
  fetch: Fetch,
  ada: Person,
  slug: string,
  settled: () => Promise<void>,
) {
  const headers = { Authorization: `Bearer ${ada.apiKey}` };
  for (const [method, path, url, body] of VARIANTS) {
    const route = routes().find((one) => one.method === method && one.path === path);
    if (route === undefined) throw new Error(`${method} ${path} is not in the document`);
    await record(fetch, route, { headers, url: url.replace("SLUG", slug), body });
    if (method === "post") await settled();
  }
}

/** Requests beyond the limits, of everything that is counted. */
async function recordLimits(fetch: Fetch, ada: Person, settled: () => Promise<void>) {
  const names = ["READ", "SEARCH", "EXPORT", "SYNC"];
  for (const name of names) vi.stubEnv(`RATE_LIMIT_${name}`, "1");
  const headers = { Authorization: `Bearer ${ada.apiKey}` };
  const counted = routes().filter(({ operation }) => isDocumented(operation, 429));
  for (let round = 0; round < 2; round++) {
    for (const route of counted) {
      const { body, ...example } = examples[route.operation.operationId] ?? {};
      await record(fetch, route, { headers, url: addressOf(route.path, example), body });
      if (round === 0) await settled();
    }
  }
  for (const name of names) vi.stubEnv(`RATE_LIMIT_${name}`, undefined);
}

/** A conversation with what others lack: tool calls, usage, an end, a tag, and a secret. */
async function storeConversations(ada: Person) {
  await ada.post("/sync/batch", examples.syncBatch?.body);
  const parts = [
    {
      type: "tool-call",
      content: { toolName: "Edit", toolCallId: "1", args: { path: "src/zebra.ts" } },
    },
    { type: "tool-result", content: { toolCallId: "1", result: ["done"] } },
    { type: "odd", text: "beside", more: [1] },
  ];
  const key = `AKIA${"Q3EGRIPLMZ7CXVNB"}`;
  const contents = [
    "Paint the zebra",
    { role: "assistant", text: `It is ${key}.`, parts },
    "Thanks",
  ];
  const fields = { title: "Zebra", projectName: "zoo", endReason: "done", cost: 1, model: "m" };
  await ada.post("/sync/batch", conversation("long", contents, fields));
  const usage = { promptTokens: 5, completionTokens: 7, model: "m", provider: "p" };
  await ada.post("/sync/message", {
    sessionExternalId: "long",
    externalId: "u",
    textContent: "Done",
    ...usage,
  });
  for (const session of ["a", "b"]) {
    const ids = { sessionExternalId: session, externalId: "same" };
    await ada.post("/sync/message", { ...ids, role: "user", textContent: "Same" });
  }
  const edit = { evalReady: true, evalStatus: "golden", evalTags: ["t"], evalNotes: "n" };
  await ada.send("PATCH", "/api/sessions/long", { ...edit, expectedOutput: "e" });
}

beforeAll(async () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 22, 12) });
  vi.spyOn(pause, "forMs").mockResolvedValue();
  emptyEnvironment();
  vi.stubEnv("JWKS", '{"keys":[]}');
  const t = deployment();
  const fetch: Fetch = (path, init) => t.fetch(path, init);
  doc = await readDocument(t);
  errorsOf = validatorOf(doc);
  const ada = await person(t);
  await storeConversations(ada);
  await settle(t);
  const { id } = await read<{ id: string }>(ada.get(`/api/sessions/${examples.getSession?.param}`));
  const shared = { sessionId: id, isPublic: true };
  const { publicSlug = "" } = await ada.dashboard.mutation(api.sessions.setVisibility, shared);
  await recordVariants(fetch, ada, publicSlug, () => settle(t));
  await recordExamples(fetch, ada, publicSlug, () => settle(t));
  vi.stubEnv("JWKS", undefined);
  await recordRefusals(fetch, ada);
  await recordLimits(fetch, await person(t, "bob@example.com"), () => settle(t));
}, 120_000);

afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test("more than a hundred answers are recorded, from every endpoint", () => {
  expect(recorded.length).toBeGreaterThan(100);
  const names = new Set(recorded.map(({ operation }) => operation.operationId));
  const all = routes().filter(isSent);
  expect(all.filter(({ operation }) => !names.has(operation.operationId))).toEqual([]);
});

test("every status that occurs is in the document", () => {
  const unknown = recorded.filter(({ operation, status }) => !isDocumented(operation, status));
  expect(unknown.map(({ name, status, text }) => [name, status, text])).toEqual([]);
});

/** Not provoked here: faults of ours and of WorkOS, and a message deleted while it is stored. */
const UNSEEN = ["500", "503", "409"];

test("every status in the document occurs", () => {
  const seen = new Set(
    recorded.map(({ operation, status }) => `${operation.operationId} ${status}`),
  );
  const missing = routes()
    .filter(isSent)
    .flatMap(({ operation }) =>
      Object.keys(operation.responses).map((status) => `${operation.operationId} ${status}`),
    )
    .filter((one) => !seen.has(one) && !UNSEEN.some((status) => one.endsWith(status)));
  expect(missing).toEqual([]);
  expect(seen).toContain("getMessage 409");
  expect(seen).toContain("searchByQuery 503");
});

test("every header that occurs is in the document, and those that are promised occur", () => {
  for (const { name, operation, status, headers, type } of recorded) {
    const declared = answerOf(doc, operation, status)?.headers ?? {};
    const known = new Set(Object.keys(declared).map((header) => header.toLowerCase()));
    const isPage = type === "text/html" || type === "image/svg+xml" || name.includes("/s/");
    const odd = headers.filter(
      (header) => !known.has(header) && !COMMON.test(header) && !(isPage && PAGES.test(header)),
    );
    expect([name, status, odd]).toEqual([name, status, []]);
    const promised = Object.keys(declared).filter((header) => declared[header]?.required);
    expect(headers).toEqual(
      expect.arrayContaining(["x-request-id", ...promised.map((header) => header.toLowerCase())]),
    );
  }
});

/** The values of a document: itself, or each line of it. */
const valuesOf = (text: string, isLines: boolean) =>
  isLines
    ? [text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as unknown]))]
    : [JSON.parse(text) as unknown];

test("every body matches its schema", () => {
  let compared = 0;
  for (const { name, operation, status, type, text } of recorded) {
    if (text === "") continue;
    const media = answerOf(doc, operation, status)?.content?.[type];
    expect([name, status, type, media]).not.toEqual([name, status, type, undefined]);
    const schema = media?.schema ?? {};
    const { contentSchema } = schema;
    if (contentSchema === undefined && schema.type === "string") continue;
    for (const value of valuesOf(text, contentSchema !== undefined)) {
      expect([name, status, errorsOf(contentSchema ?? schema, value)]).toEqual([name, status, []]);
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(100);
});

test("the example requests match the document, and the answers to them have the fields of the examples", () => {
  for (const { operation } of routes().filter(isSent)) {
    const { operationId: name, requestBody } = operation;
    const media = requestBody?.content["application/json"];
    const body = examples[name]?.body;
    if (media) expect([name, errorsOf(media.schema, body)]).toEqual([name, []]);
    const example = answerExamples[name];
    const answer = recorded
      .filter((one) => one.operation === operation && one.status === 200)
      .pop();
    if (example === undefined || answer === undefined) continue;
    const fields = (value: unknown) => Object.keys(value as object).sort();
    expect([name, fields(JSON.parse(answer.text))]).toEqual([
      name,
      expect.arrayContaining(fields(example)),
    ]);
  }
});
