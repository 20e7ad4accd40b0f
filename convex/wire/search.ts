import * as z from "zod";
import { prepareQuery } from "../lib/search/query";
import { utf8Length, wellFormed } from "../lib/text";
import { SessionAnswer } from "./answers";
import { aliased } from "./parameters";
import { ROLES } from "../lib/enums";
import { route } from "./route";
import { readSessionFilters, sessionFilters } from "./sessionFilters";
import { count, text, time } from "./units";
import { clamped, oneOf } from "./values";
import { parent } from "./tree";

/** The longest query. A pasted log is a valid query; anything longer is a file. */
const QUERY_MAX_BYTES = 65_536;

export const SEARCH_TYPES = ["fulltext", "semantic", "hybrid"] as const;

/** The text to search for: any non-blank text. */
export const QueryText = z
  .string()
  .overwrite(wellFormed)
  .refine((text) => text.trim() !== "", "must not be empty")
  .refine((text) => utf8Length(text) <= QUERY_MAX_BYTES, `is longer than ${QUERY_MAX_BYTES} bytes`)
  .meta({ description: "Words, an identifier, an error message or a question." });

/** The kind of search. The default is full text, because older clients do not send it. */
export const SearchType = oneOf(
  SEARCH_TYPES,
  "Search by words (`fulltext`, the default), by meaning (`semantic`), or both merged (`hybrid`).",
).transform((type) => type ?? "fulltext");
export type SearchType = z.output<typeof SearchType>;

/** What both search endpoints take, besides the text. A role applies to messages, filters to sessions. */
const SearchOptions = {
  type: aliased(SearchType, "mode"),
  limit: clamped("Maximum number of results; each session appears once.", 1, 50, 10),
  role: oneOf(ROLES, "Only messages with this role."),
  ...sessionFilters,
};

type Options = z.output<z.ZodObject<typeof SearchOptions>>;

function readOptions({ type, limit, role, ...query }: Options) {
  return { type, limit, filters: { ...readSessionFilters(query), role } };
}

export const SearchBody = z
  .object({ query: aliased(QueryText, "q"), ...SearchOptions })
  .transform(({ query, ...options }) => ({ query, ...readOptions(options) }));
const SearchQuery = z
  .object({ q: aliased(QueryText, "query"), ...SearchOptions })
  .transform(({ q, ...options }) => ({ query: q, ...readOptions(options) }));

/** The matching text in a result. */
export const MatchFields = {
  snippet: text("One line of plain text, at most 240 characters."),
  highlights: z
    .array(z.tuple([z.number(), z.number()]))
    .meta({ description: "[start, end) in the snippet, in UTF-16 units." }),
  score: count("Relevance, 0–1; results are sorted by it."),
};

/** Whether the whole search could run, for the whole query. */
export const Degradation = {
  degraded: z.boolean().meta({ description: "Whether a part of the search could not run." }),
  reason: text("Why the search is degraded.").optional(),
  ignored: z.array(z.string()).optional().meta({
    description: "Words of the query that were not searched because the query has too many.",
  }),
};

/** The `ignored` field of an answer from full-text search. */
export function ignoredOf(query: string): { ignored?: string[] } {
  const ignored = [...prepareQuery(query).ignored];
  return ignored.length > 0 ? { ignored } : {};
}

/** A session that holds the same passage as a result. */
const Copy = z.object({
  id: text("Our id of the session."),
  externalId: text("The plugin's id of the session."),
  title: text("The session's title."),
  source: text("The tool."),
  createdAt: time("Source time of its beginning"),
});

/** The sessions found with one value. */
const facet = (name: string) =>
  z
    .array(z.object({ value: text("The value."), count: count("Number of sessions.") }))
    .meta({ description: `By ${name}, the most sessions first.` });

/** A matching session with its best match. */
export const SearchResult = SessionAnswer.extend({
  sessionId: text("The same as `id`."),
  messageId: text("The message that the snippet comes from.").optional(),
  title: text("The session's title."),
  project: text("The same as `projectName`.").optional(),
  ...MatchFields,
  matchedIn: z.array(z.enum(["fulltext", "semantic", "id"])).meta({
    description:
      "Why it was found: by its words, by its meaning (then nothing may be highlighted), or because the query is the id of it or of a message in it, or its commit.",
  }),
  parent,
  alsoIn: z.array(Copy).optional().meta({
    description:
      "Forks and resumed sessions with the same passage. They are not results of their own.",
  }),
}).meta({ id: "SearchResult", description: "A session that matches, with its best match." });

export const SearchAnswer = z.object({
  results: z.array(SearchResult).meta({ description: "The best first." }),
  type: z.enum(SEARCH_TYPES).meta({ description: "The kind of search that was done." }),
  facets: z
    .object({ project: facet("project"), source: facet("source"), model: facet("model") })
    .meta({
      description:
        "How many of the sessions found, beyond `limit` too, have each project, source and model. The values are those of the filters.",
    }),
  ...Degradation,
  pending: z.number().optional().meta({
    description:
      "How many of your ten last changed sessions wait to be embedded. A search by meaning does not find their new messages yet.",
  }),
  truncated: z.boolean().meta({
    description:
      "The search hit its read budget before it filled `limit`, because filters excluded most matches or one session has too many of them. Narrow the query to find more.",
  }),
});

export type SearchResult = z.output<typeof SearchResult>;
export type SearchAnswer = z.output<typeof SearchAnswer>;

export const searchByBody = route({
  method: "POST",
  path: "/api/search",
  name: "searchByBody",
  summary: "Search your sessions, with the parameters in the body",
  access: "caller",
  limit: "search",
  fails: ["EMBEDDINGS_NOT_CONFIGURED"],
  body: SearchBody,
  answer: SearchAnswer,
});

/** Both ways of asking are served under both paths. */
export const search = route({
  ...searchByBody,
  path: "/search",
  name: "search",
  summary: "Alias of `POST /api/search`",
  deprecated: true,
});

export const searchByQuery = route({
  method: "GET",
  path: "/api/search",
  name: "searchByQuery",
  summary: "Search your sessions with query parameters",
  access: "caller",
  limit: "search",
  fails: ["EMBEDDINGS_NOT_CONFIGURED"],
  query: SearchQuery,
  answer: SearchAnswer,
});

export const searchByQueryAlias = route({
  ...searchByQuery,
  path: "/search",
  name: "searchByQueryAlias",
  summary: "Alias of `GET /api/search`",
  deprecated: true,
});
