import * as z from "zod";
import { JsonItems } from "../lib/jsonBytes";
import { label } from "./fields";
import { LISTED_ITEMS_MAX, NEXT_LINK, route } from "./route";
import { readSource } from "./sources";
import { MessageInput, messageWarnings, SessionInput, sessionWarnings } from "./sync";
import { Details, SecretCount } from "./answers";
import { count, nextCursor, text, time } from "./units";
import { clamped, flag } from "./values";
import { warnings } from "./warnings";

/** The routes by which plugins send sessions and messages. */

/**
 * A list whose items stay unparsed. Each item is parsed alone, so that an invalid one does not
 * affect the others.
 */
const items = (description: string, item: string) =>
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
    .meta({
      type: ["array", "null"],
      items: { $ref: `#/components/schemas/${item}` },
      maxItems: LISTED_ITEMS_MAX,
      description,
    });

/** For the OpenAPI document: a body with this list. */
const withList = (name: string) => ({
  type: "object",
  required: [name],
  properties: { [name]: { type: ["array", "null"], items: {}, description: "Items to store." } },
});

const BatchBody = z
  .object({
    sessions: items("Sessions, as for `/sync/session`.", "SessionInput"),
    messages: items("Messages, as for `/sync/message`.", "MessageInput"),
  })
  .refine(({ sessions, messages }) => sessions !== undefined || messages !== undefined, {
    path: ["sessions"],
    message: "or messages is required: a list of items to store",
  })
  .meta({ allOf: [{ anyOf: [withList("sessions"), withList("messages")] }] });

const Tally = z.object({
  inserted: count("Number of new items."),
  updated: count("Number of changed items."),
  skipped: count("Number of items that were stored already."),
  deleted: count("Number of skipped items whose session the owner deleted.").optional(),
});
const ids = {
  sessionId: text("Our id of the session."),
  messageId: text("Our id of the message."),
};
const ok = z.literal(true).meta({ description: "The request was carried out." });

/** An item of a batch that was not stored. */
const Failure = z
  .object({
    list: z.enum(["sessions", "messages"]).meta({ description: "The list it was sent in." }),
    index: count("Its position in the list, from 0."),
    externalId: text("Its id, if it has a readable one.").optional(),
    sessionExternalId: text("The session of a message.").optional(),
    code: text("The reason as a code, as in error answers."),
    details: Details,
  })
  .meta({ id: "Failure", description: "An item that was not stored." });
export type Failure = z.output<typeof Failure>;

/** Marks an answer for a deleted session. Its ids are the ones sent, because plugins expect ids. */
const deleted = z.literal(true).optional().meta({
  description: "Nothing was stored, because the owner deleted the session.",
});

const secrets = z.array(SecretCount).optional().meta({
  description: "Secrets found in messages, by kind; missing if there were none.",
});

/** How the author of a plugin asks for strictness. */
const STRICT = {
  requestHeaders: { Prefer: "`handling=strict`: store nothing if anything would be ignored." },
  someHeaders: { "Preference-Applied": "`handling=strict`, if that was preferred." },
};

export const syncSession = route({
  method: "POST",
  path: "/sync/session",
  name: "syncSession",
  summary: "Create or update a session",
  access: "caller",
  limit: "sync",
  body: SessionInput,
  warningsOf: sessionWarnings,
  ...STRICT,
  answer: z.object({ ok, sessionId: ids.sessionId, deleted, warnings }),
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
  ...STRICT,
  fails: ["CONFLICT"],
  answer: z.object({
    ...{ ok, ...ids, deleted, secrets, warnings },
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
  ...STRICT,
  fails: ["CONFLICT"],
  answer: z.object({
    ok,
    sessions: count("Number of sessions stored."),
    messages: count("Number of messages stored."),
    errors: z.array(z.string()).meta({ description: "Rejected items, for people." }),
    failures: z.array(Failure).optional().meta({
      description: "Rejected items, for programs, in the order of `errors`.",
    }),
    secrets,
    warnings,
    results: z
      .object({
        sessions: Tally.meta({ description: "Outcomes of sessions." }),
        messages: Tally.meta({ description: "Outcomes of messages." }),
      })
      .meta({ description: "What happened to the items." }),
  }),
});

export const listExternalIds = route({
  method: "GET",
  path: "/sync/sessions/list",
  name: "listExternalIds",
  summary: "List the external ids of all sessions that plugins sent, to compare with their own",
  access: "caller",
  limit: "sync",
  someHeaders: NEXT_LINK,
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
    sessionIds: z.array(z.string()).meta({ description: "The plugins' ids." }),
    sessions: z
      .array(
        z.object({
          externalId: text("The plugin's id of the session."),
          sessionId: ids.sessionId,
          source: text("The tool."),
          messageCount: count("Number of messages."),
          updatedAt: time("Last change by a plugin"),
          lastMessageAt: time("Source time of its latest message").optional(),
        }),
      )
      .optional()
      .meta({ description: "With `detail=true`: each session." }),
    cursor: nextCursor("With `limit` or `cursor`: the next page; null on the last one.").optional(),
  }),
});
