import * as z from "zod";
import { JsonItems } from "../lib/jsonBytes";
import { label } from "./fields";
import { LISTED_ITEMS_MAX, route } from "./route";
import { readSource } from "./sources";
import { MessageInput, messageWarnings, SessionInput, sessionWarnings } from "./sync";
import { clamped, flag } from "./values";
import { warnings } from "./warnings";

/** The routes by which plugins send sessions and messages. */

/**
 * A list whose items stay unparsed. Each item is parsed alone, so that an invalid one does not
 * affect the others.
 */
const items = (description: string) =>
  z
    .unknown()
    .transform((value, issues): JsonItems => {
      if (value === undefined || value === null) return new JsonItems(new Uint8Array(), []);
      if (!(value instanceof JsonItems)) {
        issues.addIssue({ code: "custom", message: "must be a list" });
        return z.NEVER;
      }
      if (value.length > LISTED_ITEMS_MAX) {
        const message = `has more than ${LISTED_ITEMS_MAX} items`;
        issues.addIssue({ code: "too_big", origin: "array", maximum: LISTED_ITEMS_MAX, message });
      }
      return value;
    })
    .optional()
    .meta({ type: ["array", "null"], items: {}, maxItems: LISTED_ITEMS_MAX, description });

const BatchBody = z
  .object({
    sessions: items("Sessions, as for `/sync/session`."),
    messages: items("Messages, as for `/sync/message`."),
  })
  .refine(({ sessions, messages }) => sessions !== undefined || messages !== undefined, {
    path: ["sessions"],
    message: "or messages is required: a list of items to store",
  })
  .meta({ anyOf: [{ required: ["sessions"] }, { required: ["messages"] }] });

const Tally = z.object({
  inserted: z.number(),
  updated: z.number(),
  skipped: z.number(),
  deleted: z.number().optional().meta({
    description: "Number of skipped items whose session the owner deleted.",
  }),
});

/** An item of a batch that was not stored. */
const Failure = z
  .object({
    list: z.enum(["sessions", "messages"]),
    index: z.number().meta({ description: "Its position in the list, from 0." }),
    externalId: z.string().optional().meta({ description: "Its id, if it has a readable one." }),
    sessionExternalId: z.string().optional().meta({ description: "The session of a message." }),
    code: z.string().meta({ description: "Why, as in error answers." }),
    details: z.array(z.object({ path: z.string(), message: z.string() })),
  })
  .meta({ id: "Failure" });
export type Failure = z.output<typeof Failure>;

/** Marks an answer for a deleted session. Its ids are the ones sent, because plugins expect ids. */
const deleted = z.literal(true).optional().meta({
  description: "Nothing was stored, because the owner deleted the session.",
});

export const syncSession = route({
  method: "POST",
  path: "/sync/session",
  name: "syncSession",
  summary: "Create or update a session",
  access: "caller",
  limit: "sync",
  body: SessionInput,
  warningsOf: sessionWarnings,
  answer: z.object({ ok: z.literal(true), sessionId: z.string(), deleted, warnings }),
});

export const syncMessage = route({
  method: "POST",
  path: "/sync/message",
  name: "syncMessage",
  summary: "Create or update a message; its session is created if unknown",
  access: "caller",
  limit: "sync",
  body: MessageInput,
  warningsOf: messageWarnings,
  answer: z.object({
    ...{ ok: z.literal(true), messageId: z.string(), sessionId: z.string() },
    ...{ deleted, warnings },
  }),
});

export const syncBatch = route({
  method: "POST",
  path: "/sync/batch",
  name: "syncBatch",
  summary: "Create or update many sessions and messages; `errors` lists the rejected items",
  access: "caller",
  limit: "sync",
  body: BatchBody,
  listedItems: ["sessions", "messages"],
  answer: z.object({
    ok: z.literal(true),
    sessions: z.number().meta({ description: "Sessions stored." }),
    messages: z.number().meta({ description: "Messages stored." }),
    errors: z.array(z.string()).meta({ description: "Rejected items, for people." }),
    failures: z.array(Failure).optional().meta({
      description: "Rejected items, for programs, in the order of `errors`.",
    }),
    warnings,
    results: z.object({ sessions: Tally, messages: Tally }),
  }),
});

export const listExternalIds = route({
  method: "GET",
  path: "/sync/sessions/list",
  name: "listExternalIds",
  summary: "List the external ids of all sessions that plugins sent, to compare with their own",
  access: "caller",
  limit: "sync",
  query: z.object({
    limit: clamped(
      "Sessions per page. Without it and `cursor`, all sessions.",
      1,
      1_000,
      0,
    ).transform((limit) => (limit === 0 ? undefined : limit)),
    cursor: label("The `cursor` of the previous page."),
    source: label("Only sessions of this tool.").transform(readSource),
    detail: flag("Also `sessions`, to find those that are incomplete here."),
  }),
  answer: z.object({
    sessionIds: z.array(z.string()),
    sessions: z
      .array(
        z.object({
          externalId: z.string(),
          sessionId: z.string(),
          source: z.string(),
          messageCount: z.number(),
          updatedAt: z.number().meta({ description: "Last change by a plugin, epoch ms." }),
          lastMessageAt: z.number().optional().meta({ description: "Source time, epoch ms." }),
        }),
      )
      .optional()
      .meta({ description: "With `detail=true`." }),
    cursor: z.string().nullable().optional().meta({
      description: "With `limit` or `cursor`; null on the last page.",
    }),
  }),
});
