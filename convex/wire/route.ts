import type * as z from "zod";
import type { LimitClass } from "../lib/enums";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Items that one list of a body may hold; more are refused before they are parsed. */
export const LISTED_ITEMS_MAX = 20_000;

/**
 * One endpoint of the HTTP API, declared: everything the wrapper (`http/endpoint.ts`), the router
 * (`http.ts`) and the OpenAPI document need to know of it. `:name` in the path is a parameter; only
 * the last segment may be one (Convex routes by exact path or prefix).
 */
export type Route<Query extends z.ZodType = z.ZodType, Body extends z.ZodType = z.ZodType> = {
  method: Method;
  path: `/${string}`;
  /** Name in the OpenAPI document (`operationId`). */
  name: string;
  summary: string;
  /** `public` needs no credentials. */
  access: "public" | "caller";
  /** Which rate limit a request counts against; `none` for what must never be refused. */
  limit: LimitClass | "none";
  query?: Query;
  body?: Body;
  /** Fields of the body that are long lists, whose items are parsed one at a time (`lib/jsonBytes.ts`). */
  listedItems?: readonly string[];
  /** 404 where the deployment is not set up for it. */
  mayBeAbsent?: true;
  /** Media type of a body that the handler reads itself, because its exact text matters. */
  rawBody?: string;
  /** The body of a 200 answer; absent where it is no JSON. */
  answer?: z.ZodType;
  /** Media types of a 200 answer that is no JSON. */
  produces?: readonly string[];
};

/** Keeps the precise types of a declaration. */
export function route<Query extends z.ZodType, Body extends z.ZodType>(
  declaration: Route<Query, Body>,
): Route<Query, Body> {
  return declaration;
}
