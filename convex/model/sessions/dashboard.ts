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
import { joinPortion } from "../../lib/sessions/portions";
import { cutBytes, utf8Length } from "../../lib/text";
import { valueSize } from "../../lib/valueSize";
import { firstWithin } from "../readBudget";
import { deleteForOwner } from "./deletion";
import * as MessagePages from "./messagePages";
import { reviewedView } from "../evals/reviews";
import * as Sessions from "./sessions";
import { sharingOf } from "./sharing";

/**
 * Sessions as the dashboard shows them. The dashboard requests a whole conversation in one query, so it is
 * bounded by what one query may read and return. For a longer conversation, `messagesCursor` is set and
 * continues it; the dashboard shows only the first page. A message longer than a page comes in portions, each a
 * message with the same `_id` and a note about the rest.
 */

type User = Doc<"users">;

/** Messages that one query reads, masks and converts in a third of its second. */
const CONVERSATION_MESSAGES = 2_000;

/** The largest return value: a message that would exceed it is left for the next page. */
const RETURNED_MAX_BYTES = 8 * 1024 * 1024;

/** A session with its conversation, its parts in the form the dashboard renders. */
export async function conversation(ctx: QueryCtx, session: Doc<"sessions">, cursor?: string) {
  const view = { ...(await reviewedView(ctx, session, "dashboard")), _id: session._id };
  return {
    session: view,
    ...(await readConversation(ctx, session, cursor)),
  };
}

async function readConversation(ctx: QueryCtx, session: Doc<"sessions">, cursor?: string) {
  const page = await MessagePages.page(ctx, session, { limit: CONVERSATION_MESSAGES, cursor });
  const messages: ReturnType<typeof messageView>[] = [];
  let bytes = 0;
  for (const message of page.messages) {
    const view = messageView(message);
    bytes += valueSize(view);
    const last = messages[messages.length - 1];
    if (last !== undefined && bytes > RETURNED_MAX_BYTES) {
      return { messages, messagesCursor: page.cursorAfter(messages.length - 1) };
    }
    messages.push(view);
  }
  return { messages, messagesCursor: page.cursor };
}

/**
 * A text longer than this is returned only in the parts, which the dashboard renders. A shorter one is also
 * in `textContent`, for clients that read nothing else.
 */
const TEXT_TWICE_MAX_BYTES = 100_000;

/** Part types the dashboard renders; it shows `textContent` for a message without any of them. */
const RENDERED_TYPES = new Set(["text", "tool-call", "tool-result"]);

const fieldsInDashboard = viewOf(MESSAGE_FIELDS, "dashboard");

function messageView(portion: MessagePages.MessageView) {
  const message = joinPortion(portion);
  const { id, role, createdAt, textContent } = message;
  const parts = dashboardParts({ ...message, parts: parseParts(message.parts) });
  const text = textContent === undefined ? undefined : cutBytes(textContent, TEXT_TWICE_MAX_BYTES);
  const isOnlyInParts = text !== textContent && parts.some(({ type }) => RENDERED_TYPES.has(type));
  return {
    _id: id,
    role,
    createdAt,
    ...defined({ textContent: isOnlyInParts ? undefined : text }),
    ...fieldsInDashboard(message),
    parts,
  };
}

/** Types the field that the dashboard reads; shared sessions never contain a path. */
const HIDDEN_PATH: { projectPath?: string } = {};

/** A shared session as strangers see it: its texts, without the owner, paths or cost. */
export async function publicConversation(ctx: QueryCtx, session: Doc<"sessions">) {
  return maskForOthers({
    session: { ...Sessions.publicView(session), ...HIDDEN_PATH },
    ...(await readConversation(ctx, session)),
  });
}

/** A session as Markdown. If the conversation exceeds the budget, the last line names the full export. */
export async function markdownOf(ctx: QueryCtx, session: Doc<"sessions">): Promise<string> {
  const page = await MessagePages.page(ctx, session, { limit: CONVERSATION_MESSAGES });
  const head = { ...Sessions.headView(session), isLast: false };
  const sections: string[] = [];
  let shown = 0;
  let bytes = 0;
  for (const { parts, ...message } of page.messages.map(joinPortion)) {
    const messages = [{ ...message, parts: parseParts(parts) }];
    const section = sessionMarkdown({ ...head, messages, from: shown + 1 });
    bytes += utf8Length(section);
    if (shown > 0 && bytes > RETURNED_MAX_BYTES) break;
    shown++;
    if (section !== "") sections.push(cutBytes(section, RETURNED_MAX_BYTES));
  }
  const isWhole = page.cursor === null && bytes <= RETURNED_MAX_BYTES;
  if (!isWhole) sections.push(truncationNote(session, shown));
  return sessionMarkdown({ ...head, messages: [], from: 0 }) + sections.join("\n");
}

function truncationNote({ _id, messageCount }: Doc<"sessions">, shown: number): string {
  const fullExport = `GET /api/export?format=markdown&id=${_id}`;
  return `---\n\n*Cut after ${shown} of ${messageCount} messages. Full session: \`${fullExport}\`*\n`;
}

/**
 * Session rows read for one table. The query runs again with every sync while the page is open. A usual row
 * has 1.5 kB.
 */
const CSV_BUDGET = { rows: 500, bytes: 1024 * 1024 };

/**
 * The user's newest sessions as a CSV table, in order of creation. If there are older ones, the first cell
 * of the last row says so.
 */
export async function sessionsCsv(ctx: QueryCtx, user: User): Promise<string> {
  const newestFirst = ctx.db
    .query("sessions")
    .withIndex("by_user", (q) => q.eq("userId", user._id))
    .order("desc");
  const newest = await firstWithin(newestFirst, CSV_BUDGET);
  const now = Date.now();
  const rows = newest.rows.reverse().map((session) =>
    sessionCsvRow(session._id, {
      ...session,
      ...sharingOf(session, now),
      title: Sessions.shownTitle(session),
    }),
  );
  const note = `Only the newest ${rows.length} sessions; GET /api/sessions lists all of them.`;
  const rest = newest.isComplete ? [] : [csvRow(SESSION_COLUMNS.map((_, at) => (at ? "" : note)))];
  return [csvRow(SESSION_COLUMNS), ...rows, ...rest].join("\n");
}

/** Deletes the user's session; does nothing if it does not exist or belongs to someone else. */
export async function removeOwn(ctx: MutationCtx, user: User, sessionId: string): Promise<void> {
  const session = await Sessions.findOwn(ctx, user, sessionId);
  if (session) await deleteForOwner(ctx, session);
}
