import { fileLabel, readableValue } from "../lib/sessions/files";
import type { ReadPart } from "../lib/sessions/parts";
import { readMessage } from "../lib/sessions/readMessage";
import { isoTime } from "./common";
import type { ExportFormat, ExportHead, ExportMessage, ExportSession } from "./types";

type Cell = string | number | boolean | undefined;

const COLUMNS = [
  ...["session_id", "source", "title", "project", "session_model", "status", "tags", "notes"],
  ...["expected_output", "index", "message_id", "role", "created_at", "model", "text", "thinking"],
  ...["tools", "prompt_tokens", "completion_tokens", "duration_ms", "other_parts"],
];

/**
 * A table with one row per message (RFC 4180, UTF-8 with a byte order mark, CRLF). An apostrophe
 * precedes text that a spreadsheet would run as a formula (see `disarmed`).
 */
export const csv: ExportFormat = {
  contentType: "text/csv; charset=utf-8; header=present",
  extension: "csv",
  usage: () => 'pandas.read_csv("FILE", encoding="utf-8-sig")',
  begin: ({ bom }) => `${bom ? "\ufeff" : ""}${COLUMNS.join(",")}\r\n`,
  separator: "\r\n",
  end: ({ records }) => (records === 0 ? "" : "\r\n"),
  isWhole: () => false,
  render: (session) => session.messages.map((message, at) => csvRow(row(session, message, at))),
};

/** Columns of the table of sessions (one row per session), as the dashboard saves it. */
export const SESSION_COLUMNS = [
  ...["Session ID", "External ID", "Source", "Title", "Project Name", "Project Path", "Model"],
  ...["Provider", "Prompt Tokens", "Completion Tokens", "Total Tokens", "Cost", "Duration (ms)"],
  ...["Message Count", "Is Public", "Public Slug", "Created At", "Updated At"],
];

/** The row of one session under `SESSION_COLUMNS`. */
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

/** One row of a table, without its line end. */
export function csvRow(cells: readonly Cell[]): string {
  return cells.map(csvCell).join(",");
}

function csvCell(cell: Cell): string {
  if (typeof cell !== "string") return cell === undefined ? "" : String(cell);
  const safe = withoutFormula(cell);
  return /[",;|\t\r\n]|^\s|\s$/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** Signs that start a formula, including the full-width ones that spreadsheets treat the same. */
const SIGN = "[=+\\-@＝＋－＠]";
/** Characters that spreadsheets skip before a sign, except line ends. */
const BLANK = "[^\\S\\t\\r\\n]|[\\p{Z}\\p{Cf}]|(?![\\t\\r\\n])\\p{Cc}";

const LEADING_FORMULA = new RegExp(`^'*(?:[\\s\\p{Z}\\p{Cc}\\p{Cf}])*(?=${SIGN})`, "u");
/** A harmful formula contains a call, or refers to another program or file. */
const HARMFUL = "[^\\r\\n]*[(|!]";
/** A formula may start after `;`, tab or `|` in programs that separate cells by these. */
const FORMULA_AFTER_SEPARATOR = new RegExp(`[;\\t|](?:${BLANK})*(?='*(?!-[-\\s:|])${SIGN})`, "gu");
/**
 * A formula at the start of a line inside a cell. Programs with other separators ignore our quotes,
 * so each line is a row to them. Lists and rules stay as they are, because they are not harmful
 * formulas.
 */
const FORMULA_AFTER_LINE_END = new RegExp(
  `[\\r\\n](?:${BLANK})*(?='*(?:[=＝]|${SIGN}${HARMFUL}))`,
  "gu",
);

/**
 * Puts an apostrophe before anything that a spreadsheet could run as a formula, whatever blanks
 * precede its sign and whatever separator the program uses. If a cell starts with apostrophes,
 * blanks and a sign, or with a tab, removing the first apostrophe restores the text.
 */
function withoutFormula(text: string): string {
  const blanks = LEADING_FORMULA.exec(text)?.[0];
  if (blanks === undefined)
    return `${/^'*[\t\r]/.test(text) ? "'" : ""}${withoutInnerFormulas(text)}`;
  const formula = text.slice(blanks.length);
  const isHarmful = new RegExp(`^${HARMFUL}`).test(formula);
  return `'${isHarmful ? withoutInnerFormulas(text) : blanks + withoutInnerFormulas(formula)}`;
}

function withoutInnerFormulas(text: string): string {
  return text.replace(FORMULA_AFTER_SEPARATOR, "$&'").replace(FORMULA_AFTER_LINE_END, "$&'");
}

function row(session: ExportSession, message: ExportMessage, at: number): Cell[] {
  const parts = readMessage(message);
  const prose = (texts: readonly string[]) => texts.join("\n\n");
  const said = parts.flatMap((part) => {
    if (part.kind === "text") return [part.text];
    return part.kind === "file" ? [fileLabel(part.file)] : [];
  });
  const thought = parts.flatMap((part) => (part.kind === "thinking" ? [part.text] : []));
  const json = (some: readonly ReadPart[]) =>
    some.length === 0 ? undefined : JSON.stringify(readableValue(some));
  const tools = parts.filter(({ kind }) => kind === "tool-call" || kind === "tool-result");
  return [
    ...[session.externalId, session.source, session.title],
    ...[session.projectName ?? session.projectPath, session.model, session.evalStatus],
    ...[session.evalTags?.join(";"), session.evalNotes, session.expectedOutput],
    ...[session.from + at, message.externalId, message.role, isoTime(message.createdAt)],
    ...[message.model, prose(said), prose(thought), json(tools)],
    ...[message.promptTokens, message.completionTokens, message.durationMs],
    json(parts.filter(({ kind }) => kind === "other")),
  ];
}
