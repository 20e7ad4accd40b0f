import * as z from "zod";
import { route } from "./route";
import { Degradation, MatchFields, QueryText, SEARCH_TYPES, SearchType } from "./search";
import { clamped } from "./values";

/** A documentation page that matches, with its best section. */
export const DocResult = z
  .object({
    slug: z.string(),
    title: z.string(),
    heading: z.string().optional(),
    anchor: z
      .string()
      .optional()
      .meta({ description: "Anchor of the section, as Markdown renderers generate it." }),
    ...MatchFields,
  })
  .meta({ id: "DocResult" });
export type DocResult = z.output<typeof DocResult>;

export const DocsAnswer = z.object({
  results: z.array(DocResult),
  type: z.enum(SEARCH_TYPES),
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
  access: "caller",
  limit: "search",
  query: DocsQuery,
  answer: DocsAnswer,
});
