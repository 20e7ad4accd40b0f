import type { EvalStatus, Mode, Role, Style, Turns } from "../lib/enums";
import type { InView, MessageTable, SessionTable } from "../lib/sessions/fields";
import type { StoredPart } from "../lib/sessions/parts";

/** A message as exports see it: nothing of ours (no ids of tables), everything of the plugin's. */
export type ExportMessage = InView<MessageTable, "export"> & {
  externalId: string;
  role: Role;
  /** The role as sent, when it is none of ours. */
  rawRole?: string;
  textContent?: string;
  parts: StoredPart[];
  source?: string;
  createdAt: number;
};

/** A session as exports see it, without its messages. */
export type ExportHead = InView<SessionTable, "export"> & {
  externalId: string;
  source: string;
  messageCount: number;
  createdAt: number;
  updatedAt: number;
  evalStatus?: EvalStatus;
  evalTags?: string[];
  evalNotes?: string;
  expectedOutput?: string;
  reviewedAt?: number;
};

/**
 * A session with a stretch of its conversation. Nearly always that is the whole of it (`from` 0,
 * `isLast`); a conversation too long for memory comes in several stretches, each starting at a
 * question where one is near.
 */
export type ExportSession = ExportHead & {
  messages: ExportMessage[];
  /** How many messages of the session came before. */
  from: number;
  isLast: boolean;
};

/** What the caller may choose; a format reads the choices its consumer knows. */
export type ExportOptions = {
  turns: Turns;
  /** For `openai` alone. */
  style: Style;
  /** For `promptfoo` alone. */
  mode: Mode;
  /** Whether a case says where it comes from; for formats of cases alone. */
  metadata: boolean;
  /** Whether a table begins with a byte order mark, which Excel needs to read UTF-8. */
  bom: boolean;
};

/** What a caller asks for who says nothing. */
export const DEFAULT_OPTIONS: ExportOptions = {
  turns: "single",
  style: "evals",
  mode: "eval",
  metadata: true,
  bom: true,
};

/** What a document holds of a session, or of a stretch of one. */
export type WrittenStretch = Pick<ExportSession, "externalId" | "source" | "model" | "from"> & {
  userMessages: number;
  records: number;
};

/** What was written before the end of a document, for formats that count, and when (ms). */
export type ExportTotals = {
  at: number;
  sessions: number;
  records: number;
  stretches: readonly WrittenStretch[];
  /** Why the document holds nothing, where it does. */
  emptyBecause?: string;
};

/**
 * One export format: how records become a document, and how a stretch becomes records. Rendering is
 * pure and gives the same bytes for the same session. A document is
 * `begin` + records joined by `separator` + `end`; it can be written record by record.
 */
export type ExportFormat = {
  contentType: string;
  extension: string;
  /** How its consumer loads the document, saved as FILE, in one line of ASCII. */
  usage: (options: ExportOptions) => string;
  begin: (options: ExportOptions) => string;
  separator: string;
  end: (totals: ExportTotals) => string;
  /** Whether a record needs the whole conversation, so that stretches are joined while they fit. */
  isWhole: (options: ExportOptions) => boolean;
  render: (session: ExportSession, options: ExportOptions) => string[];
};
