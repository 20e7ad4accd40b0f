import * as z from "zod";
import { inBothCases } from "../lib/caseNames";
import { MESSAGE_MAX_BYTES, storedBytes } from "../lib/sessions/partRows";
import { MESSAGE_FIELDS, SESSION_FIELDS } from "../lib/sessions/fieldTable";
import type { MessageTable, Values } from "../lib/sessions/fields";
import { timeFromId } from "../lib/sync/sourceTime";
import { isWellFormed } from "../lib/text";
import { readSource } from "./sources";
import { label, lenient, readLabel, text, time } from "./fields";
import { fieldReader, inputShape, inSnakeCaseToo, underNames } from "./fieldShapes";
import { PartList, readContent, refuseTooLarge, textOfParts } from "./parts";
import { readRole } from "./roles";
import { warningsOf } from "./warnings";

/** The longest id of a plugin, in UTF-16 units; real ones have fewer than 100. */
const ID_MAX_LENGTH = 512;

/** Parses a non-blank id, or tells what is wrong with it. */
function readId(value: unknown): { id?: string; fault?: string } {
  if (typeof value === "number" && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
    // Two different ids may already have become the same number.
    return { id: "", fault: "is beyond 2^53, where numbers are not exact: send it as a string" };
  }
  if (typeof value === "string" && !isWellFormed(value)) {
    // Replaced by U+FFFD, two different ids would become one, and one message would overwrite the other.
    return { id: "", fault: "has an unpaired surrogate, which cannot be stored" };
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

/** The same field under a name of older clients. */
const alias = <Schema extends z.ZodType>(of: string, read: (description: string) => Schema) =>
  read(`Alias of \`${of}\`.`).meta({ deprecated: true });

const times = {
  createdAt: time("Source time: epoch milliseconds, seconds or ISO 8601."),
  timestamp: alias("createdAt", time),
  startedAt: alias("createdAt", time),
};

/**
 * A session as plugins send it. Only an id is required, and unknown fields are ignored.
 * `messageCount` is ignored too, because plugins count by their own rules (the same session 6, then
 * 4) and send the messages anyway.
 */
const SessionFields = z.object(
  inSnakeCaseToo({
    externalId: id("The plugin's id of the session."),
    sessionId: alias("externalId", id),
    source: label("The tool: `claude-code`, `opencode`, `cursor-sync`, …; free text."),
    ...inputShape(SESSION_FIELDS),
    restore: lenient((value) => (value === true ? true : undefined), {
      type: "boolean",
      description:
        "Restore a session that its owner deleted. Without it, the session stays deleted.",
    }),
    ...times,
  }),
);

/** A message as plugins send it. */
const MessageFields = z.object(
  inSnakeCaseToo({
    sessionExternalId: id("The plugin's id of the session; the session is created if unknown."),
    sessionId: alias("sessionExternalId", id),
    externalId: id("The plugin's id of the message."),
    messageId: alias("externalId", id),
    id: alias("externalId", id),
    role: lenient((value) => value, {
      type: "string",
      examples: ["user", "assistant", "system", "tool"],
      description:
        "user, assistant, system or tool. Anything else is kept as sent and counts as unknown.",
    }),
    textContent: text("The text. Default: the text of the text parts."),
    content: lenient((value) => value, {
      description: "Alias of `textContent` or `parts`.",
      deprecated: true,
    }),
    parts: PartList,
    toolCalls: lenient((value) => value, {
      description: "Alias of `parts`, for tool calls.",
      deprecated: true,
    }),
    tool_calls: lenient((value) => value, {
      description: "Alias of `parts`, for tool calls as in OpenAI's messages.",
      deprecated: true,
    }),
    tool_call_id: label("The call that a tool message answers, as in OpenAI's messages."),
    source: label("The tool; used if the message creates its session."),
    ...inputShape(MESSAGE_FIELDS),
    ...times,
  }),
);

/** The names under which the ids are read, the documented one first. */
export const ID_NAMES = {
  session: inBothCases(["externalId", "sessionId"]),
  sessionOfMessage: inBothCases(["sessionExternalId", "sessionId"]),
  message: inBothCases(["externalId", "messageId", "id"]),
};

const readSessionFields = fieldReader(SESSION_FIELDS);
const readMessageFields = fieldReader(MESSAGE_FIELDS);

const readText = underNames("textContent");
const readSentTime = underNames("createdAt", "timestamp", "startedAt");

type Times = { [name in keyof typeof times]?: number };

function readCreatedAt(fields: Times, externalId: string) {
  return readSentTime(fields) ?? timeFromId(externalId, Date.now());
}

/** Adds up the kinds of cache writes if a plugin sends them without the sum; a kind that it omits is 0. */
function withCacheWrites(numbers: Values<MessageTable>): Values<MessageTable> {
  const { cacheWriteTokens, cacheWrite5mTokens: short, cacheWrite1hTokens: long } = numbers;
  if (cacheWriteTokens !== undefined || (short ?? long) === undefined) return numbers;
  return { ...numbers, cacheWriteTokens: (short ?? 0) + (long ?? 0) };
}

type Issues = z.RefinementCtx;

type Ids = { [name: string]: unknown };
type SentId = ReturnType<typeof readId>;

/** The first valid id, or an issue that names the field and its fault. */
function requireId(issues: Issues, fields: Ids, names: readonly string[]): string {
  // The fields of these names are declared with `id`.
  const given = names.map((name) => [name, fields[name] as SentId | undefined] as const);
  const [name = "", found = {}] = given.find(([, one]) => one?.id !== undefined) ??
    given.find(([, one]) => one?.fault !== undefined) ?? [given[0]?.[0]];
  const { id = "", fault = "is required" } = found;
  if (id === "" || found.fault !== undefined) {
    issues.addIssue({ code: "custom", path: [name], message: fault });
  }
  return id;
}

/**
 * For the OpenAPI document: one of these fields is required. Each alternative repeats its field, because
 * generators of types ignore a mere list of names.
 */
function oneRequired(names: readonly string[]) {
  return { anyOf: names.map(required) };
}

function required(name: string) {
  const field = { type: "string", description: "An id." };
  return { type: "object", required: [name], properties: { [name]: field } };
}

/** A session with aliases resolved. Missing fields are undefined and keep what is stored. */
export const SessionInput = SessionFields.transform((fields, issues) => {
  const externalId = requireId(issues, fields, ID_NAMES.session);
  return {
    externalId,
    source: readSource(fields.source),
    createdAt: readCreatedAt(fields, externalId),
    ...readSessionFields(fields),
    restore: fields.restore,
  };
}).meta({
  id: "SessionInput",
  description: "A session as a plugin sends it. What it leaves out is kept.",
  allOf: [oneRequired(ID_NAMES.session)],
});

/** A message with aliases resolved and its parts in stored form. */
export const MessageInput = MessageFields.transform((fields, issues) => {
  const sessionExternalId = requireId(issues, fields, ID_NAMES.sessionOfMessage);
  const externalId = requireId(issues, fields, ID_NAMES.message);
  const sent = { ...fields, textContent: readText(fields) };
  const { text: sentText, parts } = readContent(sent, issues);
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
}).meta({
  id: "MessageInput",
  description: "A message as a plugin sends it. What it leaves out is kept.",
  allOf: [oneRequired(ID_NAMES.sessionOfMessage), oneRequired(ID_NAMES.message)],
});

/** Warnings about fields of a sent session or message that will be ignored. */
export const sessionWarnings = (sent: unknown, read?: SessionInput) =>
  warningsOf(SESSION_SHAPE, sent, read);
export const messageWarnings = (sent: unknown, read?: MessageInput) =>
  warningsOf(MESSAGE_SHAPE, sent, read);

const SESSION_SHAPE = new Map(Object.entries(SessionFields.shape));
const MESSAGE_SHAPE = new Map(Object.entries(MessageFields.shape));

export type SessionInput = z.output<typeof SessionInput>;
export type MessageInput = z.output<typeof MessageInput>;
