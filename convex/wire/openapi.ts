import * as z from "zod";
import { ErrorAnswer } from "./answers";
import { examples } from "./examples";
import { API_VERSION } from "./health";
import { pathParameters, queryParameters, requestBody, withExamples } from "./openapiInput";
import { schemaOf, type Components } from "./jsonSchema";
import { refusesUnknownNames, type Route } from "./route";

/** Error codes with their HTTP status (`errors.ts`). */
type ErrorTable = { readonly [code: string]: number };

const INTRODUCTION = [
  "Stores sessions of AI coding tools that plugins send, and lets people and programs search, read and export them.",
  "Every answer has `X-Request-Id` and CORS headers, and all errors have the same body.",
  "Every `GET` endpoint also answers `HEAD`. Unknown parameters are refused (`UNKNOWN_PARAMETER`), except by `/sync/*`, which ignores unknown fields of plugins, and by open pages.",
  "Parameters are named in snake_case and JSON fields in camelCase; each is accepted in both. A list is repeated or separated by commas.",
].join("\n");

/**
 * Generates the OpenAPI 3.1 document of these routes. It is derived from the declarations that
 * parse and answer the requests, so it always matches the server.
 */
export function openApiDocument(routes: readonly Route[], server: string, errors: ErrorTable) {
  const components: Components = new Map();
  schemaOf(ErrorAnswer, "output", components);
  describeCodes(components, errors);
  const paths = new Map<string, { [method: string]: unknown }>();
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    const operations = paths.get(path) ?? {};
    operations[route.method.toLowerCase()] = operation(route, components, errors);
    paths.set(path, operations);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "OpenSync",
      version: API_VERSION,
      description: INTRODUCTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: server }],
    security: [{ bearer: [] }, { apiKey: [] }, { basic: [] }],
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "An API key." },
        basic: { type: "http", scheme: "basic", description: "An API key as user or password." },
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "An API key (`osk_…`), or a token of Convex Auth or WorkOS AuthKit.",
        },
      },
      headers: HEADERS,
      schemas: Object.fromEntries(components),
    },
  };
}

/** Names the known codes of errors. They stay open, because there may be further ones. */
function describeCodes(components: Components, errors: ErrorTable): void {
  const code = components.get("Error")?.properties?.["code"];
  if (code === undefined) return;
  code.examples = Object.keys(errors);
  code.description = "Why, for programs. `docs/api.md` says what to do about each.";
}

const text = { type: "string" };
const HEADERS = {
  "X-Request-Id": { schema: text, description: "Identifies the request in the log." },
  "WWW-Authenticate": { schema: text, description: "`Bearer`; only with status 401." },
  "Retry-After": { schema: { type: "integer" }, description: "Seconds to wait." },
  ETag: { schema: text, description: "Send it as `If-None-Match` to ask for what changed." },
  RateLimit: {
    schema: text,
    description: 'Remaining requests, `"class";r=requests;t=seconds`, if a limit applies.',
  },
  "RateLimit-Policy": { schema: text, description: 'The limit, `"class";q=requests;w=seconds`.' },
};

const headers = (...names: (keyof typeof HEADERS)[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

function operation(route: Route, components: Components, errors: ErrorTable) {
  const example = examples[route.name];
  const parameters = [...pathParameters(route), ...queryParameters(route, components)];
  const body = requestBody(route, components);
  return {
    operationId: route.name,
    summary: route.summary,
    tags: [tagOf(route)],
    ...(route.access === "public" ? { security: [] } : {}),
    ...(parameters.length > 0 ? { parameters: withExamples(parameters, example?.query) } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: {
      "200": success(route, components),
      ...(canBeKnown(route) ? { "304": KNOWN } : {}),
      ...failures(route, errors),
    },
  };
}

/** Groups operations by the noun of their path; `sync` paths form one group. */
function tagOf({ path }: Route): string {
  const [first = "", second = first] = path
    .split("/")
    .filter((part) => part !== "api")
    .slice(1);
  return first === "sync" ? "sync" : first || second;
}

/** Whether a route answers 304: it has tags, and is read by GET. */
const canBeKnown = ({ isTagged, method }: Route) => isTagged === true && method === "GET";

const KNOWN = {
  description: "Not changed since the answer whose `ETag` was sent in `If-None-Match`.",
  headers: headers("X-Request-Id", "ETag"),
};

function success(route: Route, components: Components) {
  const { answer, produces = [] } = route;
  const documents = produces.map((type) => [mediaType(type), { schema: documentSchema(type) }]);
  const json = answer
    ? [["application/json", { schema: schemaOf(answer, "output", components) }]]
    : [];
  const counted = isCounted(route) ? (["RateLimit", "RateLimit-Policy"] as const) : [];
  return {
    description: "Success.",
    headers: {
      ...headers("X-Request-Id", ...(route.isTagged ? (["ETag"] as const) : []), ...counted),
      ...described(route.headers ?? {}),
    },
    content: Object.fromEntries([...documents, ...json]) as { [type: string]: unknown },
  };
}

const described = (own: { readonly [name: string]: string }) =>
  Object.fromEntries(
    Object.entries(own).map(([name, description]) => [name, { schema: text, description }]),
  );

const mediaType = (type: string) => type.split(";")[0] ?? type;

/** The schema of a document: any JSON for JSON, text for other types. */
const documentSchema = (type: string) => (mediaType(type) === "application/json" ? {} : text);

const isCounted = ({ limit, access }: Route) => limit !== "none" && access === "caller";

/** The errors a route can answer: one entry per status, with its codes. */
function failures(route: Route, errors: ErrorTable) {
  const takesInput = Boolean(route.query ?? route.body) || refusesUnknownNames(route);
  const statuses = [
    ...(takesInput ? [400] : []),
    ...(route.access === "caller" || route.rawBody ? [401] : []),
    ...(route.path.includes(":") || route.query || route.mayBeAbsent ? [404] : []),
    ...(route.mayConflict ? [409] : []),
    ...(route.body ? [413] : []),
    ...(isCounted(route) ? [429] : []),
    ...[500, 503],
  ];
  return Object.fromEntries(
    statuses.map((status) => [String(status), failure(status, codesOf(status, errors))]),
  );
}

function codesOf(status: number, errors: ErrorTable): string[] {
  return Object.keys(errors).filter((code) => errors[code] === status);
}

function failure(status: number, codes: string[]) {
  const [code = "INTERNAL"] = codes;
  const message = MESSAGES.get(status) ?? "Internal error";
  const limited = status === 429 ? (["RateLimit", "RateLimit-Policy"] as const) : [];
  const retry = status === 429 || status === 503 ? (["Retry-After"] as const) : [];
  const challenge = status === 401 ? (["WWW-Authenticate"] as const) : [];
  return {
    description: `${message} (${codes.join(", ")}).`,
    headers: headers("X-Request-Id", ...challenge, ...retry, ...limited),
    content: {
      "application/json": {
        schema: { $ref: "#/components/schemas/Error" },
        example: { error: message, message, code, requestId: "5f0c2d9a41b84e77" },
      },
    },
  };
}

const MESSAGES: ReadonlyMap<number, string> = new Map([
  [400, "Invalid request"],
  [401, "This API key or token is unknown, revoked or expired"],
  [404, "Not found"],
  [409, "The id is not unique"],
  [413, "The body, or one message in it, is too large"],
  [429, "Too many requests; try again later"],
  [500, "Internal error"],
  [503, "Not available; try again later"],
]);

/** The answer of `GET /openapi.json`, described no further. */
export const OpenApiAnswer = z.looseObject({
  openapi: z.literal("3.1.0"),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(z.string(), z.unknown()),
});
