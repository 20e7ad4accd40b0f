import * as z from "zod";
import { MESSAGE_MAX_BYTES, storedBytes } from "../lib/sessions/partRows";
import { JsonItems } from "../lib/jsonBytes";
import { MESSAGE_FIELDS, SESSION_FIELDS } from "../lib/sessions/fieldTable";
import type { MessageTable, Values } from "../lib/sessions/fields";
import { timeFromId } from "../lib/sync/sourceTime";
import { readSource } from "./sources";
import { label, lenient, readLabel, text, time } from "./fields";
import { fieldReader, inputShape } from "./fieldShapes";
import { PartList, readSaid, refuseTooLarge, textOfParts } from "./parts";
import { readRole } from "./roles";
import { LISTED_ITEMS_MAX, route } from "./route";

/** Longest id of a plugin, in UTF-16 units; real ones have fewer than 100. */
const ID_MAX_LENGTH = 512;

/** An id, not blank, and what is wrong with what was sent as one. */
function readId(value: unknown): { id?: string; fault?: string } {
  if (typeof value === "number" && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
    // Two of them may be one number by now, and would be one session.
    return { id: "", fault: "is beyond 2^53, where numbers are not exact: send it as a string" };
  }
  if (typeof value === "string" || typeof value === "number") {
    const id = readLabel(String(value));
    const isTooLong = id !== undefined && id.length > ID_MAX_LENGTH;
    return isTooLong ? { id, fault: `is longer than ${ID_MAX_LENGTH} characters` } : { id };
  }
  return value === undefined || value === null ? {} : { fault: "must be text or a number" };
}

const id = (description: string) =>
  lenient((value) => readId(value), { type: "string", maxLength: ID_MAX_LENGTH, description });

const times = {
  createdAt: time("Source time: epoch milliseconds, seconds or ISO 8601."),
  timestamp: time("Alias of `createdAt`."),
  startedAt: time("Alias of `createdAt`."),
};

/**
 * A session as plugins send it. Only an id is required; unknown fields are ignored. So is `messageCount`:
 * plugins count by rules of their own (the same session 6, then 4), the messages themselves follow, and a
 * count without messages would be in lists what it is in no statistics.
 */
const SessionFields = z.object({
  externalId: id("The plugin's id of the session."),
  sessionId: id("Alias of `externalId`."),
  source: label("Which tool: `claude-code`, `opencode`, `cursor-sync`, …; free text."),
  ...inputShape(SESSION_FIELDS),
  restore: lenient((value) => (value === true ? true : undefined), {
    type: "boolean",
    description: "Brings a session back that its owner deleted; without it, it stays deleted.",
  }),
  ...times,
});

/** A message as plugins send it. */
const MessageFields = z.object({
  sessionExternalId: id("The plugin's id of the session; the session is created if unknown."),
  sessionId: id("Alias of `sessionExternalId`."),
  externalId: id("The plugin's id of the message."),
  messageId: id("Alias of `externalId`."),
  id: id("Alias of `externalId`."),
  role: lenient((value) => value, {
    type: "string",
    description:
      "user, assistant, system, tool; anything else is kept as sent and counts as unknown.",
  }),
  textContent: text("The text; taken from the text parts if absent."),
  content: lenient((value) => value, {
    description: "Older clients: the text, or a list of parts.",
  }),
  parts: PartList,
  toolCalls: lenient((value) => value, {
    description: "Older clients: tool calls, kept as parts.",
  }),
  tool_calls: lenient((value) => value, { description: "The same, as OpenAI's messages have it." }),
  tool_call_id: label("The call that a message of a tool answers, as OpenAI's messages have it."),
  source: label("Which tool; used when the message is the first sign of its session."),
  ...inputShape(MESSAGE_FIELDS),
  ...times,
});

const readSessionFields = fieldReader(SESSION_FIELDS);
const readMessageFields = fieldReader(MESSAGE_FIELDS);

type Times = { [name in keyof typeof times]?: number };

function readCreatedAt(fields: Times, externalId: string) {
  return (
    fields.createdAt ?? fields.timestamp ?? fields.startedAt ?? timeFromId(externalId, Date.now())
  );
}

/** The two kinds of cache writes add up to their sum, where a plugin sends both and no sum. */
function withCacheWrites(numbers: Values<MessageTable>): Values<MessageTable> {
  const { cacheWriteTokens, cacheWrite5mTokens: short, cacheWrite1hTokens: long } = numbers;
  if (cacheWriteTokens !== undefined || short === undefined || long === undefined) return numbers;
  return { ...numbers, cacheWriteTokens: short + long };
}

type Issues = z.RefinementCtx;

type Ids = { [name: string]: ReturnType<typeof readId> | undefined };

/** The first id given, or an issue that names the field and what is wrong with it. */
function requireId(issues: Issues, candidates: Ids): string {
  const given = Object.entries(candidates);
  const [name = "", found = {}] = given.find(([, one]) => one?.id !== undefined) ??
    given.find(([, one]) => one?.fault !== undefined) ?? [given[0]?.[0]];
  const { id = "", fault = "is required" } = found;
  if (id === "" || found.fault !== undefined) {
    issues.addIssue({ code: "custom", path: [name], message: fault });
  }
  return id;
}

/** A session, its aliases resolved. Absent fields are undefined and keep what is stored. */
export const SessionInput = SessionFields.transform((fields, issues) => {
  const { externalId: ownId, sessionId } = fields;
  const externalId = requireId(issues, { externalId: ownId, sessionId });
  return {
    externalId,
    source: readSource(fields.source),
    createdAt: readCreatedAt(fields, externalId),
    ...readSessionFields(fields),
    restore: fields.restore,
  };
}).meta({ id: "SessionInput" });

/** A message, its aliases resolved and its parts in the one stored form. */
export const MessageInput = MessageFields.transform((fields, issues) => {
  const { sessionExternalId: ofSession, sessionId, externalId: ownId, messageId, id } = fields;
  const sessionExternalId = requireId(issues, { sessionExternalId: ofSession, sessionId });
  const externalId = requireId(issues, { externalId: ownId, messageId, id });
  const { text: sentText, parts } = readSaid(fields, issues);
  const derived = sentText ? undefined : parts && textOfParts(parts);
  const textContent = sentText || derived;
  if (storedBytes(textContent ?? "", parts ?? []) > MESSAGE_MAX_BYTES) refuseTooLarge(issues);
  return {
    sessionExternalId,
    externalId,
    ...readRole(fields.role),
    textContent,
    textIsDerived: derived ? true : undefined,
    parts,
    source: readSource(fields.source),
    createdAt: readCreatedAt(fields, externalId),
    ...withCacheWrites(readMessageFields(fields)),
  };
}).meta({ id: "MessageInput" });

export type SessionInput = z.output<typeof SessionInput>;
export type MessageInput = z.output<typeof MessageInput>;

/** Items stay unparsed here: each is read alone, so that a bad one hurts no neighbour. */
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

const BatchBody = z.object({
  sessions: items("Sessions, as for `/sync/session`."),
  messages: items("Messages, as for `/sync/message`."),
});

const Tally = z.object({
  inserted: z.number(),
  updated: z.number(),
  skipped: z.number(),
  deleted: z.number().optional().meta({
    description: "How many of the skipped ones belong to sessions that their owner deleted.",
  }),
});

/** Ids in such an answer are those that were sent: plugins expect some. */
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
  answer: z.object({ ok: z.literal(true), sessionId: z.string(), deleted }),
});

export const syncMessage = route({
  method: "POST",
  path: "/sync/message",
  name: "syncMessage",
  summary: "Create or update a message; its session is created if unknown",
  access: "caller",
  limit: "sync",
  body: MessageInput,
  answer: z.object({ ok: z.literal(true), messageId: z.string(), sessionId: z.string(), deleted }),
});

export const syncBatch = route({
  method: "POST",
  path: "/sync/batch",
  name: "syncBatch",
  summary: "Create or update many sessions and messages; bad items are named in `errors`",
  access: "caller",
  limit: "sync",
  body: BatchBody,
  listedItems: ["sessions", "messages"],
  answer: z.object({
    ok: z.literal(true),
    sessions: z.number().meta({ description: "Sessions stored." }),
    messages: z.number().meta({ description: "Messages stored." }),
    errors: z.array(z.string()),
    results: z.object({ sessions: Tally, messages: Tally }),
  }),
});

export const listExternalIds = route({
  method: "GET",
  path: "/sync/sessions/list",
  name: "listExternalIds",
  summary: "External ids of all sessions that a plugin announced, to compare with its own",
  access: "caller",
  limit: "sync",
  answer: z.object({ sessionIds: z.array(z.string()) }),
});
