import * as z from "zod";
import { clamped } from "./fields";
import { route } from "./route";
import { QueryText, SEARCH_TYPES, SearchType } from "./search";

/** A documentation page that answers, with its best section. */
export const DocResult = z
  .object({
    slug: z.string(),
    title: z.string(),
    heading: z.string().optional(),
    anchor: z.string().optional().meta({ description: "Of the section, as renderers name it." }),
    snippet: z.string().meta({ description: "One line of plain text, at most 240 characters." }),
    highlights: z
      .array(z.tuple([z.number(), z.number()]))
      .meta({ description: "[start, end) in the snippet, in UTF-16 units." }),
    score: z.number().meta({ description: "0–1, falling along the list." }),
  })
  .meta({ id: "DocResult" });
export type DocResult = z.output<typeof DocResult>;

export const DocsAnswer = z.object({
  results: z.array(DocResult),
  type: z.enum(SEARCH_TYPES),
  degraded: z.boolean().meta({ description: "A part of the search could not run." }),
  reason: z.string().optional().meta({ description: "Why it is degraded." }),
});
export type DocsAnswer = z.output<typeof DocsAnswer>;

export const searchDocs = route({
  method: "GET",
  path: "/api/docs/search",
  name: "searchDocs",
  summary: "Search the documentation",
  access: "caller",
  limit: "search",
  query: z.object({
    q: QueryText,
    type: SearchType,
    limit: clamped("Results, one a page.", 1, 20, 10),
  }),
  answer: DocsAnswer,
});
