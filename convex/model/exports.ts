import type { Doc } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { invalidField, notFound } from "../errors";
import type { Piece } from "../exports/writer";
import { readCursor, writeCursor } from "../lib/cursor";
import { utf8Length } from "../lib/text";
import {
  type ExportSelection,
  isSamePlace,
  matches,
  type Place,
  sessionsFrom,
} from "./exportSelection";
import * as Messages from "./messages";
import * as Sessions from "./sessions";

/** One page stays far inside a transaction: a loader's page (4 MiB) may come on top of these. */
const PAGE_BYTES = 2 * 1024 * 1024;
const PAGE_SESSIONS = 50;
/** Sessions looked at for one page, where a filter passes over most of them. */
const SCAN_SESSIONS = 500;
/** Messages asked for at once. */
const PIECE_MESSAGES = 200;

/**
 * A page of what an export selects, newest session first, each session with its messages in order.
 * `next` is where the following page begins; null at the end. Bounded whatever the filters leave.
 */
export async function page(
  ctx: QueryCtx,
  user: Pick<Doc<"users">, "_id">,
  selection: ExportSelection,
  position: string | null,
): Promise<{ pieces: Piece[]; next: string | null }> {
  const start = position === null ? null : readPosition(position);
  const pieces: Piece[] = [];
  let bytes = 0;
  let scanned = 0;
  for await (const { session, at } of sessionsFrom(ctx, user, selection, start?.at ?? null)) {
    if (bytes >= PAGE_BYTES || pieces.length >= PAGE_SESSIONS || scanned >= SCAN_SESSIONS) {
      return { pieces, next: writePosition(at, BEGINNING) };
    }
    scanned++;
    if (!matches(session, selection)) continue;
    const resumed = start !== null && isSamePlace(start.at, at) ? start.reached : BEGINNING;
    for await (const { piece, reached, next } of piecesOf(ctx, session, resumed)) {
      pieces.push({ ...piece, position: writePosition(at, reached) });
      bytes += piece.bytes;
      if (bytes >= PAGE_BYTES && next !== null) return { pieces, next: writePosition(at, next) };
    }
  }
  return { pieces, next: null };
}

/** A page of a session that is shared, and where the next begins; null at the end. */
export async function sharedPage(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  after: string | null,
  maxBytes: number,
): Promise<Omit<Piece, "position" | "bytes"> & { next: string | null }> {
  const start = after === null ? BEGINNING : readReached(after);
  const messages: Piece["messages"] = [];
  let bytes = 0;
  let rest: Reached | null = null;
  for await (const { piece, next } of piecesOf(ctx, session, start)) {
    messages.push(...piece.messages);
    bytes += piece.bytes;
    rest = next;
    if (bytes >= maxBytes) break;
  }
  return {
    head: Sessions.headView(session),
    messages,
    from: start.from,
    isLast: rest === null,
    next: rest && writeCursor([rest.from, rest.cursor]),
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
): AsyncGenerator<{ piece: Omit<Piece, "position">; reached: Reached; next: Reached | null }> {
  const head = Sessions.headView(session);
  let reached: Reached | null = start;
  while (reached !== null) {
    const { from }: Reached = reached;
    const found = await Messages.page(ctx, session, {
      limit: PIECE_MESSAGES,
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

function bytesOf(messages: readonly Messages.MessageView[]): number {
  return messages.reduce(
    (sum, { textContent = "", parts }) =>
      parts.reduce((all, part) => all + utf8Length(part.content), sum + utf8Length(textContent)),
    0,
  );
}

function writePosition(at: Place, { cursor, from }: Reached): string {
  return writeCursor([...at, cursor, from]);
}

function readPosition(text: string): { at: Place; reached: Reached } {
  const [first, second, cursor, from] = readCursor(text, 4);
  if (
    typeof first !== "number" ||
    typeof second !== "number" ||
    typeof cursor !== "string" ||
    typeof from !== "number"
  ) {
    throw invalidField("cursor", "is not a cursor of this export");
  }
  return { at: [first, second], reached: { cursor, from } };
}

function readReached(text: string): Reached {
  const [from, cursor] = readCursor(text, 2);
  if (typeof from !== "number" || typeof cursor !== "string" || cursor === "")
    throw notFound("Page");
  return { from, cursor };
}

/** What an export that shall not name its owner has to know: names, and a salt that is no name. */
export function identityOf(user: Doc<"users">): { salt: string; names: string[] } {
  const local = user.email?.split("@")[0];
  const names = [user.name ?? "", ...(user.name ?? "").split(/\s+/), local ?? ""];
  return { salt: user._id, names: names.filter((name) => name !== "") };
}

/** The fields of a message that an export may hold. */
function messageView(message: Messages.MessageView) {
  return {
    externalId: message.externalId,
    role: message.role,
    textContent: message.textContent,
    parts: message.parts,
    model: message.model,
    promptTokens: message.promptTokens,
    completionTokens: message.completionTokens,
    durationMs: message.durationMs,
    createdAt: message.createdAt,
  };
}
