import * as z from "zod";
import { keysOf } from "../lib/record";
import { ErrorAnswer } from "./answers";
import { examples } from "./examples";
import { API_VERSION } from "./health";
import { failures, HEADERS, success, unchanged } from "./openapiAnswers";
import {
  headerParameters,
  pathParameters,
  queryParameters,
  requestBody,
  withExamples,
} from "./openapiInput";
import { schemaOf, type Components } from "./jsonSchema";
import type { Route } from "./route";

/** Error codes with their HTTP status (`errors.ts`). */
export type ErrorTable = { readonly [code: string]: number };

const INTRODUCTION = [
  "Stores sessions of AI coding tools that plugins send, and lets people and programs search, read and export them.",
  "Every answer has `X-Request-Id`, `Cache-Control` and CORS headers, and all errors have the same body. A path answers methods that it does not have with 405 and `Allow`.",
  "Every `GET` endpoint also answers `HEAD`. Unknown parameters are refused (`UNKNOWN_PARAMETER`), except by `/sync/*`, which ignores unknown fields of plugins, and by open pages.",
  "Parameters are named in snake_case and JSON fields in camelCase; each is accepted in both. A list is repeated or separated by commas. Answers may get further fields, and enumerations further values, at any time.",
].join("\n");

/** The groups of operations, with the beginnings of their paths after `/api`. */
const TAGS = {
  sync: { about: "Plugins send sessions and messages.", paths: ["/sync"] },
  sessions: { about: "Lists, reads and changes sessions.", paths: ["/sessions", "/messages"] },
  changes: { about: "Follows what happens to sessions.", paths: ["/changes"] },
  search: {
    about: "Finds sessions, messages, files and documentation.",
    paths: ["/search", "/context", "/files", "/docs"],
  },
  export: { about: "Exports sessions, also as evaluation data.", paths: ["/export"] },
  statistics: { about: "Sums tokens and cost.", paths: ["/stats", "/wrapped"] },
  account: { about: "Shows whose key it is, and its limits.", paths: ["/me"] },
  sharing: { about: "Shows shared sessions to everyone.", paths: ["/s/"] },
  service: {
    about: "Describes the deployment.",
    paths: ["/health", "/openapi.json", "/.well-known", "/webhooks"],
  },
} as const;

/** The group of an operation. */
function tagOf({ path }: Route): string {
  const own = path.replace(/^\/api/, "");
  return (
    keysOf(TAGS).find((tag) => TAGS[tag].paths.some((one) => own.startsWith(one))) ?? "service"
  );
}

/**
 * Generates the OpenAPI 3.1 document of these routes. It is derived from the declarations that
 * parse and answer the requests, so it always matches the server.
 */
export function openApiDocument(routes: readonly Route[], server: string, errors: ErrorTable) {
  const components: Components = new Map();
  const responses: { [name: string]: object } = {};
  schemaOf(ErrorAnswer, "output", components);
  describeCodes(components, errors);
  const paths = new Map<string, { [method: string]: unknown }>();
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    const operations = paths.get(path) ?? {};
    operations[route.method.toLowerCase()] = operation(route, components, responses, errors);
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
    tags: keysOf(TAGS).map((name) => ({ name, description: TAGS[name].about })),
    security: [{ bearer: [] }, { apiKey: [] }, { basic: [] }],
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: SECURITY,
      headers: HEADERS,
      responses,
      schemas: Object.fromEntries(components),
    },
  };
}

const SECURITY = {
  apiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "An API key." },
  basic: { type: "http", scheme: "basic", description: "An API key as user or password." },
  bearer: {
    type: "http",
    scheme: "bearer",
    description: "An API key (`osk_…`), or a token of Convex Auth or WorkOS AuthKit.",
  },
};

/** Names the known codes of errors. They stay open, because there may be further ones. */
function describeCodes(components: Components, errors: ErrorTable): void {
  const code = components.get("Error")?.properties?.["code"];
  if (code === undefined) return;
  code.examples = Object.keys(errors);
  code.description = "Why, for programs. `docs/api.md` says what to do about each.";
}

function operation(
  route: Route,
  components: Components,
  responses: { [name: string]: object },
  errors: ErrorTable,
) {
  const example = examples[route.name];
  const parameters = [
    ...pathParameters(route),
    ...queryParameters(route, components),
    ...headerParameters(route),
  ];
  const body = requestBody(route, components);
  const { description, deprecated } = route;
  return {
    operationId: route.name,
    summary: route.summary,
    ...(description === undefined ? {} : { description }),
    ...(deprecated === undefined ? {} : { deprecated }),
    tags: [tagOf(route)],
    ...(route.access === "public" ? { security: [] } : {}),
    ...(parameters.length > 0 ? { parameters: withExamples(parameters, example?.query) } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: {
      "200": success(route, components),
      ...(canBeUnchanged(route) ? { "304": unchanged(route) } : {}),
      ...failures(route, errors, responses),
    },
  };
}

/** Whether a route answers 304: it has tags, and is read by GET. */
const canBeUnchanged = ({ isTagged, method }: Route) => isTagged === true && method === "GET";

/** The answer of `GET /openapi.json`, described no further. */
export const OpenApiAnswer = z.looseObject({
  openapi: z.literal("3.1.0").meta({ description: "The version of OpenAPI." }),
  info: z
    .looseObject({
      title: z.string().meta({ description: "The name of the API." }),
      version: z.string().meta({ description: "The version of the API." }),
    })
    .meta({ description: "What the document describes." }),
  paths: z.record(z.string(), z.unknown()).meta({ description: "Operations by path." }),
});
