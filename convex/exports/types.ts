import type { EvalStatus, Mode, Role, Style, Turns } from "../lib/enums";
import type { InView, MessageTable, SessionTable } from "../lib/sessions/fields";
import type { Numbers } from "../lib/numbers";
import type { StoredPart } from "../lib/sessions/parts";

/** A message in exports: everything the plugin sent, nothing internal such as table ids. */
export type ExportMessage = InView<MessageTable, "export"> & {
  externalId: string;
  role: Role;
  /** The role as sent, if it is not one of ours. */
  rawRole?: string;
  textContent?: string;
  parts: StoredPart[];
  source?: string;
  createdAt: number;
  /** Set if the export has only the beginning, because the rest was still being stored. */
  isIncomplete?: true;
};

/** A session in exports, without its messages. */
export type ExportHead = InView<SessionTable, "export"> & {
  externalId: string;
  source: string;
  messageCount: number;
  createdAt: number;
  updatedAt: number;
  /** What the plugin itself reported for the session; all other totals are sums over its messages. */
  reportedFields?: Numbers & { model?: string };
  /** Set if the owner chose the title, so that plugins do not replace it. */
  titleEdited?: boolean;
  evalReady?: boolean;
  evalStatus?: EvalStatus;
  evalTags?: string[];
  evalNotes?: string;
  expectedOutput?: string;
  reviewedAt?: number;
};

/**
 * A session with a segment of its conversation. The segment is nearly always the whole conversation
 * (`from` 0, `isLast`); a conversation too long for memory comes in several segments, each starting
 * at a question if possible.
 */
export type ExportSession = ExportHead & {
  messages: ExportMessage[];
  /** The number of messages before this segment. */
  from: number;
  isLast: boolean;
};

/** Options of the caller; each format reads those that its consumer supports. */
export type ExportOptions = {
  turns: Turns;
  /** Only for `openai`. */
  style: Style;
  /** Only for `promptfoo`. */
  mode: Mode;
  /** Whether test cases name their session; only for formats of test cases. */
  metadata: boolean;
  /** Whether a table starts with a byte order mark, which Excel needs to read UTF-8. */
  bom: boolean;
};

/** The options of a request without any. */
export const DEFAULT_OPTIONS: ExportOptions = {
  turns: "single",
  style: "evals",
  mode: "eval",
  metadata: true,
  bom: true,
};

/** A summary of a segment written to a document. */
export type WrittenSegment = Pick<ExportSession, "externalId" | "source" | "model" | "from"> & {
  userMessages: number;
  records: number;
};

/** What was written to a document, for formats that count, and when (ms). */
export type ExportTotals = {
  at: number;
  sessions: number;
  records: number;
  segments: readonly WrittenSegment[];
  /** Why the document is empty, if it is. */
  emptyBecause?: string;
};

/**
 * One export format: how records form a document, and how a segment becomes records. Rendering is
 * pure and gives the same bytes for the same session. A document is `begin` + records joined by
 * `separator` + `end`, so it can be written record by record.
 */
export type ExportFormat = {
  contentType: string;
  extension: string;
  /** How to load the document, saved as FILE, in one line of ASCII. */
  usage: (options: ExportOptions) => string;
  begin: (options: ExportOptions) => string;
  separator: string;
  end: (totals: ExportTotals) => string;
  /** Whether a record needs the whole conversation, so that segments are joined while they fit. */
  isWhole: (options: ExportOptions) => boolean;
  render: (session: ExportSession, options: ExportOptions) => string[];
  /** For formats that contain everything as stored, and can be written message by message. */
  complete?: CompleteForm;
};

/**
 * How a complete format is written: an entry for each session, which contains its messages as JSON, or a line for
 * the session and one for each message.
 */
export type CompleteForm = {
  /** Whether each message is a record of its own. */
  isLines: boolean;
  /** Begins an entry that starts with message number `from`. */
  begin: (head: ExportHead, from: number) => string;
  /** The fields before those of message number `at`. */
  fields: (head: ExportHead, at: number) => object;
  /** Stands between two messages. */
  between: string;
  /** Ends an entry; `isLast` if it has the session's last message. */
  end: (from: number, isLast: boolean) => string;
};
