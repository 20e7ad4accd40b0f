import type * as z from "zod";
import { AppError } from "../errors";
import { faultOf } from "../wire/fields";
import { documentedName, type Place, readNames } from "../wire/parameters";
import { refusesUnknownNames, type Route } from "../wire/route";
import type { Warning } from "../wire/warnings";
import { readJsonObject } from "./body";

/** Reads the path, query and body of a request by the declaration of its route. */

type Input<Query extends z.ZodType, Body extends z.ZodType> = {
  query: z.output<Query>;
  body: z.output<Body>;
  param: string;
  /** Fields of the body that will be ignored. */
  warnings: Warning[];
  /** Whether the client wants warnings to be errors (`Prefer: handling=strict`, RFC 7240). */
  isStrict: boolean;
  /** Whether a parameter was sent under a name that is documented as deprecated. */
  usesOldNames: boolean;
};

/**
 * Parses a request, or throws what is wrong with it. Names are judged before values, because a filter
 * that is ignored would answer with more than was asked for.
 */
export async function readInput<Query extends z.ZodType, Body extends z.ZodType>(
  route: Route<Query, Body>,
  request: Request,
  beforeLarge: (() => Promise<unknown>) | undefined,
): Promise<Input<Query, Body>> {
  const url = new URL(request.url);
  const param = readParam(route, url.pathname);
  const query = parseQuery(route, url.searchParams);
  const body = route.body ? await readJsonObject(request, route.listedItems, { beforeLarge }) : {};
  const isStrict = prefersStrict(request);
  const warnings = route.warningsOf?.(body) ?? [];
  const parsed = readBody(route, body);
  if (isStrict) refuseWarnings(warnings);
  const usesOldNames = query.usesOldNames || parsed.usesOldNames;
  return { query: query.value, body: parsed.value, param, warnings, isStrict, usesOldNames };
}

function prefersStrict({ headers }: Request): boolean {
  return /(?:^|[,;])\s*handling\s*=\s*"?strict"?\s*(?:[,;]|$)/i.test(headers.get("Prefer") ?? "");
}

/** Throws if there are warnings. */
export function refuseWarnings(warnings: readonly Warning[]): void {
  if (warnings.length === 0) return;
  const details = warnings.map(({ path, message }) => ({ path, message }));
  throw new AppError("INVALID_REQUEST", "Nothing was stored, because of warnings", { details });
}

/** Parses query parameters by the declaration of a route. */
export function readQuery<Query extends z.ZodType>(
  route: Pick<Route<Query>, "query" | "access" | "limit" | "rawBody">,
  params: URLSearchParams,
): z.output<Query> {
  return parseQuery(route, params).value;
}

/** Parsed parameters, and whether a deprecated name was among them. */
type Parsed<Schema extends z.ZodType> = { value: z.output<Schema>; usesOldNames: boolean };

function parseQuery<Query extends z.ZodType>(
  route: Pick<Route<Query>, "query" | "access" | "limit" | "rawBody">,
  params: URLSearchParams,
): Parsed<Query> {
  const sent: [string, string][] = [];
  params.forEach((value, name) => sent.push([name, value]));
  return parseNamed(route.query, sent, { place: "query", isStrict: refusesUnknownNames(route) });
}

function readBody<Body extends z.ZodType>(
  route: Route<z.ZodType, Body>,
  body: { [name: string]: unknown },
): Parsed<Body> {
  // Plugins send more fields than we read, and their own rules resolve aliases (`wire/sync.ts`).
  if (!refusesUnknownNames(route)) return { value: parse(route.body, body), usesOldNames: false };
  return parseNamed(route.body, Object.entries(body), { place: "body", isStrict: true });
}

/** Parses named values; unknown names are refused if `isStrict`. */
function parseNamed<Schema extends z.ZodType>(
  schema: Schema | undefined,
  sent: readonly (readonly [string, unknown])[],
  { place, isStrict }: { place: Place; isStrict: boolean },
): Parsed<Schema> {
  const { values, sentAs, unknown, repeated, usesOldNames } = readNames(schema, sent, place);
  if (isStrict && unknown.length > 0) {
    const what = place === "query" ? "Unknown parameter" : "Unknown field";
    throw new AppError("UNKNOWN_PARAMETER", what, { details: unknown });
  }
  if (repeated.length > 0) throw invalid(repeated);
  const nameOf = (name: string) => sentAs.get(name) ?? documentedName(name, place);
  return { value: parse(schema, values, nameOf), usesOldNames };
}

/** Parses an object inside a body; its unknown names are refused like those of the body. */
export function parseWithin<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  value: { [name: string]: unknown },
): z.output<Schema> {
  const { values, sentAs, unknown, repeated } = readNames(schema, Object.entries(value), "body");
  const inside = (details: Detail[]) =>
    details.map((detail) => ({ ...detail, path: `${path}.${detail.path}` }));
  if (unknown.length > 0) {
    throw new AppError("UNKNOWN_PARAMETER", "Unknown field", { details: inside(unknown) });
  }
  if (repeated.length > 0) throw invalid(inside(repeated));
  return parse(schema, values, (name) => `${path}.${sentAs.get(name) ?? name}`);
}

type Detail = { path: string; message: string };

const invalid = (details: Detail[]) =>
  new AppError("INVALID_REQUEST", "Invalid request", { details });

/**
 * Parses input by its schema; a route without a schema takes no input. `nameOf` tells the name under
 * which the client sent a field.
 */
export function parse<Schema extends z.ZodType>(
  schema: Schema | undefined,
  value: unknown,
  nameOf: (name: string) => string = (name) => name,
): z.output<Schema> {
  if (schema === undefined) return undefined as z.output<Schema>;
  const result = schema.safeParse(value, { error: faultOf });
  if (result.success) return result.data;
  const details = zodDetails(result.error, nameOf);
  if (result.error.issues.some(({ code }) => code === "too_big")) {
    throw new AppError("PAYLOAD_TOO_LARGE", "The request is too large", { details });
  }
  throw invalid(details);
}

/** Lists the invalid fields for an error body. */
export function zodDetails(
  error: z.ZodError,
  nameOf: (name: string) => string = (name) => name,
): Detail[] {
  return error.issues.flatMap((issue) => {
    const at = ([name, ...within]: readonly PropertyKey[]) =>
      name === undefined ? "" : [nameOf(String(name)), ...within.map(String)].join(".");
    if (issue.code !== "unrecognized_keys")
      return [{ path: at(issue.path), message: issue.message }];
    return issue.keys.map((key) => ({
      path: at([...issue.path, key]),
      message: "is not a known field",
    }));
  });
}

/** The decoded last segment of the path; an invalid one gets 404, like any unknown id. */
function readParam(route: Route, pathname: string): string {
  const colon = route.path.indexOf(":");
  if (colon < 0) return "";
  const segment = pathname.replace(/^\/+/, "/").slice(colon);
  if (segment === "" || segment.includes("/")) throw new AppError("NOT_FOUND", "Not found");
  try {
    // Ids are trimmed when they are synced.
    return decodeURIComponent(segment).trim();
  } catch {
    throw new AppError("NOT_FOUND", "Not found");
  }
}
