import * as z from "zod";
import { prepareQuery } from "../lib/search/query";
import { utf8Length, wellFormed } from "../lib/text";
import { SessionAnswer } from "./answers";
import { clamped, label, moment } from "./fields";
import { filterShape } from "./fieldShapes";
import { ROLES } from "../lib/enums";
import { route } from "./route";
import { readSource } from "./sources";

/** A pasted log is a fine query; more than this is a file. */
const QUERY_MAX_BYTES = 65_536;

export const SEARCH_TYPES = ["fulltext", "semantic", "hybrid"] as const;

/** What is searched for: any text with something in it. */
export const QueryText = z
  .string({ error: "is required" })
  .overwrite(wellFormed)
  .refine((text) => text.trim() !== "", "must not be empty")
  .refine((text) => utf8Length(text) <= QUERY_MAX_BYTES, `is longer than ${QUERY_MAX_BYTES} bytes`)
  .meta({ description: "Words, an identifier, an error message, a question." });

/** Older clients send nothing, or an empty string, for "any". */
const oneOf = <const Values extends readonly string[]>(values: Values) =>
  z.preprocess(
    (value) => (value === "" || value === null ? undefined : value),
    z.enum(values).optional(),
  );

/** What both searches take. A session is searched by its own time, a role narrows to messages. */
const SearchFilters = {
  source: label("Only sessions of this tool.").transform(readSource),
  ...filterShape(),
  from: moment("Only sessions created from this time or day on."),
  to: moment("Only sessions created up to this time, or to the end of this day.", "end"),
  role: oneOf(ROLES).meta({ description: "Only what this role said." }),
};

/** Which search; older clients mean full text when they say nothing. */
export const SearchType = oneOf(SEARCH_TYPES)
  .transform((type) => type ?? "fulltext")
  .meta({ default: "fulltext", description: "By words, by meaning, or both merged." });
export type SearchType = z.output<typeof SearchType>;

const SearchOptions = {
  type: SearchType,
  limit: clamped("Results, one a session.", 1, 50, 10),
  ...SearchFilters,
};

/** Names that clients use for one thing; the first that is there counts. */
const renamed = <Shape extends z.ZodRawShape>(
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

export const SearchBody = renamed(z.object({ query: QueryText, ...SearchOptions }), {
  ...NAMES,
  q: "query",
});
const SearchQuery = renamed(z.object({ q: QueryText, ...SearchOptions }), {
  ...NAMES,
  query: "q",
});

/** What a result shows of what it found. */
export const Passage = {
  snippet: z.string().meta({ description: "One line of plain text, at most 240 characters." }),
  highlights: z
    .array(z.tuple([z.number(), z.number()]))
    .meta({ description: "[start, end) in the snippet, in UTF-16 units." }),
  score: z.number().meta({ description: "0–1, falling along the list." }),
};

/** Whether all of a search could run, for all of the query. */
export const Degradation = {
  degraded: z.boolean().meta({ description: "A part of the search could not run." }),
  reason: z.string().optional().meta({ description: "Why it is degraded." }),
  ignored: z.array(z.string()).optional().meta({
    description:
      "Words of the query that full text cannot find, where there are any: no index holds words of 32 bytes and more, as a SHA-1 in hexadecimal has.",
  }),
};

/** `ignored` of an answer that full text has a part in. */
export function ignoredOf(query: string): { ignored?: string[] } {
  const ignored = [...prepareQuery(query).ignored];
  return ignored.length > 0 ? { ignored } : {};
}

/** A session that answers, with the passage that answers best: the session's fields, and these. */
export const SearchResult = SessionAnswer.extend({
  sessionId: z.string().meta({ description: "The same as `id`." }),
  messageId: z.string().optional().meta({ description: "The message the snippet is from." }),
  title: z.string(),
  project: z.string().optional().meta({ description: "The same as `projectName`." }),
  ...Passage,
  matchedIn: z
    .array(z.enum(["fulltext", "semantic"]))
    .meta({ description: "Which search found it." }),
}).meta({ id: "SearchResult" });

export const SearchAnswer = z.object({
  results: z.array(SearchResult),
  type: z.enum(SEARCH_TYPES),
  ...Degradation,
  truncated: z.boolean().meta({
    description:
      "Fewer results than asked for, because reading ended before all was seen: filters left too little, or one session says it too often. A narrower query finds more.",
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
  summary: "Search your sessions, as older clients call it",
  access: "caller",
  limit: "search",
  query: SearchQuery,
  answer: SearchAnswer,
});
