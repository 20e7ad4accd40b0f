import * as z from "zod";
import { EVAL_STATUSES, ROLES, SESSION_STATES } from "../lib/enums";
import { MESSAGE_FIELDS, SESSION_FIELDS } from "../lib/sessions/fieldTable";
import { answerShape } from "./fieldShapes";
import { Part } from "./partAnswers";
import { count, dollars, text, time, tokens } from "./units";
import { byTool, usageSums } from "./usageSums";

/** Answers that several endpoints share. */

/** What is wrong with one field. */
const Detail = z.object({
  path: text("The field or parameter, dotted: `messages.3.role`."),
  message: text("What is wrong with it, as the end of a sentence."),
});

/** The body of every error. `error` is a string because published plugins display it as one. */
export const ErrorAnswer = z
  .object({
    error: text("Short message."),
    message: text("The same message, possibly with more detail."),
    code: text("The reason as a code, for programs."),
    details: z.array(Detail).optional().meta({ description: "Each field that is wrong." }),
    requestId: text("The value of `X-Request-Id`, to report a fault with."),
  })
  .meta({ id: "Error", description: "Why a request failed, and what to do." });

/** The details of a rejected item of a batch. */
export const Details = z.array(Detail).meta({ description: "Each field that is wrong." });

const usageNumbers = {
  promptTokens: tokens("Input").optional(),
  completionTokens: tokens("Output").optional(),
  totalTokens: tokens("All").optional(),
  cost: dollars("Cost").optional(),
};
const Usage = z.object({
  ...usageNumbers,
  cacheReadTokens: tokens("Input read from the provider's cache").optional(),
  cacheWriteTokens: tokens("Input written to the provider's cache").optional(),
  reasoningTokens: tokens("Output spent on reasoning").optional(),
});

/** Sums of one session over a model or a day. */
const splitNumbers = { ...usageSums, lastActiveAt: time("Its latest message").optional() };

/** Where a session's token and cost numbers come from. */
const SessionUsage = z
  .object({
    headline: z.enum(["counted", "reported", "none"]).meta({
      description:
        "Source of the session's numbers: sums over its messages, or the plugin's own report.",
    }),
    reported: Usage.optional().meta({
      description: "Numbers that the plugin reported for the session.",
    }),
    counted: Usage.optional().meta({
      description: "Sums over the messages; repeated usage counts once.",
    }),
    discrepancy: z
      .object({ ...usageNumbers, reason: text("The likely reason.") })
      .optional()
      .meta({ description: "Reported minus counted numbers, and the likely reason." }),
    byModel: z
      .array(
        z.object({
          model: text("The model."),
          priceId: text("The entry of `priceTable`.").optional(),
          ...splitNumbers,
        }),
      )
      .optional()
      .meta({ description: "By model, most tokens first." }),
    byDay: z
      .array(z.object({ date: text("The UTC day, `YYYY-MM-DD`."), ...splitNumbers }))
      .optional()
      .meta({ description: "By UTC day, oldest first; at most the latest 100 days." }),
    byTool: byTool.optional().meta({ description: "Calls and errors by tool, most calls first." }),
    priceTable: text("Name and version of the price table.").optional(),
  })
  .meta({ id: "SessionUsage", description: "Where a session's tokens and cost come from." });

/** A kind of secret with its number. */
export const SecretCount = z.object({
  kind: text("The kind."),
  count: count("Number of secrets."),
});

const flag = (description: string) => z.boolean().meta({ description });

/**
 * A session in answers. Lists and search results omit the fields that the table of fields excludes
 * there. The four token and cost numbers are 0 while unknown.
 */
export const SessionAnswer = z
  .object({
    id: text("Our id of the session."),
    _id: text("The same as `id`.").meta({ deprecated: true }),
    externalId: text("The plugin's id of the session."),
    source: text("The tool: `claude-code`, `opencode`, …; free text."),
    ...answerShape(SESSION_FIELDS, "session"),
    promptTokens: tokens("Input; 0 if unknown"),
    completionTokens: tokens("Output; 0 if unknown"),
    totalTokens: tokens("All; 0 if unknown"),
    cost: dollars("Cost as reported; 0 if unknown"),
    reported: z.array(z.string()).meta({
      description:
        "Fields that the plugin itself reported; all other totals are sums over messages.",
    }),
    usage: SessionUsage.optional().meta({ description: "Only where one session is read." }),
    models: z.array(z.string()).optional().meta({ description: "Models named by its messages." }),
    messageCount: count("Number of messages."),
    secrets: z.array(SecretCount).meta({
      description: "Secrets found in its messages, by kind. Never the secrets themselves.",
    }),
    isPublic: flag("Whether it is shared under its `publicSlug`."),
    publicSlug: text("The last part of its public address, `/s/<slug>`.").optional(),
    expires: time("When that address stops working; missing if it has no end").optional(),
    evalReady: flag("Whether evaluation exports include it."),
    evalStatus: z.enum(EVAL_STATUSES).optional().meta({ description: "A reviewer's verdict." }),
    evalTags: z.array(z.string()).meta({ description: "Its tags." }),
    evalNotes: text("The reviewer's notes.").optional(),
    expectedOutput: text("The expected last answer.").optional(),
    reviewedAt: time("When it was last reviewed").optional(),
    createdAt: time("Source time of its beginning"),
    updatedAt: time("When its plugin last sent something new"),
    changedAt: time("When anything of it last changed, reviews, sharing and title included"),
    lastMessageAt: time("Source time of its latest message").optional(),
    state: z.enum(SESSION_STATES).meta({
      description:
        "`ended`: its tool reported the end; `active`: it had a message in the last ten minutes; `quiet`: neither.",
    }),
  })
  .meta({ id: "Session", description: "A session, without its messages." });

/** A message with its parts, in conversation order. */
export const MessageAnswer = z
  .object({
    id: text("Our id of the message."),
    _id: text("The same as `id`.").meta({ deprecated: true }),
    externalId: text("The plugin's id of the message."),
    role: z.enum(ROLES).meta({ description: "Who speaks; `unknown` for any other role." }),
    rawRole: text("The role as sent, if it is not one of ours.").optional(),
    textContent: text("The text.").optional(),
    source: text("The tool, if the message named one.").optional(),
    ...answerShape(MESSAGE_FIELDS, "session"),
    createdAt: time("Source time"),
    parts: z.array(Part).meta({
      description: "The parts as sent, in order, including fields next to `content`.",
    }),
    isIncomplete: z.literal(true).optional().meta({
      description: "Set while only its beginning is stored; the rest follows within seconds.",
    }),
  })
  .meta({ id: "Message", description: "A message with its parts." });

export type SessionAnswer = z.output<typeof SessionAnswer>;
export type MessageAnswer = z.output<typeof MessageAnswer>;
