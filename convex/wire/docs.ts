import * as z from "zod";
import { route } from "./route";
import { Degradation, MatchFields, QueryText, SEARCH_TYPES, SearchType } from "./search";
import { text } from "./units";
import { clamped } from "./values";

/** A documentation page that matches, with its best section. */
export const DocResult = z
  .object({
    slug: text("The page's path."),
    title: text("The page's title."),
    heading: text("The heading of the section.").optional(),
    anchor: text("Anchor of the section, as Markdown renderers generate it.").optional(),
    ...MatchFields,
  })
  .meta({ id: "DocResult", description: "A page of the documentation, with its best section." });
export type DocResult = z.output<typeof DocResult>;

export const DocsAnswer = z.object({
  results: z.array(DocResult).meta({ description: "The best first." }),
  type: z.enum(SEARCH_TYPES).meta({ description: "The kind of search that was done." }),
  ...Degradation,
});
export type DocsAnswer = z.output<typeof DocsAnswer>;

export const DocsQuery = z.object({
  q: QueryText,
  type: SearchType,
  limit: clamped("Maximum number of results; each page appears once.", 1, 20, 10),
});

export const searchDocs = route({
  method: "GET",
  path: "/api/docs/search",
  name: "searchDocs",
  summary: "Search the documentation",
  fails: ["EMBEDDINGS_NOT_CONFIGURED"],
  access: "caller",
  limit: "search",
  query: DocsQuery,
  answer: DocsAnswer,
});
