import { anonymized, type Anonymity } from "./anonymize";
import { parseParts } from "../lib/sessions/parts";
import type { JoinedPart } from "../lib/sessions/partRows";
import { selected, type Selection } from "./select";
import type {
  ExportFormat,
  ExportHead,
  ExportMessage,
  ExportOptions,
  ExportSession,
  WrittenStretch,
} from "./types";

/** A run of messages as the database gives it, with where to ask again for it. */
export type Piece = {
  head: ExportHead;
  messages: (Omit<ExportMessage, "parts"> & { parts: JoinedPart[] })[];
  from: number;
  isLast: boolean;
  position: string;
  /** Ids asked for between the piece before and this one that are no session. */
  unknown: string[];
  /** Bytes of its texts and parts, about. */
  bytes: number;
};

/** Gives the pieces of an export in order: from a position on, or from the beginning. */
export type PieceSource = (
  position: string | null,
) => Promise<{ pieces: Piece[]; unknown: string[]; next: string | null }>;

/** What is written, and how. */
export type ExportJob = {
  format: ExportFormat;
  options: ExportOptions;
  selection: Selection;
  anonymity: Anonymity | null;
  /** At most so many sessions. */
  limit: number;
  /** When it is written (ms), for formats that say so. */
  at: number;
  /** Why nothing was written, for people, where so many sessions were found. */
  emptyBecause?: (found: number) => string;
};

/** Where an answer ended: the piece, how many of its messages are done, and how many sessions. */
export type Resume = { position: string; skip: number; sessions: number };

/** One answer: a whole document, and where the next answer goes on (null: nothing is left). */
export type Written = {
  chunks: Uint8Array[];
  /** Sessions that came to their end in this answer. */
  sessions: number;
  /** Pieces that the selection gave: 0 means that there is no such session. */
  found: number;
  records: number;
  /** Records too large for any answer, as the ids of their sessions. */
  skipped: string[];
  /** Ids asked for that are no session, each in the answer that comes past it. */
  unknown: string[];
  resume: Resume | null;
  /** Why nothing was written. */
  emptyBecause?: string;
};

/** An answer ends after the record that passes this. Half of what Convex lets an answer have. */
export const ANSWER_BYTES = 10 * 1024 * 1024;
/** An answer never passes this; Convex cuts one at 20 MiB. */
export const ANSWER_MAX_BYTES = 19 * 1024 * 1024;
/** What is gathered for a record that needs the whole conversation; more comes as several records. */
const WHOLE_MAX_BYTES = 8 * 1024 * 1024;

/**
 * Writes one answer of an export, in memory bounded by the answer and one stretch of a conversation,
 * however much there is to export. The same data in the same answers gives the same bytes, but for
 * formats that say when they were written.
 */
export async function writeExport(
  job: ExportJob,
  source: PieceSource,
  resume: Resume | null,
): Promise<Written> {
  const writer = new Writer(job, resume?.sessions ?? 0);
  let skip = resume?.skip ?? 0;
  let position = resume?.position ?? null;
  do {
    const page = await source(position);
    for (const piece of page.pieces) {
      writer.add(piece, skip);
      skip = 0;
      if (writer.isFull()) return writer.finish();
    }
    writer.miss(page.unknown);
    position = page.next;
  } while (position !== null && !writer.isFull());
  return writer.finish();
}

/** A message waiting to be written, and where it is found again. */
type Waiting = Place & { message: ExportMessage; bytes: number };
type Place = { position: string; skip: number };

class Writer {
  private readonly chunks: Uint8Array[] = [];
  private readonly encoder = new TextEncoder();
  private bytes = 0;
  private found = 0;
  private finished = 0;
  private records = 0;
  private readonly stretches: WrittenStretch[] = [];
  private readonly skipped: string[] = [];
  private readonly unknown: string[] = [];
  private waiting: Waiting[] = [];
  private resume: Resume | null = null;

  constructor(
    private readonly job: ExportJob,
    /** Sessions that earlier answers finished. */
    private readonly before: number,
  ) {
    this.push(job.format.begin(job.options));
  }

  /** Takes a piece in, its first `skip` messages being written already. */
  add(piece: Piece, skip: number): void {
    const { head, position, bytes, messages, isLast } = piece;
    this.found++;
    this.miss(piece.unknown);
    const each = bytes / Math.max(1, messages.length);
    messages.slice(skip).forEach((stored, index) => {
      const message = { ...stored, parts: parseParts(stored.parts) };
      this.waiting.push({ message, position, skip: skip + index, bytes: each });
    });
    const from = piece.from + messages.length - this.waiting.length;
    const ready = isLast ? this.waiting.length : this.readyCount();
    if (ready === 0 && !isLast) return;
    const stretch = this.waiting.splice(0, ready);
    const at = stretch[0] ?? { position, skip: 0 };
    this.write({ ...head, messages: [], from, isLast }, stretch, at);
    if (isLast && this.resume === null) this.finished++;
  }

  /** Takes note of ids that are no session. */
  miss(ids: readonly string[]): void {
    this.unknown.push(...ids);
  }

  /** Whether the answer is done, because it is large enough or the limit is reached. */
  isFull(): boolean {
    return this.resume !== null || this.before + this.finished >= this.job.limit;
  }

  finish(): Written {
    const {
      chunks,
      found,
      finished: sessions,
      records,
      skipped,
      unknown,
      resume,
      stretches,
    } = this;
    const isEmpty = records === 0 && this.before === 0 && resume === null;
    const reason = isEmpty ? this.job.emptyBecause?.(found) : undefined;
    const why = reason === undefined ? {} : { emptyBecause: reason };
    this.push(this.job.format.end({ at: this.job.at, sessions, records, stretches, ...why }));
    return { chunks, sessions, found, records, skipped, unknown, resume, ...why };
  }

  /** How many of the waiting messages make a stretch: up to a question, unless it would be none. */
  private readyCount(): number {
    const bytes = this.waiting.reduce((sum, waiting) => sum + waiting.bytes, 0);
    const isLarge = bytes >= WHOLE_MAX_BYTES;
    if (this.job.format.isWhole(this.job.options) && !isLarge) return 0;
    for (let index = this.waiting.length - 1; index > 0; index--) {
      if (this.waiting[index]?.message.role === "user") return index;
    }
    return isLarge ? this.waiting.length : 0;
  }

  /** Writes a stretch of a session, in halves where it is too large for one answer. */
  private write(session: ExportSession, stretch: readonly Waiting[], at: Place): void {
    if (this.resume !== null) return;
    if (this.bytes >= ANSWER_BYTES) return this.stop(at);
    const shown = this.shown(session, stretch);
    const encoded = this.render(shown);
    const size = encoded.reduce((sum, record) => sum + record.byteLength, 0);
    if (this.bytes + size <= ANSWER_MAX_BYTES) return this.recordAll(shown, encoded);
    if (this.records > 0) return this.stop(at);
    const half = Math.ceil(stretch.length / 2);
    const middle = stretch[half];
    if (middle === undefined) return this.recordWhatFits(shown, encoded);
    this.write({ ...session, isLast: false }, stretch.slice(0, half), at);
    this.write({ ...session, from: session.from + half }, stretch.slice(half), middle);
  }

  /** The session with this stretch, as the export may show it. */
  private shown(session: ExportSession, stretch: readonly Waiting[]): ExportSession {
    const { selection, anonymity } = this.job;
    const whole = { ...session, messages: stretch.map(({ message }) => message) };
    const chosen = selected(whole, selection);
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
    this.stretches.push({ externalId, source, model, from, userMessages, records });
  }

  /** One message alone is too large; what else it brings, as the line of its session, is written. */
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

  private stop({ position, skip }: Place): void {
    this.resume = { position, skip, sessions: this.before + this.finished };
  }
}
