import type * as z from "zod";
import { camelCase } from "../lib/caseNames";
import { answerExamples } from "./answerExamples";
import { schemaOf, type Components, type JsonSchema } from "./jsonSchema";
import { parametersOf } from "./parameters";
import { refusesUnknownNames, type Route } from "./route";

/** What an endpoint answers, as the OpenAPI document describes it. */

const text = { type: "string" };

/** Headers that several endpoints answer. */
export const HEADERS = {
  "X-Request-Id": { schema: text, description: "Identifies the request in the log." },
  "WWW-Authenticate": { schema: text, description: "`Bearer`; only with status 401." },
  "Retry-After": { schema: { type: "integer" }, description: "Seconds to wait, if known." },
  Deprecation: {
    schema: text,
    description:
      "When this path, or a parameter of the request, became deprecated (RFC 9745): `@<epoch seconds>`. See `docs/versions.md`.",
  },
  ETag: {
    schema: text,
    description: "Send it as `If-None-Match`; the answer is 304 while nothing has changed.",
  },
  RateLimit: {
    schema: text,
    description: 'Remaining requests, `"class";r=requests;t=seconds`, if a limit applies.',
  },
  "RateLimit-Policy": {
    schema: text,
    description: 'The limit, `"class";q=requests;w=seconds`, if one applies.',
  },
};

const headers = (...names: (keyof typeof HEADERS)[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

const described = (own: { readonly [name: string]: string }, more: object = {}) =>
  Object.fromEntries(
    Object.entries(own).map(([name, description]) => [
      name,
      { schema: text, description, ...more },
    ]),
  );

const isCounted = ({ limit, access }: Route) => limit !== "none" && access === "caller";
const LIMIT_HEADERS = ["RateLimit", "RateLimit-Policy"] as const;

/** Whether an answer of a route may have a `Deprecation` header. */
const hasOldNames = ({ deprecated, query, body, ...route }: Route) =>
  deprecated === true ||
  [query, refusesUnknownNames(route) ? body : undefined].some(
    (schema) => schema && parametersOf(schema).some(({ aliases }) => aliases.length > 0),
  );

/** The headers of a successful answer. */
const ownHeaders = (route: Route) => ({
  ...headers(
    "X-Request-Id",
    ...(route.isTagged ? (["ETag"] as const) : []),
    ...(isCounted(route) ? LIMIT_HEADERS : []),
    ...(hasOldNames(route) ? (["Deprecation"] as const) : []),
  ),
  ...described(route.headers ?? {}, { required: true }),
  ...described(route.someHeaders ?? {}),
});

/** The 304 answer of a route, without a body. */
export const unchanged = (route: Route) => ({
  description: "Not changed since the answer whose `ETag` was sent in `If-None-Match`.",
  headers: ownHeaders(route),
});

/** The 200 answer of a route: its headers, and its body in each media type. */
export function success(route: Route, components: Components) {
  const { answer, produces = {} } = route;
  return {
    description: "Success.",
    headers: ownHeaders(route),
    content: {
      ...documents(produces, components),
      ...(answer === undefined
        ? {}
        : { "application/json": jsonContent(route, answer, components) }),
    } as { [type: string]: unknown },
  };
}

function jsonContent({ name }: Route, answer: z.ZodType, components: Components) {
  const example = answerExamples[name];
  return {
    schema: schemaOf(answer, "output", components),
    ...(example === undefined ? {} : { example }),
  };
}

function documents(produces: NonNullable<Route["produces"]>, components: Components) {
  return Object.fromEntries(
    Object.entries(produces).map(([type, { json, lines }]) => {
      const schema: JsonSchema =
        json !== undefined
          ? schemaOf(json, "output", components)
          : lines === undefined
            ? { ...text }
            : linesOf(schemaOf(lines, "output", components));
      return [type, { schema }];
    }),
  );
}

/** JSON lines: a text whose decoded content is a list. */
function linesOf(line: JsonSchema): JsonSchema {
  return {
    ...text,
    description: "One JSON value on each line.",
    contentMediaType: "application/jsonl",
    contentSchema: { type: "array", items: line },
  };
}

/** The codes of the errors that a route can answer. */
function codesOf(route: Route): string[] {
  const isCaller = route.access === "caller";
  return [
    ...(route.query || route.body ? ["INVALID_REQUEST"] : []),
    ...(refusesUnknownNames(route) ? ["UNKNOWN_PARAMETER"] : []),
    ...(isCaller || route.rawBody ? ["UNAUTHORIZED"] : []),
    ...(route.path.includes(":") ? ["NOT_FOUND"] : []),
    ...(route.body || route.rawBody ? ["PAYLOAD_TOO_LARGE"] : []),
    ...(isCounted(route) ? ["RATE_LIMITED"] : []),
    "INTERNAL",
    // A token's account is made on its first request, which asks WorkOS.
    ...(isCaller ? ["UNAVAILABLE"] : []),
    ...(route.fails ?? []),
  ];
}

/** The errors a route can answer: one for each status, which `responses` collects. */
export function failures(
  route: Route,
  errors: { readonly [code: string]: number },
  responses: { [name: string]: object },
) {
  const possible = new Set(codesOf(route));
  const codes = Object.keys(errors).filter((code) => possible.has(code));
  const statuses = Array.from(new Set(codes.map((code) => errors[code] ?? 500))).sort();
  return Object.fromEntries(
    statuses.map((status) => {
      const own = codes.filter((code) => errors[code] === status);
      const name = own.map(nameOf).join("Or") + (isCounted(route) ? "" : "Uncounted");
      responses[name] ??= failure(status, own, isCounted(route));
      return [String(status), { $ref: `#/components/responses/${name}` }];
    }),
  );
}

/** `NOT_FOUND` as `NotFound`. */
function nameOf(code: string): string {
  const name = camelCase(code.toLowerCase());
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function failure(status: number, codes: string[], counted: boolean) {
  const [code = "INTERNAL"] = codes;
  const message = MESSAGES.get(status) ?? "Internal error";
  // Requests without a known caller are not counted, so a 401 has no limit headers.
  const limited = counted && status !== 401 ? LIMIT_HEADERS : [];
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
  [409, "The id is not unique, or the message is being deleted"],
  [413, "The body, or one item in it, is too large"],
  [429, "Too many requests; try again later"],
  [500, "Internal error"],
  [503, "Not available; try again later"],
]);
