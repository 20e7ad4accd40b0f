import type { JoinedPart } from "../lib/sessions/partRows";
import type { Portion } from "../lib/sessions/portions";
import type { Anonymity } from "./anonymize";
import type { MessageFilter } from "./messageFilter";
import type { ExportFormat, ExportHead, ExportMessage, ExportOptions } from "./types";

/** What an export reads, writes and answers. */

/** A page of a session's messages as read from the database, with its position. */
export type SessionPage = {
  head: ExportHead;
  messages: StoredMessage[];
  /** The number of messages before the first one, also if the page has only the rest of it. */
  from: number;
  isLast: boolean;
  position: string;
  /** Requested ids between the previous page and this one that belong to no session. */
  unknown: string[];
};

/** A message as read: its parts not parsed, and, if it is long, only a portion of it. */
export type StoredMessage = Omit<ExportMessage, "parts"> & { parts: JoinedPart[] } & Portion;

/** Reads the pages of an export in order, from a position or from the start. */
export type SessionPageSource = (
  position: string | null,
) => Promise<{ pieces: SessionPage[]; unknown: string[]; next: string | null }>;

/** Where an export reads its sessions: all of them in order, and any one of them again by its external id. */
export type ExportSource = {
  pages: SessionPageSource;
  /** Reads the pages of one session by its external id, from its start. */
  pagesOf: (externalId: string) => SessionPageSource;
};

/** Makes the source of an export from a function that reads one page of a selection. */
export function exportSource<Selection>(
  selection: Selection,
  read: (
    selection: Selection | { sessionIds: string[] },
    position: string | null,
  ) => ReturnType<SessionPageSource>,
): ExportSource {
  return {
    pages: (position) => read(selection, position),
    pagesOf: (externalId) => (position) => read({ sessionIds: [externalId] }, position),
  };
}

/** What to write, and how. */
export type ExportJob = {
  format: ExportFormat;
  options: ExportOptions;
  selection: MessageFilter;
  anonymity: Anonymity | null;
  /** The maximum number of sessions. */
  limit: number;
  /** The time of writing (ms), for formats that contain it. */
  at: number;
  /** The reason for an empty document, given the number of sessions found. */
  emptyBecause?: (found: number) => string;
};

/** Where an answer ended: the page, how many of its messages are written, and how many sessions. */
export type Resume = { position: string; skip: number; sessions: number };

/** One answer: a complete document, and where the next answer resumes (null at the end). */
export type Written = {
  chunks: Uint8Array[];
  /** Sessions completed in this answer. */
  sessions: number;
  /** Pages that the selection matched; 0 means that no session matched. */
  found: number;
  records: number;
  /** The session ids of records too large for any answer. */
  skipped: string[];
  /** The ids of messages of which only the beginning was interpreted. */
  cut: string[];
  /** The ids of messages whose rest was still being stored. */
  incomplete: string[];
  /** Requested ids that belong to no session, reported in the answer that passes them. */
  unknown: string[];
  resume: Resume | null;
  /** Why nothing was written. */
  emptyBecause?: string;
};

/** An answer ends after the record that exceeds this: half of what Convex allows. */
export const ANSWER_BYTES = 10 * 1024 * 1024;
/** The most bytes of an answer. Convex truncates answers at 20 MiB. */
export const ANSWER_MAX_BYTES = 19 * 1024 * 1024;
