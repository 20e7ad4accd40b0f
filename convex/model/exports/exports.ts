import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { invalidField, notFound } from "../../errors";
import type { SessionPage } from "../../exports/job";
import { readCursor, writeCursor } from "../../lib/cursor";
import { MESSAGE_FIELDS } from "../../lib/sessions/fieldTable";
import { viewOf } from "../../lib/sessions/fields";
import { matchesFilter } from "../../lib/sessions/filter";
import { hmacSha256 } from "../../lib/hash";
import { jsonStringBytes } from "../../lib/text";
import { valueSize } from "../../lib/valueSize";
import {
  type ExportSelection,
  isSameSession,
  type SessionPosition,
  selectedFrom,
} from "./selection";
import { secretOf } from "../accounts/userSecret";
import { deduct, hasRoom, type ReadBudget } from "../readBudget";
import * as MessagePages from "../sessions/messagePages";
import * as Reviews from "../evals/reviews";
import * as Sessions from "../sessions/sessions";

/** A page ends with the piece that exceeds this; larger pages would take more than three quarters of a query's heap. */
const PAGE_BUDGET: Readonly<ReadBudget> = { rows: 4_000, bytes: 640 * 1024 };
const PAGE_SESSIONS = 50;
/** Sessions read for one page, if a filter excludes most of them. */
const SCAN_SESSIONS = 500;
/** Messages of one piece. */
const PIECE_MESSAGES = 200;

/**
 * A page of an export: the selected sessions, newest first, each with its messages in order. `next` is the
 * position of the next page, null at the end. `unknown` holds requested ids after the last piece that match
 * no session. Reads are bounded even if the filters exclude everything.
 */
export async function page(
  ctx: QueryCtx,
  user: Pick<Doc<"users">, "_id">,
  selection: ExportSelection,
  position: string | null,
): Promise<{ pieces: SessionPage[]; unknown: string[]; next: string | null }> {
  const start = position === null ? null : readPosition(position);
  const pieces: SessionPage[] = [];
  let unknown: string[] = [];
  const budget = { ...PAGE_BUDGET };
  let scanned = 0;
  for await (const found of selectedFrom(ctx, user, selection, start?.at ?? null)) {
    const { session } = found;
    const isResumed = start !== null && isSameSession(start.at, found.at);
    const resumed = isResumed ? start.reached : CONVERSATION_START;
    // A session that is resumed first keeps its position, so that the writer recognises the page it stopped in.
    const at = isResumed && scanned === 0 ? start.at : found.at;
    if (!hasRoom(budget) || pieces.length >= PAGE_SESSIONS || scanned >= SCAN_SESSIONS) {
      return { pieces, unknown, next: writePosition(at, resumed) };
    }
    scanned++;
    if (session === null) {
      unknown.push(found.id);
      continue;
    }
    deduct(budget, { rows: 0, bytes: valueSize(session) });
    if (!matchesFilter(session, selection)) continue;
    const review = await Reviews.textsOf(ctx, session);
    for await (const { piece, reached, next } of readPieces(ctx, session, resumed)) {
      const head = { ...piece.head, ...review };
      pieces.push({ ...piece, head, unknown, position: writePosition(at, reached) });
      unknown = [];
      deduct(budget, {
        rows: countRows(piece.messages),
        bytes: countBytes(piece.messages) + valueSize(review),
      });
      if (!hasRoom(budget) && next !== null)
        return { pieces, unknown, next: writePosition(at, next) };
    }
  }
  return { pieces, unknown, next: null };
}

/** Messages of one page of a shared session. */
const SHARED_PAGE_MESSAGES = 1_000;

type SharedPage = Pick<SessionPage, "head" | "messages" | "from"> & {
  isCounting: boolean;
  /** The position after the page's messages; null at the end. */
  next: string | null;
  /** The position of the next portion, if the page is only a portion of a message. */
  rest: string | null;
};

/** A page of a shared session's messages, starting at a position. */
export async function sharedPage(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  position: string | null,
): Promise<SharedPage> {
  const { from, cursor } =
    position === null ? CONVERSATION_START : readConversationPosition(position);
  const page = await MessagePages.page(ctx, session, {
    limit: SHARED_PAGE_MESSAGES,
    cursor: cursor || undefined,
  });
  const { messages, hasMore } = page;
  const isPortion = countWhole(page) < messages.length;
  const after = page.cursorAfter(messages.length - 1);
  return {
    head: Sessions.headView(session),
    messages: messages.map(messageView),
    from,
    isCounting: session.refreshDueAt !== undefined,
    next: hasMore ? writeCursor([from + messages.length, after]) : null,
    rest: isPortion && page.cursor !== null ? writeCursor([from, page.cursor]) : null,
  };
}

/** A position in a conversation: the number of messages before it, and the cursor to read on. */
type ConversationPosition = { from: number; cursor: string };
const CONVERSATION_START: ConversationPosition = { from: 0, cursor: "" };

/** Reads a conversation in pieces, starting at a position; `next` is null with the last piece. */
async function* readPieces(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  start: ConversationPosition,
): AsyncGenerator<{
  piece: Omit<SessionPage, "position" | "unknown">;
  reached: ConversationPosition;
  next: ConversationPosition | null;
}> {
  const head = Sessions.headView(session);
  let reached: ConversationPosition | null = start;
  while (reached !== null) {
    const { from }: ConversationPosition = reached;
    const found = await MessagePages.page(ctx, session, {
      limit: PIECE_MESSAGES,
      cursor: reached.cursor || undefined,
    });
    const next: ConversationPosition | null =
      found.cursor === null ? null : { from: from + countWhole(found), cursor: found.cursor };
    const messages = found.messages.map(messageView);
    yield { piece: { head, messages, from, isLast: next === null }, reached, next };
    reached = next;
  }
}

/** The messages of a page that end there. */
const countWhole = ({ messages }: { messages: readonly MessagePages.MessageView[] }) =>
  messages.filter(({ restBytes }) => restBytes === undefined).length;

/** Approximate number of rows read for messages; a large part has several rows, counted once. */
function countRows(messages: readonly { parts: readonly unknown[] }[]): number {
  return messages.reduce((sum, { parts }) => sum + 1 + parts.length, 0);
}

/**
 * Bytes counted per message and per part in addition to text, for the rest of the row and the object in
 * memory. Without it, a session of a million empty messages would count as small.
 */
const ROW_BYTES = 250;

/** Bytes of the messages as JSON, in which a query answers: a control character takes six. */
function countBytes(messages: SessionPage["messages"]): number {
  const texts = messages.reduce(
    (sum, { textContent = "", parts }) =>
      parts.reduce(
        (all, part) => all + jsonStringBytes(part.content),
        sum + jsonStringBytes(textContent),
      ),
    0,
  );
  return texts + countRows(messages) * ROW_BYTES;
}

function writePosition(at: SessionPosition, { cursor, from }: ConversationPosition): string {
  return writeCursor([...at, cursor, from]);
}

function readPosition(text: string): { at: SessionPosition; reached: ConversationPosition } {
  const values = readCursor(text, ["number", "number", "string", "number"]);
  if (values === undefined) throw invalidField("cursor", "is not a cursor of this export");
  const [first, second, cursor, from] = values;
  return { at: [first, second], reached: { cursor, from } };
}

function readConversationPosition(text: string): ConversationPosition {
  const [from, cursor = ""] = readCursor(text, ["number", "string"]) ?? [];
  if (from === undefined || cursor === "") throw notFound("Page");
  return { from, cursor };
}

/**
 * Returns what an anonymised export needs: the names to replace, and a key for pseudonyms. The key is an
 * HMAC of the export's id under a secret of the user that never leaves the database. All pages of one
 * export therefore use the same pseudonyms, two exports use different ones, and the id in a cursor reveals
 * nothing.
 */
export async function identityFor(
  ctx: MutationCtx,
  user: Doc<"users">,
  exportId: string,
): Promise<{ key: string; names: string[] }> {
  const secret = await secretOf(ctx, user);
  const local = (user.email ?? user.unverifiedEmail)?.split("@")[0];
  const names = [user.name ?? "", ...(user.name ?? "").split(/\s+/), local ?? ""];
  return { key: hmacSha256(secret, exportId), names: names.filter((name) => name !== "") };
}

const fieldsInExport = viewOf(MESSAGE_FIELDS, "export");

/** The fields of a message that an export may contain. */
function messageView(message: MessagePages.MessageView) {
  return {
    externalId: message.externalId,
    role: message.role,
    rawRole: message.rawRole,
    textContent: message.textContent,
    parts: message.parts,
    source: message.source,
    ...fieldsInExport(message),
    createdAt: message.createdAt,
    continues: message.continues,
    restBytes: message.restBytes,
    isIncomplete: message.isIncomplete,
  };
}
