import { v } from "convex/values";
import { EMBEDDING_DIMENSIONS } from "./lib/embedding/vectorSpace";
import { EVAL_STATUSES, LIMIT_CLASSES, ROLES, SESSION_STATES } from "./lib/enums";
import { NUMBERS } from "./lib/numbers";
import { keysOf, record } from "./lib/record";
import { type Field, MESSAGE_FIELDS, SESSION_FIELDS } from "./lib/sessions/fieldTable";
import { declared, FIELD_FILTERS, type Fields, type ValueOf } from "./lib/sessions/fields";

/** Columns that several tables, or a table and function arguments, share. Pure. */

export const vRole = v.union(...ROLES.map((role) => v.literal(role)));

export const vEvalStatus = v.union(...EVAL_STATUSES.map((status) => v.literal(status)));

const vLabel = v.optional(v.string());
const vNumber = v.optional(v.number());

type Column<F extends Field> = ValueOf<F> extends string ? typeof vLabel : typeof vNumber;

/** Returns a column for each field of the field table (`lib/sessions/fieldTable.ts`). */
function columns<T extends Fields>(fields: T) {
  const names = keysOf(fields);
  // Only the type of the field itself says which of the two columns it has.
  return record(names, (name) => (declared(fields, name).kind === "label" ? vLabel : vNumber)) as {
    [N in keyof T & string]: Column<T[N]>;
  };
}

/** Numbers of a session or a message. Absent means unknown, not 0. */
export const numberFields = record(NUMBERS, () => vNumber);

/** Fields a plugin may send of a session, in addition to its id, source and time. */
export const sessionFields = columns(SESSION_FIELDS);

/** Fields a plugin may send of a message, in addition to its ids, role, parts and time. */
export const messageFields = {
  /** The role as sent, if it is not one of ours. */
  rawRole: v.optional(v.string()),
  textContent: v.optional(v.string()),
  /** True if the text was derived from the text parts, because no text was sent. */
  textIsDerived: v.optional(v.boolean()),
  source: v.optional(v.string()),
  ...columns(MESSAGE_FIELDS),
};

/** Filters over sessions, as arguments of functions (`lib/sessions/filter.ts`). */
export const sessionFilter = {
  source: vLabel,
  ...record(
    FIELD_FILTERS.map(({ filter }) => filter),
    () => vLabel,
  ),
  from: vNumber,
  to: vNumber,
  minTokens: vNumber,
  status: v.optional(vEvalStatus),
  tags: v.optional(v.array(v.string())),
  projectPart: vLabel,
  isFilled: v.optional(v.boolean()),
  state: v.optional(
    v.object({ is: v.union(...SESSION_STATES.map((one) => v.literal(one))), at: v.number() }),
  ),
  live: v.optional(v.object({ project: v.string(), since: v.number() })),
};

/** Counts of distinct secrets by kind; never the secrets themselves. */
export const vSecretCounts = v.array(v.object({ kind: v.string(), count: v.number() }));

/** Secret counts of a message: in its parts, and additional ones in its text. */
export const vMessageSecrets = v.object({
  text: v.optional(vSecretCounts),
  parts: v.optional(vSecretCounts),
});

/** A message change for the session's refresh: the message's current fields, and its previous ones. */
export const vMessageChange = v.object({
  /** Identity, for claims of usage: absent where the message neither carries nor carried any. */
  messageId: v.optional(v.id("messages")),
  externalId: vLabel,
  /** Only of prompts: no other role makes a difference to the session. */
  role: v.optional(vRole),
  orderKey: v.string(),
  /** Absent where it is the time in the order key. */
  createdAt: v.optional(v.number()),
  /** When the message was stored, or stored again, ms, where that is not the time of the row. */
  changedAt: v.optional(v.number()),
  /** Absent also where the session's source is explicit. */
  source: vLabel,
  ...columns(MESSAGE_FIELDS),
  secrets: v.optional(vSecretCounts),
  tools: vLabel,
  /** Identifies its usage across copies of the message (`lib/stats/usage.ts`); absent without usage. */
  usageKey: vLabel,
  /** Set if only this changes: whether the message's usage is now counted; it was the opposite before. */
  isCounted: v.optional(v.boolean()),
  /** With `isCounted`: the price stored with its claim. */
  price: v.optional(v.union(v.number(), v.null())),
  /** The fields as the session has counted them; absent for a new message. */
  before: v.optional(
    v.object({
      ...columns(MESSAGE_FIELDS),
      secrets: v.optional(vSecretCounts),
      tools: vLabel,
      usageKey: vLabel,
    }),
  ),
});

/** A part, or one row (`piece`) of a long part, without the ids of its message. */
export const pieceFields = {
  order: v.number(),
  piece: v.number(),
  type: v.string(),
  /**
   * `text`: plain text. `json`: JSON text. With the suffix `AndFields`, the last line is JSON text of the
   * part's fields other than `content`. `packed`: JSON text of an array of whole parts.
   */
  format: v.union(
    v.literal("text"),
    v.literal("json"),
    v.literal("textAndFields"),
    v.literal("jsonAndFields"),
    v.literal("packed"),
  ),
  /** The last characters of `text` that are no content: words that readers see but that the index would miss in it. */
  wordChars: v.optional(v.number()),
  text: v.optional(v.string()),
  content: v.optional(v.string()),
};

/** A time (ms) for each class of endpoints. */
export const limitTimes = record(LIMIT_CLASSES, () => v.optional(v.number()));

/** A documentation page as it is synced. */
export const docPageFields = {
  slug: v.string(),
  title: v.string(),
  content: v.string(),
  contentHash: v.string(),
};

/** A vector of `EMBEDDING_DIMENSIONS` numbers. */
export const vVector = v.array(v.float64());

/** The index over a column `embedding` of vectors. */
export const vectorIndex = { vectorField: "embedding", dimensions: EMBEDDING_DIMENSIONS } as const;

export const vDeletionScope = v.union(v.literal("data"), v.literal("account"));

/** The state of a deletion of all data, or of the account; its owner can watch it. */
export const vDeletion = v.object({
  scope: vDeletionScope,
  status: v.union(
    v.literal("pending"),
    v.literal("in_progress"),
    v.literal("completed"),
    v.literal("failed"),
  ),
  /** Numbers of rows deleted; they only grow. */
  progress: v.object({
    sessions: v.number(),
    messages: v.number(),
    parts: v.number(),
    apiLogs: v.number(),
    sessionEmbeddings: v.number(),
    messageEmbeddings: v.number(),
  }),
  startedAt: v.number(),
  updatedAt: v.number(),
  /** Version 1: the session whose rows were being deleted. */
  sessionId: v.optional(v.id("sessions")),
  /** How often a stalled deletion was restarted. */
  restarts: v.optional(v.number()),
  error: v.optional(v.string()),
});

/** Numbers of a session. */
export const vNumbers = v.object(numberFields);

/** Sums over messages, and how many of them had tokens and a cost. */
export const vCounted = v.object({
  ...numberFields,
  /** Number of messages with tokens. This and the next two are absent instead of 0. */
  withTokens: v.optional(v.number()),
  withCost: v.optional(v.number()),
  /** Messages whose usage is counted with another message. */
  elsewhere: v.optional(v.number()),
});

const vNames = { source: v.string(), provider: v.string(), model: v.string(), project: v.string() };

/** The ledger's bookings of a session as a whole. */
export const vBooked = v.object({
  ...vNames,
  /** The quarter hour (since 1970) in which it started. */
  start: v.number(),
  /** The booked part of the reported totals that exceeds the sums over messages. */
  reported: v.optional(v.record(v.string(), v.number())),
  /** The last day booked under the names above while older bookings are being renamed; absent when all are. */
  renamedThrough: v.optional(v.number()),
  /** The order key of the message that named the model, if no plugin named it. */
  modelKey: vLabel,
});

/** A session's contribution to one UTC day (`lib/stats/sessionDay.ts`). */
export const vSessionDay = v.object({
  day: v.number(),
  ...vNames,
  previous: vNumber,
  start: vNumber,
  isOther: v.optional(v.boolean()),
  entries: v.array(
    v.object({
      provider: v.string(),
      model: v.string(),
      isReported: v.optional(v.boolean()),
      cells: v.string(),
      tools: vLabel,
    }),
  ),
});

/** Cells (`lib/stats/cells.ts`, `toolCells.ts`) of one source, provider, model and project. */
export const vGrain = v.object({ ...vNames, cells: v.string(), tools: vLabel });

/** A row of a day from version 1: whole sessions, on the day they started. */
export const vLedgerRow = v.object({
  source: v.string(),
  provider: v.string(),
  model: v.string(),
  project: v.string(),
  sessions: v.number(),
  messages: v.number(),
  promptTokens: v.number(),
  completionTokens: v.number(),
  totalTokens: v.number(),
  cacheReadTokens: v.optional(v.number()),
  cacheWriteTokens: v.optional(v.number()),
  reasoningTokens: v.optional(v.number()),
  costNanos: v.number(),
  durationMs: v.number(),
  lastActiveAt: v.number(),
});

/** Search words of a stored row: a row of `parts` or, without `order`, the message's own. */
export const searchTextFields = {
  order: v.optional(v.number()),
  piece: v.optional(v.number()),
  /** Words, separated by spaces; at most `SEARCH_TEXT_MAX_BYTES`. */
  text: v.string(),
};

/** The owner of a row. Rows are read and deleted by session; `userId` is a filter of the search indexes. */
export const ofSession = { userId: v.id("users"), sessionId: v.id("sessions") };
export const ofMessage = { ...ofSession, messageId: v.id("messages") };
