import type { Doc } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { SESSION_COLUMNS, csvRow, sessionCsvRow } from "../exports/csv";
import { sessionMarkdown } from "../exports/markdown";
import { drawnParts } from "../lib/drawn";
import { parseParts } from "../lib/parts";
import { takeWithin } from "./bounded";
import { startSessionDeletion } from "./deletion";
import * as Messages from "./messages";
import { reviewedView } from "./reviews";
import * as Sessions from "./sessions";

/**
 * What the dashboard shows of sessions. It asks for a whole conversation in one query, so a
 * conversation is bounded here by what one query may read: `CONVERSATION`. A longer one comes up to
 * there, says so (`messagesCursor`), and goes on with the cursor; the page shows its beginning.
 */

type User = Doc<"users">;

/** Half of the 16 MiB and a quarter of the 32,000 documents that one query may read. */
const CONVERSATION = { limit: 4_000, maxBytes: 8 * 1024 * 1024, maxRows: 8_000 };

/** A session with its conversation, parts in a form that the pages can draw. */
export async function conversation(ctx: QueryCtx, session: Doc<"sessions">, cursor?: string) {
  const page = await Messages.page(ctx, session, { ...CONVERSATION, cursor });
  return {
    session: { ...(await reviewedView(ctx, session)), _id: session._id },
    messages: page.messages.map((message) => messageView(message)),
    messagesCursor: page.cursor,
  };
}

function messageView(message: Messages.MessageView) {
  const { id, role, createdAt, textContent, model } = message;
  return {
    _id: id,
    role,
    createdAt,
    ...(textContent === undefined ? {} : { textContent }),
    ...(model === undefined ? {} : { model }),
    parts: drawnParts({ ...message, parts: parseParts(message.parts) }),
  };
}

/** A shared session as strangers see it: what was said, and nothing of who, where and how much. */
export async function publicConversation(ctx: QueryCtx, session: Doc<"sessions">) {
  const { messages, messagesCursor } = await conversation(ctx, session);
  const { title, model, source, totalTokens, createdAt } = Sessions.sessionView(session);
  return { session: { title, model, source, totalTokens, createdAt }, messages, messagesCursor };
}

/** A session as Markdown, up to the bound of a conversation. */
export async function markdownOf(ctx: QueryCtx, session: Doc<"sessions">): Promise<string> {
  const page = await Messages.page(ctx, session, CONVERSATION);
  const messages = page.messages.map(({ parts, ...message }) => ({
    ...message,
    parts: parseParts(parts),
  }));
  const head = Sessions.headView(session);
  const text = sessionMarkdown({ ...head, messages, from: 0, isLast: page.cursor === null });
  return page.cursor === null ? text : `${text}\n*The conversation goes on.*\n`;
}

/** Sessions that one table holds: what a query may read, with room to spare. */
const TABLE_BUDGET = { rows: 8_000, bytes: 10 * 1024 * 1024 };

/** All sessions of the user as a CSV table, in order of creation; with too many, the newest. */
export async function sessionsCsv(ctx: QueryCtx, user: User): Promise<string> {
  const newestFirst = ctx.db
    .query("sessions")
    .withIndex("by_user", (q) => q.eq("userId", user._id))
    .order("desc");
  const sessions = (await takeWithin(newestFirst, { ...TABLE_BUDGET })).reverse();
  const rows = sessions.map((session) =>
    sessionCsvRow(session._id, { ...session, title: Sessions.shownTitle(session) }),
  );
  return [csvRow(SESSION_COLUMNS), ...rows].join("\n");
}

/** Deletes the user's session; one that is gone, or never was theirs, is no error and no news. */
export async function removeOwn(ctx: MutationCtx, user: User, sessionId: string): Promise<void> {
  const session = await Sessions.findOwn(ctx, user, sessionId);
  if (session) await startSessionDeletion(ctx, session);
}
