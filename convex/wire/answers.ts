import * as z from "zod";

/** Answers that several endpoints share. */

/** The body of every error. `error` is a string because published plugins show it as one. */
export const ErrorAnswer = z
  .object({
    error: z.string().meta({ description: "Short text." }),
    message: z.string().meta({ description: "The same or fuller." }),
    code: z.string(),
    details: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    requestId: z.string(),
  })
  .meta({ id: "Error" });

const count = z.number();

/** The numbers of a session or message that may be unknown; unknown is absent, not 0. */
const OptionalNumbers = {
  cacheReadTokens: count.optional(),
  cacheWriteTokens: count.optional(),
  reasoningTokens: count.optional(),
  durationMs: count.optional(),
};

/** A session as every endpoint answers it. The four token and cost numbers are 0 while unknown. */
export const SessionAnswer = z
  .object({
    id: z.string(),
    _id: z.string().meta({ description: "The same as `id`." }),
    externalId: z.string(),
    source: z.string(),
    title: z.string().optional(),
    projectPath: z.string().optional(),
    projectName: z.string().optional(),
    model: z.string().optional(),
    provider: z.string().optional(),
    promptTokens: count,
    completionTokens: count,
    totalTokens: count,
    cost: count.meta({ description: "US dollars." }),
    ...OptionalNumbers,
    reported: z.array(z.string()).meta({
      description: "Fields the plugin itself reported; other totals are sums over messages.",
    }),
    messageCount: count,
    toolCallCount: count.optional(),
    endReason: z.string().optional(),
    isPublic: z.boolean(),
    publicSlug: z.string().optional(),
    evalReady: z.boolean(),
    evalStatus: z.string().optional(),
    evalTags: z.array(z.string()),
    evalNotes: z.string().optional(),
    expectedOutput: z.string().optional(),
    reviewedAt: count.optional(),
    createdAt: count,
    updatedAt: count,
  })
  .meta({ id: "Session" });

/** A message with its parts, in the order of the conversation. */
export const MessageAnswer = z
  .object({
    id: z.string(),
    _id: z.string(),
    externalId: z.string(),
    role: z.string(),
    rawRole: z.string().optional(),
    textContent: z.string().optional(),
    model: z.string().optional(),
    provider: z.string().optional(),
    source: z.string().optional(),
    promptTokens: count.optional(),
    completionTokens: count.optional(),
    totalTokens: count.optional(),
    cost: count.optional(),
    ...OptionalNumbers,
    createdAt: count,
    parts: z
      .array(z.looseObject({ type: z.string(), content: z.unknown().optional() }))
      .meta({ description: "As they were sent, with what stood beside `content`." }),
  })
  .meta({ id: "Message" });

export type SessionAnswer = z.output<typeof SessionAnswer>;
export type MessageAnswer = z.output<typeof MessageAnswer>;
