import * as z from "zod";
import { prepareQuery } from "../lib/search/query";
import { utf8Length, wellFormed } from "../lib/text";
import { SessionAnswer } from "./answers";
import { clamped, label, moment } from "./fields";
import { filterShape } from "./fieldShapes";
import { ROLES } from "../lib/enums";
import { route } from "./route";
import { readSource } from "./sources";

/** The longest query. A pasted log is a valid query; anything longer is a file. */
const QUERY_MAX_BYTES = 65_536;

export const SEARCH_TYPES = ["fulltext", "semantic", "hybrid"] as const;

/** The text to search for: any non-blank text. */
export const QueryText = z
  .string({ error: "is required" })
  .overwrite(wellFormed)
  .refine((text) => text.trim() !== "", "must not be empty")
  .refine((text) => utf8Length(text) <= QUERY_MAX_BYTES, `is longer than ${QUERY_MAX_BYTES} bytes`)
  .meta({ description: "Words, an identifier, an error message or a question." });

/** An optional choice. Older clients send an empty string for "any". */
const oneOf = <const Values extends readonly string[]>(values: Values) =>
  z.preprocess(
    (value) => (value === "" || value === null ? undefined : value),
    z.enum(values).optional(),
  );

/** Filters of both search endpoints. Times apply to the session; a role applies to messages. */
const SearchFilters = {
  source: label("Only sessions of this tool.").transform(readSource),
  ...filterShape(),
  from: moment("Only sessions created from this time or day on."),
  to: moment("Only sessions created up to this time, or to the end of this day.", "end"),
  role: oneOf(ROLES).meta({ description: "Only messages with this role." }),
};

/** The kind of search. The default is full text, because older clients do not send it. */
export const SearchType = oneOf(SEARCH_TYPES)
  .transform((type) => type ?? "fulltext")
  .meta({
    default: "fulltext",
    description:
      "Search by words (`fulltext`), by meaning (`semantic`), or both merged (`hybrid`).",
  });
export type SearchType = z.output<typeof SearchType>;

const SearchOptions = {
  type: SearchType,
  limit: clamped("Maximum number of results; each session appears once.", 1, 50, 10),
  ...SearchFilters,
};

/** Accepts other names of fields; the canonical name wins. */
const withAliases = <Shape extends z.ZodRawShape>(
  shape: z.ZodObject<Shape>,
  aliases: { [name: string]: string },
) =>
  z.preprocess((value) => {
    if (typeof value !== "object" || value === null) return value;
    const fields = new Map<string, unknown>(Object.entries(value));
    for (const [alias, name] of Object.entries(aliases)) {
      if (!fields.has(name) && fields.has(alias)) fields.set(name, fields.get(alias));
    }
    return Object.fromEntries(fields);
  }, shape);

const NAMES = { mode: "type", projectName: "project", tool: "source" };

export const SearchBody = withAliases(z.object({ query: QueryText, ...SearchOptions }), {
  ...NAMES,
  q: "query",
});
const SearchQuery = withAliases(z.object({ q: QueryText, ...SearchOptions }), {
  ...NAMES,
  query: "q",
});

/** The matching text in a result. */
export const MatchFields = {
  snippet: z.string().meta({ description: "One line of plain text, at most 240 characters." }),
  highlights: z
    .array(z.tuple([z.number(), z.number()]))
    .meta({ description: "[start, end) in the snippet, in UTF-16 units." }),
  score: z.number().meta({ description: "Relevance, 0–1; results are sorted by it." }),
};

/** Whether the whole search could run, for the whole query. */
export const Degradation = {
  degraded: z.boolean().meta({ description: "Whether a part of the search could not run." }),
  reason: z.string().optional().meta({ description: "Why the search is degraded." }),
  ignored: z.array(z.string()).optional().meta({
    description: "Words of the query that were not searched because the query has too many.",
  }),
};

/** The `ignored` field of an answer from full-text search. */
export function ignoredOf(query: string): { ignored?: string[] } {
  const ignored = [...prepareQuery(query).ignored];
  return ignored.length > 0 ? { ignored } : {};
}

/** A matching session with its best match. */
export const SearchResult = SessionAnswer.extend({
  sessionId: z.string().meta({ description: "The same as `id`." }),
  messageId: z
    .string()
    .optional()
    .meta({ description: "The message that the snippet comes from." }),
  title: z.string(),
  project: z.string().optional().meta({ description: "The same as `projectName`." }),
  ...MatchFields,
  matchedIn: z
    .array(z.enum(["fulltext", "semantic"]))
    .meta({ description: "The searches that found it." }),
}).meta({ id: "SearchResult" });

export const SearchAnswer = z.object({
  results: z.array(SearchResult),
  type: z.enum(SEARCH_TYPES),
  ...Degradation,
  truncated: z.boolean().meta({
    description:
      "The search hit its read budget before it filled `limit`, because filters excluded most matches or one session has too many of them. Narrow the query to find more.",
  }),
});

export type SearchResult = z.output<typeof SearchResult>;
export type SearchAnswer = z.output<typeof SearchAnswer>;

export const search = route({
  method: "POST",
  path: "/search",
  name: "search",
  summary: "Search your sessions",
  access: "caller",
  limit: "search",
  body: SearchBody,
  answer: SearchAnswer,
});

export const searchByQuery = route({
  method: "GET",
  path: "/api/search",
  name: "searchByQuery",
  summary: "Search your sessions with query parameters",
  access: "caller",
  limit: "search",
  query: SearchQuery,
  answer: SearchAnswer,
});
