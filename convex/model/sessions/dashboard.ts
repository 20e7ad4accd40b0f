import { getConvexSize } from "convex/values";
import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { SESSION_COLUMNS, csvRow, sessionCsvRow } from "../../exports/csv";
import { sessionMarkdown } from "../../exports/markdown";
import { defined } from "../../lib/record";
import { MESSAGE_FIELDS } from "../../lib/sessions/fieldTable";
import { viewOf } from "../../lib/sessions/fields";
import { dashboardParts } from "../../lib/sessions/dashboardParts";
import { maskForOthers } from "../../lib/secrets/mask";
import { parseParts } from "../../lib/sessions/parts";
import { cutBytes, utf8Length } from "../../lib/text";
import { firstWithin } from "../readBudget";
import { deleteForOwner } from "./deletion";
import * as MessagePages from "./messagePages";
import { reviewedView } from "../evals/reviews";
import * as Sessions from "./sessions";

/**
 * What the dashboard shows of sessions. It asks for a whole conversation in one query, so a
 * conversation is bounded here by what one query may read and return. A longer one comes up to there,
 * says so (`messagesCursor`), and goes on with the cursor; the page shows its beginning.
 */

type User = Doc<"users">;

/** What one query reads within its heap of 64 MiB and its second; one larger message still comes, alone. */
const CONVERSATION = { limit: 2_000, maxBytes: 2 * 1024 * 1024, maxRows: 4_000 };

/** The same of a shared session, whose texts are masked in the query that reads them. */
const PUBLIC_CONVERSATION = { ...CONVERSATION, maxBytes: 2 * 1024 * 1024 };

/** What a query returns of it: a message that passes this is left for the next page. */
const RETURNED_MAX_BYTES = 8 * 1024 * 1024;

/** A session with its conversation, parts in a form that the pages can draw. */
export async function conversation(ctx: QueryCtx, session: Doc<"sessions">, cursor?: string) {
  const view = { ...(await reviewedView(ctx, session, "dashboard")), _id: session._id };
  return { session: view, ...(await drawnMessages(ctx, session, { ...CONVERSATION, cursor })) };
}

async function drawnMessages(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  size: typeof CONVERSATION & { cursor?: string },
) {
  const page = await MessagePages.page(ctx, session, size);
  const messages: ReturnType<typeof messageView>[] = [];
  let bytes = 0;
  for (const message of page.messages) {
    const view = messageView(message);
    bytes += getConvexSize(view);
    const last = messages[messages.length - 1];
    if (last !== undefined && bytes > RETURNED_MAX_BYTES) {
      return { messages, messagesCursor: page.cursorBehind(messages.length - 1) };
    }
    messages.push(view);
  }
  return { messages, messagesCursor: page.cursor };
}

/**
 * A longer text is given once, in the parts, which the pages draw; a shorter one in `textContent` as
 * well, for clients that read nothing else.
 */
const TEXT_TWICE_MAX_BYTES = 100_000;

/** What the pages draw; a message without any of it shows its `textContent`. */
const DRAWN_TYPES = new Set(["text", "tool-call", "tool-result"]);

const fieldsInDashboard = viewOf(MESSAGE_FIELDS, "dashboard");

function messageView(message: MessagePages.MessageView) {
  const { id, role, createdAt, textContent } = message;
  const parts = dashboardParts({ ...message, parts: parseParts(message.parts) });
  const text = textContent === undefined ? undefined : cutBytes(textContent, TEXT_TWICE_MAX_BYTES);
  const isSaidOnce = text !== textContent && parts.some(({ type }) => DRAWN_TYPES.has(type));
  return {
    _id: id,
    role,
    createdAt,
    ...defined({ textContent: isSaidOnce ? undefined : text }),
    ...fieldsInDashboard(message),
    parts,
  };
}

/** The dashboard prints a project's path where there is one; strangers are told none. */
const NO_PATH: { projectPath?: string } = {};

/** A shared session as strangers see it: what was said, and nothing of who, where and how much. */
export async function publicConversation(ctx: QueryCtx, session: Doc<"sessions">) {
  return maskForOthers({
    session: { ...Sessions.publicView(session), ...NO_PATH },
    ...(await drawnMessages(ctx, session, PUBLIC_CONVERSATION)),
  });
}

/** A session as Markdown, up to the bounds of a conversation; a last line says where the rest is. */
export async function markdownOf(ctx: QueryCtx, session: Doc<"sessions">): Promise<string> {
  const page = await MessagePages.page(ctx, session, CONVERSATION);
  const head = { ...Sessions.headView(session), isLast: false };
  const sections: string[] = [];
  let shown = 0;
  let bytes = 0;
  for (const { parts, ...message } of page.messages) {
    const messages = [{ ...message, parts: parseParts(parts) }];
    const section = sessionMarkdown({ ...head, messages, from: shown + 1 });
    bytes += utf8Length(section);
    if (shown > 0 && bytes > RETURNED_MAX_BYTES) break;
    shown++;
    if (section !== "") sections.push(cutBytes(section, RETURNED_MAX_BYTES));
  }
  const isWhole = page.cursor === null && bytes <= RETURNED_MAX_BYTES;
  if (!isWhole) sections.push(goesOn(session, shown));
  return sessionMarkdown({ ...head, messages: [], from: 0 }) + sections.join("\n");
}

function goesOn({ _id, messageCount }: Doc<"sessions">, shown: number): string {
  const whole = `GET /api/export?format=markdown&id=${_id}`;
  return `---\n\n*Cut after ${shown} of ${messageCount} messages. The whole: \`${whole}\`*\n`;
}

/**
 * Sessions that one table holds: it is read again with every sync while the page is open. Usual rows
 * are 1.5 kB.
 */
const TABLE = { rows: 500, bytes: 1024 * 1024 };

/**
 * The user's newest sessions as a CSV table, in order of creation. Where there are older ones, a last
 * row says so in its first cell.
 */
export async function sessionsCsv(ctx: QueryCtx, user: User): Promise<string> {
  const newestFirst = ctx.db
    .query("sessions")
    .withIndex("by_user", (q) => q.eq("userId", user._id))
    .order("desc");
  const newest = await firstWithin(newestFirst, TABLE);
  const rows = newest.rows
    .reverse()
    .map((session) =>
      sessionCsvRow(session._id, { ...session, title: Sessions.shownTitle(session) }),
    );
  const note = `Only the newest ${rows.length} sessions; GET /api/sessions lists all of them.`;
  const rest = newest.isComplete ? [] : [csvRow(SESSION_COLUMNS.map((_, at) => (at ? "" : note)))];
  return [csvRow(SESSION_COLUMNS), ...rows, ...rest].join("\n");
}

/** Deletes the user's session; one that is gone, or never was theirs, is no error and no news. */
export async function removeOwn(ctx: MutationCtx, user: User, sessionId: string): Promise<void> {
  const session = await Sessions.findOwn(ctx, user, sessionId);
  if (session) await deleteForOwner(ctx, session);
}
