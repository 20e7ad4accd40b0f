import * as z from "zod";
import { aliased } from "./parameters";
import { route } from "./route";
import { Degradation, QueryText } from "./search";
import { readSessionFilters, sessionFilters } from "./sessionFilters";
import { count, text, time } from "./units";
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
    limit: clamped("The most passages to return.", 1, 20, 5),
    max_tokens: clamped(
      "Maximum tokens of the whole context; fewer than 100 have no room for a passage.",
      100,
      32_000,
      MAX_TOKENS_DEFAULT,
    ),
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

const ids = {
  sessionId: text("Our id of the session."),
  messageId: text("Our id of the message."),
};
const citation = count("The number by which the text cites it, from 1.");

/** A message of a past session with its neighbours; `citation` is its number in `text`. */
const ContextPassageAnswer = z
  .object({
    citation,
    ...ids,
    messageId: ids.messageId.optional(),
    externalId: text("The plugin's id of the session."),
    title: text("The session's title."),
    project: text("The name of the session's project.").optional(),
    source: text("The tool."),
    createdAt: time("When the message was written"),
    content: text("The message with its neighbours."),
    score: count("Relevance, 0–1."),
  })
  .meta({ id: "ContextPassage", description: "A message that answers, with its neighbours." });

export const ContextAnswer = z.object({
  context: z.array(ContextPassageAnswer).meta({ description: "The passages, the best first." }),
  text: text("With `format=text`: the passages as one text for a prompt.").optional(),
  messages: z
    .array(
      z.object({
        role: text("Who speaks: `user`, `assistant`, `system`, `tool` or `unknown`."),
        content: text("The text."),
        citation,
        ...ids,
      }),
    )
    .optional()
    .meta({ description: "With `format=messages`: the passages as chat messages." }),
  sessionCount: count("Number of sessions that the passages come from."),
  tokens: count("Tokens of the text, estimated on the high side."),
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
