import { ByteChunks } from "../lib/jsonStream";
import { MessageJson } from "../lib/sessions/messageJson";
import { AnswerWriter, type Position } from "./answerWriter";
import { lineSafe } from "./common";
import {
  ANSWER_BYTES,
  ANSWER_MAX_BYTES,
  type ExportJob,
  type SessionPage,
  type StoredMessage,
} from "./job";
import type { CompleteForm, ExportHead } from "./types";

/** The message being written: its bytes join the answer when it is complete. */
type Open = Position & { at: number; bytes: ByteChunks; json: MessageJson };

/** The entry of a session that is open in the document. */
type Entry = { head: ExportHead; from: number; messages: number };

/**
 * Writes formats that contain everything as it is stored. Content is copied as it arrives, so memory is bounded by
 * one portion of a message, and by the bytes of the answer.
 */
export class CompleteWriter extends AnswerWriter {
  private open: Open | null = null;
  private entry: Entry | null = null;

  constructor(
    job: ExportJob,
    private readonly form: CompleteForm,
    before: number,
  ) {
    super(job, before);
  }

  protected override leaveSession(): void {
    this.open = null;
    this.close(false);
  }

  protected override addMessages(page: SessionPage, skip: number): void {
    const { head, from, position, messages, isLast } = page;
    for (const [index, stored] of messages.entries()) {
      if (index < skip) continue;
      if (this.resume === null)
        this.addMessage(head, stored, from + index, { position, skip: index });
    }
    if (this.resume !== null) return;
    // A session without messages has an entry too.
    if (isLast && messages.length === 0 && from === 0) this.begin(head, 0, { position, skip: 0 });
    if (this.resume !== null || !isLast) return;
    this.close(true);
    this.finished++;
  }

  private addMessage(
    head: ExportHead,
    stored: StoredMessage,
    at: number,
    position: Position,
  ): void {
    const { parts, textContent, continues, restBytes, isIncomplete, ...fields } = stored;
    if (continues === undefined || this.open === null) {
      if (this.answer.bytes >= ANSWER_BYTES) return this.end(position);
      const bytes = new ByteChunks();
      const write = (json: string) => {
        bytes.add(lineSafe(json));
      };
      const json = new MessageJson(write, { ...this.form.fields(head, at), ...fields });
      this.open = { ...position, at, bytes, json };
    }
    this.open.json.add({ parts, textContent, continues });
    if (restBytes !== undefined) return;
    this.open.json.end({ isIncomplete });
    this.completeMessage(head, this.open, stored);
  }

  /** Adds the message to the answer, or leaves it to the next one, or skips what no answer can hold. */
  private completeMessage(head: ExportHead, open: Open, stored: StoredMessage): void {
    this.open = null;
    const isTooLarge = this.answer.bytes + open.bytes.bytes > ANSWER_MAX_BYTES;
    if (isTooLarge && this.records > 0) return this.end(open);
    // The line of a session is written even if its first message is not.
    if (!isTooLarge || this.form.isLines) this.begin(head, open.at, open);
    if (isTooLarge) {
      this.skipped.push(head.externalId);
      this.close(false);
      return;
    }
    const entry = this.entry;
    if (entry === null) return;
    if (this.form.isLines ? this.records > 0 : entry.messages > 0)
      this.answer.add(this.form.between);
    if (this.form.isLines) this.records++;
    entry.messages++;
    this.answer.take(open.bytes);
    if (stored.isIncomplete) this.incomplete.push(stored.externalId);
  }

  /** Begins the entry of a session before its message number `from`, unless it is open. */
  private begin(head: ExportHead, from: number, position: Position): void {
    if (this.entry !== null) return;
    if (this.answer.bytes >= ANSWER_BYTES) return this.stop(position);
    this.entry = { head, from, messages: 0 };
    const text = this.form.begin(head, from);
    if (text === "") return;
    if (this.records > 0) this.answer.add(this.job.format.separator);
    this.records++;
    this.answer.add(text);
  }

  /** Ends the entry; `isLast` if it has the session's last message. */
  private close(isLast: boolean): void {
    if (this.entry !== null) this.answer.add(this.form.end(this.entry.from, isLast));
    this.entry = null;
  }

  private end(position: Position): void {
    this.close(false);
    this.stop(position);
  }
}
