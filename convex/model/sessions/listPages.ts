import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { invalidField } from "../../errors";
import { readCursor, writeCursor } from "../../lib/cursor";
import { matchesFilter, type SessionFilter } from "../../lib/sessions/filter";
import type { User } from "../accounts/user";
import { hasRoom, type ReadBudget, spend } from "../readBudget";
import {
  type CreatedAtRange,
  newestFirst,
  ownSessions,
  type Position,
  startsOfActive,
} from "./ranges";
import { foldingOf } from "./tree";

/** Lists of a user's sessions, page by page. */

/** Read budget of one page, in case a filter excludes most sessions: a thousand of the usual 1.5 kB. */
export const LIST_BUDGET: Readonly<ReadBudget> = { rows: 1_000, bytes: 4 * 1024 * 1024 };

/** Returns the cursor of a page that ends with this session. */
export function writeListCursor({ createdAt, _creationTime }: Doc<"sessions">): string {
  return writeCursor([createdAt, _creationTime]);
}

/** Parses a list cursor into the position where the previous page ended; throws 400 if it is invalid. */
export function readListCursor(text: string): Position {
  const [createdAt, creationTime] = readCursor(text, ["number", "number"]) ?? [];
  if (createdAt !== undefined && creationTime !== undefined) return { createdAt, creationTime };
  throw invalidField("cursor", "is not a cursor of this list");
}

/** What a page of a list contains. */
export type ListOptions = {
  limit: number;
  cursor?: string;
  /** Leaves out subagents whose parent the list has: they are shown under it. */
  foldsSubagents?: boolean;
} & SessionFilter;

/** A page of sessions; `cursor` is null at the end. A page may be shorter than `limit`. */
export type ListPage = { sessions: Doc<"sessions">[]; cursor: string | null };

/**
 * Fills a page from rows in the order of a list. A filter is decided row by row, so a page reads at most
 * `LIST_BUDGET` and may be shorter than `limit`; its cursor continues after the last row that was read.
 */
export async function pageOf(
  { ctx, user }: { ctx: QueryCtx; user: User },
  rows: AsyncIterable<Doc<"sessions">>,
  { limit, foldsSubagents = false, ...filter }: Omit<ListOptions, "cursor">,
  cursorAfter: (last: Doc<"sessions">) => string,
): Promise<ListPage> {
  const budget = { ...LIST_BUDGET };
  const isFolded = foldingOf(ctx, user, filter, budget);
  const sessions: Doc<"sessions">[] = [];
  let last: Doc<"sessions"> | undefined;
  for await (const session of rows) {
    if (last && (sessions.length >= limit || !hasRoom(budget))) {
      return { sessions, cursor: cursorAfter(last) };
    }
    spend(budget, session);
    const isShown =
      matchesFilter(session, filter) && !(foldsSubagents && (await isFolded(session)));
    if (isShown) sessions.push(session);
    last = session;
  }
  return { sessions, cursor: null };
}

/**
 * A page of the user's sessions that match, newest first by source time. Stable under inserts: the next page
 * starts exactly after the last row read for this one.
 */
export async function listPage(
  ctx: QueryCtx,
  user: User,
  { cursor, ...options }: ListOptions,
): Promise<ListPage> {
  const start = cursor === undefined ? null : { ...readListCursor(cursor), isIncluded: false };
  const rows = (range: CreatedAtRange) => ownSessions(ctx, user, options.source, range);
  const bounds = await startsOfActive(ctx, user, options);
  return await pageOf({ ctx, user }, newestFirst(rows, bounds, start), options, writeListCursor);
}
