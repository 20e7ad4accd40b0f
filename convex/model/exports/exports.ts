import { getConvexSize } from "convex/values";
import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { invalidField, notFound } from "../../errors";
import type { SessionPage } from "../../exports/writer";
import { readCursor, writeCursor } from "../../lib/cursor";
import { MESSAGE_FIELDS } from "../../lib/sessions/fieldTable";
import { viewOf } from "../../lib/sessions/fields";
import { matchesFilter } from "../../lib/sessions/filter";
import { hmacSha256, randomHex } from "../../lib/hash";
import { utf8Length } from "../../lib/text";
import { type ExportSelection, isSamePlace, type Place, sessionsFrom } from "./selection";
import * as MessagePages from "../sessions/messagePages";
import * as Reviews from "../evals/reviews";
import * as Sessions from "../sessions/sessions";

/**
 * One page stays far inside a transaction (16 MiB, 32,000 documents): a piece, or one message of any
 * size, may come on top of these.
 */
const PAGE_BYTES = 2 * 1024 * 1024;
const PAGE_ROWS = 4_000;
const PAGE_SESSIONS = 50;
/** Sessions looked at for one page, where a filter passes over most of them. */
const SCAN_SESSIONS = 500;
/** Messages, and rows of messages and parts, asked for at once. */
const PIECE = { limit: 200, maxRows: PAGE_ROWS };

/**
 * A page of what an export selects, newest session first, each session with its messages in order.
 * `next` is where the following page begins, null at the end; `unknown` are ids behind the last piece
 * that are no session. Bounded whatever the filters leave.
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
  let bytes = 0;
  let rows = 0;
  let scanned = 0;
  const isFull = () => bytes >= PAGE_BYTES || rows >= PAGE_ROWS;
  for await (const found of sessionsFrom(ctx, user, selection, start?.at ?? null)) {
    const { session, at } = found;
    if (isFull() || pieces.length >= PAGE_SESSIONS || scanned >= SCAN_SESSIONS) {
      return { pieces, unknown, next: writePosition(at, BEGINNING) };
    }
    scanned++;
    if (session === null) {
      unknown.push(found.id);
      continue;
    }
    bytes += getConvexSize(session);
    if (!matchesFilter(session, selection)) continue;
    const resumed = start !== null && isSamePlace(start.at, at) ? start.reached : BEGINNING;
    const review = await Reviews.textsOf(ctx, session);
    for await (const { piece, reached, next } of piecesOf(ctx, session, resumed)) {
      const head = { ...piece.head, ...review };
      pieces.push({ ...piece, head, unknown, position: writePosition(at, reached) });
      unknown = [];
      bytes += piece.bytes + getConvexSize(review);
      rows += rowsOf(piece.messages);
      if (isFull() && next !== null) return { pieces, unknown, next: writePosition(at, next) };
    }
  }
  return { pieces, unknown, next: null };
}

/** What a page of a shared session is made from at most, but for one message that is larger alone. */
const SHARED = { limit: 1_000, maxBytes: 1024 * 1024, maxRows: PAGE_ROWS };

/** Messages of a session that is shared, from a position on; `next` is null at the end. */
export async function sharedPage(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  position: string | null,
): Promise<
  Pick<SessionPage, "head" | "messages" | "from"> & { isCounting: boolean; next: string | null }
> {
  const { from, cursor } = position === null ? BEGINNING : readReached(position);
  const page = await MessagePages.page(ctx, session, { ...SHARED, cursor: cursor || undefined });
  return {
    head: Sessions.headView(session),
    messages: page.messages.map(messageView),
    from,
    isCounting: session.refreshDueAt !== undefined,
    next: page.cursor && writeCursor([from + page.messages.length, page.cursor]),
  };
}

/** How far a conversation was read: messages passed, and the cursor of those that follow. */
type Reached = { from: number; cursor: string };
const BEGINNING: Reached = { from: 0, cursor: "" };

/** The conversation of a session in pieces, from a place on; `next` is null with the last. */
async function* piecesOf(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  start: Reached,
): AsyncGenerator<{
  piece: Omit<SessionPage, "position" | "unknown">;
  reached: Reached;
  next: Reached | null;
}> {
  const head = Sessions.headView(session);
  let reached: Reached | null = start;
  while (reached !== null) {
    const { from }: Reached = reached;
    const found = await MessagePages.page(ctx, session, {
      ...PIECE,
      cursor: reached.cursor || undefined,
    });
    const next: Reached | null =
      found.cursor === null ? null : { from: from + found.messages.length, cursor: found.cursor };
    const messages = found.messages.map(messageView);
    const piece = { head, messages, from, isLast: next === null, bytes: bytesOf(found.messages) };
    yield { piece, reached, next };
    reached = next;
  }
}

/** Rows that messages were read from, about: a large part has several. */
function rowsOf(messages: readonly { parts: readonly unknown[] }[]): number {
  return messages.reduce((sum, { parts }) => sum + 1 + parts.length, 0);
}

/**
 * What a message takes beside its text, and a part: the rest of a row, and an object in memory. A
 * session of a million empty messages is large too.
 */
const ROW_BYTES = 250;

function bytesOf(messages: readonly MessagePages.MessageView[]): number {
  const texts = messages.reduce(
    (sum, { textContent = "", parts }) =>
      parts.reduce((all, part) => all + utf8Length(part.content), sum + utf8Length(textContent)),
    0,
  );
  return texts + rowsOf(messages) * ROW_BYTES;
}

function writePosition(at: Place, { cursor, from }: Reached): string {
  return writeCursor([...at, cursor, from]);
}

function readPosition(text: string): { at: Place; reached: Reached } {
  const values = readCursor(text, ["number", "number", "string", "number"]);
  if (values === undefined) throw invalidField("cursor", "is not a cursor of this export");
  const [first, second, cursor, from] = values;
  return { at: [first, second], reached: { cursor, from } };
}

function readReached(text: string): Reached {
  const [from, cursor = ""] = readCursor(text, ["number", "string"]) ?? [];
  if (from === undefined || cursor === "") throw notFound("Page");
  return { from, cursor };
}

/**
 * What an export that does not name its owner needs: the names to replace, and a key for pseudonyms.
 * The key is an HMAC of the export's id under a secret of the user that never leaves the database, so
 * that all answers of one export agree, two exports do not, and the id in a cursor tells nothing.
 */
export async function identityFor(
  ctx: MutationCtx,
  user: Doc<"users">,
  exportId: string,
): Promise<{ key: string; names: string[] }> {
  const secret = user.pseudonymKey ?? randomHex(32);
  if (user.pseudonymKey === undefined) {
    await ctx.db.patch("users", user._id, { pseudonymKey: secret });
  }
  const local = (user.email ?? user.unverifiedEmail)?.split("@")[0];
  const names = [user.name ?? "", ...(user.name ?? "").split(/\s+/), local ?? ""];
  return { key: hmacSha256(secret, exportId), names: names.filter((name) => name !== "") };
}

const fieldsInExport = viewOf(MESSAGE_FIELDS, "export");

/** The fields of a message that an export may hold. */
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
  };
}
