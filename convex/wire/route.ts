import type * as z from "zod";
import type { LimitClass } from "../lib/enums";
import type { Warning } from "./warnings";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** The most items in one list of a body; longer lists are rejected before they are parsed. */
export const LISTED_ITEMS_MAX = 20_000;

/** Descriptions of headers by their names. */
type Headers = { readonly [name: string]: string };

/**
 * The declaration of one endpoint of the HTTP API, used by the wrapper (`http/endpoint.ts`), the
 * router (`http.ts`) and the OpenAPI document. `:name` in the path is a parameter. Only the last
 * segment may be one, because Convex routes by exact path or prefix.
 */
export type Route<Query extends z.ZodType = z.ZodType, Body extends z.ZodType = z.ZodType> = {
  method: Method;
  path: `/${string}`;
  /** The `operationId` in the OpenAPI document. */
  name: string;
  summary: string;
  /** What a reader should know beyond the summary, as Markdown. */
  description?: string;
  /** Whether the endpoint is served for older clients only. */
  deprecated?: true;
  /** Whether the endpoint needs credentials: `public` does not. */
  access: "public" | "caller";
  /** The limit class that a request counts against; `none` for requests that must never be rejected. */
  limit: LimitClass | "none";
  query?: Query;
  body?: Body;
  /** What the last segment of the path is, if it is a parameter. */
  param?: string;
  /** Lists the fields of a body that will be ignored; with `Prefer: handling=strict` that is an error. */
  warningsOf?: (body: unknown) => Warning[];
  /** Long lists in the body, whose items are parsed one at a time (`lib/jsonBytes.ts`). */
  listedItems?: readonly string[];
  /** Whether answers have an `ETag`, so that a client may ask for what changed (304). */
  isTagged?: true;
  /** Errors that do not follow from the rest of the declaration. */
  fails?: readonly ("NOT_FOUND" | "CONFLICT" | "UNAVAILABLE" | "EMBEDDINGS_NOT_CONFIGURED")[];
  /** Headers of every 200 answer, besides the usual ones. */
  headers?: Headers;
  /** Headers that some 200 answers have. */
  someHeaders?: Headers;
  /** Headers that a request may have. */
  requestHeaders?: Headers;
  /** Media type of a body that the handler parses itself, because its exact text matters. */
  rawBody?: string;
  /** The body of a 200 answer, if it is JSON. */
  answer?: z.ZodType;
  /** Media types of a 200 answer that is not the JSON of `answer`, with their schemas if they have one. */
  produces?: Documents;
};

/**
 * Documents that an endpoint answers, by media type: any JSON or text, one JSON document of a schema, or
 * JSON lines of a schema.
 */
export type Documents = {
  readonly [mediaType: string]: { json?: z.ZodType; lines?: z.ZodType };
};

/** The header that leads to the next page. */
export const NEXT_LINK = { Link: '`<…>; rel="next"`: the next page. Not on the last one.' };

/**
 * Whether a route refuses parameters and fields that it does not know. Plugins cannot be corrected, and
 * links to open pages grow parameters on their way (`utm_source`); everyone else must not be answered
 * with more than they asked for.
 */
export function refusesUnknownNames({
  access,
  limit,
  rawBody,
}: Pick<Route, "access" | "limit" | "rawBody">): boolean {
  return access === "caller" && limit !== "sync" && rawBody === undefined;
}

/** Preserves the precise types of a declaration. */
export function route<Query extends z.ZodType, Body extends z.ZodType>(
  declaration: Route<Query, Body>,
): Route<Query, Body> {
  return declaration;
}
