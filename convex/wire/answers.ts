import * as z from "zod";
import { SESSION_STATES } from "../lib/enums";
import { MESSAGE_FIELDS, SESSION_FIELDS } from "../lib/sessions/fieldTable";
import { answerShape } from "./fieldShapes";
import { byTool, usageSums } from "./usageSums";

/** Answers that several endpoints share. */

/** The body of every error. `error` is a string because published plugins display it as one. */
export const ErrorAnswer = z
  .object({
    error: z.string().meta({ description: "Short message." }),
    message: z.string().meta({ description: "The same message, possibly with more detail." }),
    code: z.string(),
    details: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    requestId: z.string(),
  })
  .meta({ id: "Error" });

const count = z.number();

const usageNumbers = {
  promptTokens: count.optional(),
  completionTokens: count.optional(),
  totalTokens: count.optional(),
  cost: count.optional(),
};
const Usage = z.object({
  ...usageNumbers,
  cacheReadTokens: count.optional(),
  cacheWriteTokens: count.optional(),
  reasoningTokens: count.optional(),
});

/** Sums of one session over a model or a day. */
const splitNumbers = { ...usageSums, lastActiveAt: count.optional() };

/** Where a session's token and cost numbers come from. */
const SessionUsage = z.object({
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
    .object({ ...usageNumbers, reason: z.string() })
    .optional()
    .meta({ description: "Reported minus counted numbers, and the likely reason." }),
  byModel: z
    .array(z.object({ model: z.string(), priceId: z.string().optional(), ...splitNumbers }))
    .optional()
    .meta({ description: "By model, most tokens first. `priceId` is the entry of `priceTable`." }),
  byDay: z
    .array(z.object({ date: z.string(), ...splitNumbers }))
    .optional()
    .meta({
      description: "By UTC day, oldest first; at most the latest 100 days.",
    }),
  byTool: byTool.optional().meta({ description: "Calls and errors by tool, most calls first." }),
  priceTable: z.string().optional().meta({ description: "Name and version of the price table." }),
});

/**
 * A session in answers. Lists and search results omit the fields that the table of fields excludes
 * there. The four token and cost numbers are 0 while unknown.
 */
export const SessionAnswer = z
  .object({
    id: z.string(),
    _id: z.string().meta({ description: "The same as `id`." }),
    externalId: z.string(),
    source: z.string(),
    ...answerShape(SESSION_FIELDS, "session"),
    promptTokens: count,
    completionTokens: count,
    totalTokens: count,
    cost: count.meta({ description: "US dollars." }),
    reported: z.array(z.string()).meta({
      description:
        "Fields that the plugin itself reported; all other totals are sums over messages.",
    }),
    usage: SessionUsage.optional(),
    models: z.array(z.string()).optional().meta({ description: "Models named by its messages." }),
    messageCount: count,
    secrets: z.array(z.object({ kind: z.string(), count })).meta({
      description: "Secrets found in its messages, by kind. Never the secrets themselves.",
    }),
    isPublic: z.boolean(),
    publicSlug: z.string().optional(),
    evalReady: z.boolean(),
    evalStatus: z.string().optional(),
    evalTags: z.array(z.string()),
    evalNotes: z.string().optional(),
    expectedOutput: z.string().optional(),
    reviewedAt: count.optional(),
    createdAt: count.meta({ description: "Source time of its beginning, epoch ms." }),
    updatedAt: count.meta({ description: "When its plugin last sent something new, epoch ms." }),
    changedAt: count.meta({
      description:
        "When anything of it last changed, reviews, sharing and title included, epoch ms.",
    }),
    lastMessageAt: count.optional().meta({
      description: "Source time of its latest message, epoch ms.",
    }),
    state: z.enum(SESSION_STATES).meta({
      description:
        "`ended`: its tool reported the end; `active`: it had a message in the last ten minutes; `quiet`: neither.",
    }),
  })
  .meta({ id: "Session" });

/** A message with its parts, in conversation order. */
export const MessageAnswer = z
  .object({
    id: z.string(),
    _id: z.string(),
    externalId: z.string(),
    role: z.string(),
    rawRole: z.string().optional(),
    textContent: z.string().optional(),
    source: z.string().optional(),
    ...answerShape(MESSAGE_FIELDS, "session"),
    createdAt: count,
    parts: z
      .array(z.looseObject({ type: z.string(), content: z.unknown().optional() }))
      .meta({ description: "The parts as sent, including fields next to `content`." }),
  })
  .meta({ id: "Message" });

export type SessionAnswer = z.output<typeof SessionAnswer>;
export type MessageAnswer = z.output<typeof MessageAnswer>;
