import { readMessage } from "../lib/sessions/readMessage";
import { isoTime } from "./common";
import type { ExportFormat, ExportHead, ExportMessage, ExportSession } from "./types";

type Cell = string | number | boolean | undefined;

const COLUMNS = [
  ...["session_id", "source", "title", "project", "session_model", "status", "tags", "notes"],
  ...["expected_output", "index", "message_id", "role", "created_at", "model", "text", "thinking"],
  ...["tools", "prompt_tokens", "completion_tokens", "duration_ms"],
];

/**
 * A table with one row a message (RFC 4180, UTF-8, CRLF). Text that a spreadsheet would run as a
 * formula is led by one apostrophe; taking off one leading apostrophe from cells that start with
 * apostrophes and a formula sign gives back every cell exactly.
 */
export const csv: ExportFormat = {
  contentType: "text/csv; charset=utf-8; header=present",
  extension: "csv",
  begin: `${COLUMNS.join(",")}\r\n`,
  separator: "\r\n",
  end: ({ records }) => (records === 0 ? "" : "\r\n"),
  isWhole: () => false,
  render: (session) => session.messages.map((message, at) => csvRow(row(session, message, at))),
};

/** Columns of the table of sessions (one row a session), as the dashboard saves it. */
export const SESSION_COLUMNS = [
  ...["Session ID", "External ID", "Source", "Title", "Project Name", "Project Path", "Model"],
  ...["Provider", "Prompt Tokens", "Completion Tokens", "Total Tokens", "Cost", "Duration (ms)"],
  ...["Message Count", "Is Public", "Public Slug", "Created At", "Updated At"],
];

/** One session as a row under `SESSION_COLUMNS`. */
export function sessionCsvRow(
  id: string,
  session: ExportHead & { isPublic: boolean; publicSlug?: string },
): string {
  return csvRow([
    ...[id, session.externalId, session.source, session.title, session.projectName],
    ...[session.projectPath, session.model, session.provider, session.promptTokens ?? 0],
    ...[session.completionTokens ?? 0, session.totalTokens ?? 0, (session.cost ?? 0).toFixed(6)],
    ...[session.durationMs, session.messageCount, session.isPublic, session.publicSlug],
    ...[isoTime(session.createdAt), isoTime(session.updatedAt)],
  ]);
}

/** One line of a table, without its end. */
export function csvRow(cells: readonly Cell[]): string {
  return cells.map(csvCell).join(",");
}

function csvCell(cell: Cell): string {
  if (typeof cell !== "string") return cell === undefined ? "" : String(cell);
  const safe = /^'*[=+\-@\t\r＝＋－＠]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

function row(session: ExportSession, message: ExportMessage, at: number): Cell[] {
  const said = readMessage(message);
  const prose = (kind: "text" | "thinking") =>
    said.flatMap((part) => (part.kind === kind ? [part.text] : [])).join("\n\n");
  const tools = said.filter(({ kind }) => kind === "tool-call" || kind === "tool-result");
  return [
    ...[session.externalId, session.source, session.title],
    ...[session.projectName ?? session.projectPath, session.model, session.evalStatus],
    ...[session.evalTags?.join(";"), session.evalNotes, session.expectedOutput],
    ...[session.from + at, message.externalId, message.role, isoTime(message.createdAt)],
    ...[message.model, prose("text"), prose("thinking")],
    ...[tools.length === 0 ? undefined : JSON.stringify(tools)],
    ...[message.promptTokens, message.completionTokens, message.durationMs],
  ];
}
