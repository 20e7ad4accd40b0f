import * as z from "zod";
import { aliased } from "./parameters";
import { route } from "./route";
import { Degradation, QueryText } from "./search";
import { readSessionFilters, sessionFilters } from "./sessionFilters";
import { clamped, oneOf } from "./values";

export const CONTEXT_FORMATS = ["text", "messages", "json"] as const;

/**
 * The default for the tokens of the packed text. Estimated on the high side, so the real number is
 * lower.
 */
const MAX_TOKENS_DEFAULT = 2_000;

const ContextQuery = z
  .object({
    q: aliased(QueryText, "query"),
    limit: clamped("Maximum number of passages.", 1, 20, 5),
    max_tokens: clamped("Maximum tokens of the whole context.", 100, 32_000, MAX_TOKENS_DEFAULT),
    format: oneOf(
      CONTEXT_FORMATS,
      "`text` (default) to paste into a prompt, `messages` for chat messages, `json` for the passages alone.",
    ),
    ...sessionFilters,
  })
  .transform(({ q, limit, max_tokens, format = "text", ...query }) => ({
    query: q,
    limit,
    maxTokens: max_tokens,
    format,
    filters: readSessionFilters(query),
  }));

const role = z.string();

/** A message of a past session with its neighbours; `citation` is its number in `text`. */
const ContextPassageAnswer = z
  .object({
    citation: z.number(),
    sessionId: z.string(),
    externalId: z.string(),
    messageId: z.string().optional(),
    title: z.string(),
    project: z.string().optional(),
    source: z.string(),
    createdAt: z.number(),
    content: z.string(),
    score: z.number().meta({ description: "0–1." }),
  })
  .meta({ id: "ContextPassage" });

export const ContextAnswer = z.object({
  context: z.array(ContextPassageAnswer),
  text: z.string().optional().meta({ description: "With `format=text`." }),
  messages: z
    .array(
      z.object({
        role,
        content: z.string(),
        citation: z.number(),
        sessionId: z.string(),
        messageId: z.string(),
      }),
    )
    .optional()
    .meta({ description: "With `format=messages`." }),
  sessionCount: z.number().meta({ description: "Number of sessions that the passages come from." }),
  tokens: z.number().meta({ description: "Tokens of the text, estimated on the high side." }),
  ...Degradation,
});
export type ContextAnswer = z.output<typeof ContextAnswer>;

export const getContext = route({
  method: "GET",
  path: "/api/context",
  name: "getContext",
  summary: "Context for a question from your past sessions, ready for a prompt",
  access: "caller",
  limit: "search",
  query: ContextQuery,
  answer: ContextAnswer,
});
