import { anonymized } from "./anonymize";
import { AnswerWriter, type Position } from "./answerWriter";
import { ANSWER_BYTES, ANSWER_MAX_BYTES, type SessionPage, type StoredMessage } from "./job";
import { MessageJoiner } from "./messageJoiner";
import { filterMessages } from "./messageFilter";
import type { ExportMessage, ExportSession } from "./types";

/**
 * The most memory of the messages collected for a record that needs the whole conversation; more becomes several
 * records.
 */
const WHOLE_MAX_BYTES = 4 * 1024 * 1024;

/** A message waiting to be written, with its position and the memory it takes. */
type Waiting = Position & { message: ExportMessage; bytes: number };

/**
 * Writes formats that interpret the messages. Memory is bounded by the answer and one segment; of a message longer
 * than `lib/sessions/portions.ts` allows, only the beginning is interpreted.
 */
export class RecordWriter extends AnswerWriter {
  private readonly encoder = new TextEncoder();
  private waiting: Waiting[] = [];
  private readonly joiner = new MessageJoiner();
  /** Where the message begins whose portions are being joined. */
  private begun: Position = { position: "", skip: 0 };

  protected override leaveSession(): void {
    this.waiting = [];
  }

  protected override addMessages(page: SessionPage, skip: number): void {
    const { head, position, messages, isLast } = page;
    for (const [index, stored] of messages.entries()) {
      if (index >= skip) this.addMessage(stored, { position, skip: index });
    }
    const whole = messages.filter(({ restBytes }) => restBytes === undefined).length;
    const from = page.from + whole - this.waiting.length;
    const ready = isLast ? this.waiting.length : this.segmentLength();
    if (ready === 0 && !isLast) return;
    const segment = this.waiting.splice(0, ready);
    const at = segment[0] ?? { position, skip: 0 };
    this.write({ ...head, messages: [], from, isLast }, segment, at);
    if (isLast && this.resume === null) this.finished++;
  }

  /** Adds a message, or a portion of one, to those waiting. */
  private addMessage(stored: StoredMessage, at: Position): void {
    if (this.joiner.begins(stored)) this.begun = at;
    const joined = this.joiner.add(stored);
    if (joined === null) return;
    const { message, isCut, bytes } = joined;
    if (isCut) this.cut.push(message.externalId);
    this.waiting.push({ message, bytes, ...this.begun });
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
    if (this.answer.bytes >= ANSWER_BYTES) return this.stop(at);
    const prepared = this.prepared(session, segment);
    const encoded = this.render(prepared);
    const size = encoded.reduce((sum, record) => sum + record.byteLength, 0);
    if (this.answer.bytes + size <= ANSWER_MAX_BYTES) return this.recordAll(prepared, encoded);
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
    if (anonymity === null) return chosen;
    return anonymized(chosen, { ...anonymity, names: [...anonymity.names, ...this.names] });
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
    for (const one of messages) if (one.isIncomplete) this.incomplete.push(one.externalId);
    this.segments.push({ externalId, source, model, from, userMessages, records });
  }

  /** Writes the records that fit when a single message is too large, such as its session's line. */
  private recordWhatFits(session: ExportSession, encoded: readonly Uint8Array[]): void {
    const fitting: Uint8Array[] = [];
    let { bytes } = this.answer;
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
    if (this.records > 0) this.answer.add(this.job.format.separator);
    this.records++;
    this.answer.addBytes(bytes);
  }
}
