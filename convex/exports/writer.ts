import { anonymized, type Anonymity } from "./anonymize";
import { parseParts } from "../lib/sessions/parts";
import type { JoinedPart } from "../lib/sessions/partRows";
import { filterMessages, type MessageFilter } from "./messageFilter";
import type {
  ExportFormat,
  ExportHead,
  ExportMessage,
  ExportOptions,
  ExportSession,
  WrittenSegment,
} from "./types";

/** A page of a session's messages as read from the database, with its position. */
export type SessionPage = {
  head: ExportHead;
  messages: (Omit<ExportMessage, "parts"> & { parts: JoinedPart[] })[];
  from: number;
  isLast: boolean;
  position: string;
  /** Requested ids between the previous page and this one that belong to no session. */
  unknown: string[];
  /** The approximate bytes of its texts and parts. */
  bytes: number;
};

/** Reads the pages of an export in order, from a position or from the start. */
export type SessionPageSource = (
  position: string | null,
) => Promise<{ pieces: SessionPage[]; unknown: string[]; next: string | null }>;

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
/**
 * The most bytes collected for a record that needs the whole conversation; more becomes several
 * records.
 */
const WHOLE_MAX_BYTES = 8 * 1024 * 1024;

/**
 * Writes one answer of an export. Memory is bounded by the answer and one segment, however large
 * the export is. The same data gives the same bytes, except for formats that contain the time of
 * writing.
 */
export async function writeExport(
  job: ExportJob,
  source: SessionPageSource,
  resume: Resume | null,
): Promise<Written> {
  const writer = new Writer(job, resume?.sessions ?? 0);
  let skip = resume?.skip ?? 0;
  let position = resume?.position ?? null;
  do {
    const page = await source(position);
    for (const sessionPage of page.pieces) {
      writer.addPage(sessionPage, skip);
      skip = 0;
      if (writer.isFull()) return writer.finish();
    }
    writer.addUnknown(page.unknown);
    position = page.next;
  } while (position !== null && !writer.isFull());
  return writer.finish();
}

/** A message waiting to be written, with its position. */
type Waiting = Position & { message: ExportMessage; bytes: number };
type Position = { position: string; skip: number };

class Writer {
  private readonly chunks: Uint8Array[] = [];
  private readonly encoder = new TextEncoder();
  private bytes = 0;
  private found = 0;
  private finished = 0;
  private records = 0;
  private readonly segments: WrittenSegment[] = [];
  private readonly skipped: string[] = [];
  private readonly unknown: string[] = [];
  private waiting: Waiting[] = [];
  private resume: Resume | null = null;

  constructor(
    private readonly job: ExportJob,
    /** Sessions completed in earlier answers. */
    private readonly before: number,
  ) {
    this.push(job.format.begin(job.options));
  }

  /** Adds a page whose first `skip` messages are already written. */
  addPage(sessionPage: SessionPage, skip: number): void {
    const { head, position, bytes, messages, isLast } = sessionPage;
    this.found++;
    this.addUnknown(sessionPage.unknown);
    const each = bytes / Math.max(1, messages.length);
    messages.slice(skip).forEach((stored, index) => {
      const message = { ...stored, parts: parseParts(stored.parts) };
      this.waiting.push({ message, position, skip: skip + index, bytes: each });
    });
    const from = sessionPage.from + messages.length - this.waiting.length;
    const ready = isLast ? this.waiting.length : this.segmentLength();
    if (ready === 0 && !isLast) return;
    const segment = this.waiting.splice(0, ready);
    const at = segment[0] ?? { position, skip: 0 };
    this.write({ ...head, messages: [], from, isLast }, segment, at);
    if (isLast && this.resume === null) this.finished++;
  }

  /** Records ids that belong to no session. */
  addUnknown(ids: readonly string[]): void {
    this.unknown.push(...ids);
  }

  /** Whether the answer is complete, because it is large enough or the limit is reached. */
  isFull(): boolean {
    return this.resume !== null || this.before + this.finished >= this.job.limit;
  }

  finish(): Written {
    const { chunks, found, finished: sessions, records, skipped, unknown, resume, segments } = this;
    const isEmpty = records === 0 && this.before === 0 && resume === null;
    const reason = isEmpty ? this.job.emptyBecause?.(found) : undefined;
    const why = reason === undefined ? {} : { emptyBecause: reason };
    this.push(this.job.format.end({ at: this.job.at, sessions, records, segments, ...why }));
    return { chunks, sessions, found, records, skipped, unknown, resume, ...why };
  }

  /** How many waiting messages form a segment: up to a question, or all if there is none. */
  private segmentLength(): number {
    const bytes = this.waiting.reduce((sum, waiting) => sum + waiting.bytes, 0);
    const isLarge = bytes >= WHOLE_MAX_BYTES;
    if (this.job.format.isWhole(this.job.options) && !isLarge) return 0;
    for (let index = this.waiting.length - 1; index > 0; index--) {
      if (this.waiting[index]?.message.role === "user") return index;
    }
    return isLarge ? this.waiting.length : 0;
  }

  /** Writes a segment of a session, in halves if it is too large for one answer. */
  private write(session: ExportSession, segment: readonly Waiting[], at: Position): void {
    if (this.resume !== null) return;
    if (this.bytes >= ANSWER_BYTES) return this.stop(at);
    const prepared = this.prepared(session, segment);
    const encoded = this.render(prepared);
    const size = encoded.reduce((sum, record) => sum + record.byteLength, 0);
    if (this.bytes + size <= ANSWER_MAX_BYTES) return this.recordAll(prepared, encoded);
    if (this.records > 0) return this.stop(at);
    const half = Math.ceil(segment.length / 2);
    const middle = segment[half];
    if (middle === undefined) return this.recordWhatFits(prepared, encoded);
    this.write({ ...session, isLast: false }, segment.slice(0, half), at);
    this.write({ ...session, from: session.from + half }, segment.slice(half), middle);
  }

  /** The session with this segment, filtered and anonymised. */
  private prepared(session: ExportSession, segment: readonly Waiting[]): ExportSession {
    const { selection, anonymity } = this.job;
    const whole = { ...session, messages: segment.map(({ message }) => message) };
    const chosen = filterMessages(whole, selection);
    return anonymity === null ? chosen : anonymized(chosen, anonymity);
  }

  private render(session: ExportSession): Uint8Array[] {
    const { format, options } = this.job;
    return format.render(session, options).map((record) => this.encoder.encode(record));
  }

  private recordAll(session: ExportSession, encoded: readonly Uint8Array[]): void {
    encoded.forEach((one) => this.record(one));
    const { externalId, source, model, from, messages } = session;
    const userMessages = messages.filter(({ role }) => role === "user").length;
    const records = encoded.length;
    this.segments.push({ externalId, source, model, from, userMessages, records });
  }

  /** Writes the records that fit when a single message is too large, such as its session's line. */
  private recordWhatFits(session: ExportSession, encoded: readonly Uint8Array[]): void {
    const fitting: Uint8Array[] = [];
    let { bytes } = this;
    for (const one of encoded) {
      if (bytes + one.byteLength > ANSWER_MAX_BYTES) this.skipped.push(session.externalId);
      else {
        fitting.push(one);
        bytes += one.byteLength;
      }
    }
    this.recordAll(session, fitting);
  }

  private record(bytes: Uint8Array): void {
    if (this.records > 0) this.push(this.job.format.separator);
    this.records++;
    this.chunks.push(bytes);
    this.bytes += bytes.byteLength;
  }

  private push(text: string): void {
    if (text === "") return;
    const bytes = this.encoder.encode(text);
    this.chunks.push(bytes);
    this.bytes += bytes.byteLength;
  }

  private stop({ position, skip }: Position): void {
    this.resume = { position, skip, sessions: this.before + this.finished };
  }
}
