import { ByteChunks } from "../lib/jsonStream";
import type { ExportJob, Resume, SessionPage, Written } from "./job";
import type { WrittenSegment } from "./types";

/** A position in an export: a page, and how many of its messages come before. */
export type Position = { position: string; skip: number };

/** Writes one answer of an export: what all kinds of formats have in common. */
export abstract class AnswerWriter {
  protected readonly answer = new ByteChunks();
  protected records = 0;
  protected readonly segments: WrittenSegment[] = [];
  protected readonly skipped: string[] = [];
  protected readonly cut: string[] = [];
  protected readonly incomplete: string[] = [];
  protected resume: Resume | null = null;
  /** Sessions completed in this answer. */
  protected finished = 0;
  private found = 0;
  /** The session of which further pages are expected, and the number of its messages before them. */
  private unfinished: { externalId: string; from: number } | null = null;
  private readonly unknown: string[] = [];

  constructor(
    protected readonly job: ExportJob,
    /** Sessions completed in earlier answers. */
    protected readonly before: number,
  ) {
    this.answer.add(job.format.begin(job.options));
  }

  /** The names that the session being written reveals; for anonymised exports. */
  protected names: readonly string[] = [];

  /** Sets the names of the session whose pages follow. */
  setNames(names: readonly string[]): void {
    this.names = names;
  }

  /** Adds a page whose first `skip` messages are already written. */
  addPage(page: SessionPage, skip: number): void {
    this.found++;
    this.addUnknown(page.unknown);
    const { head, messages, isLast } = page;
    if (!this.isExpected(page)) this.leaveSession();
    this.addMessages(page, skip);
    const whole = messages.filter(({ restBytes }) => restBytes === undefined).length;
    this.unfinished = isLast ? null : { externalId: head.externalId, from: page.from + whole };
  }

  /**
   * Whether the page continues the session before it, or begins one after all pages of that session. It does not if that
   * session was deleted, or no longer matches, after some of its pages were read, or if it starts earlier now and is
   * read again.
   */
  private isExpected({ head, from }: SessionPage): boolean {
    const { unfinished } = this;
    if (unfinished === null) return true;
    return unfinished.externalId === head.externalId && from >= unfinished.from;
  }

  /** Leaves a session whose other pages will not come, so that the next one does not continue it. */
  protected abstract leaveSession(): void;

  protected abstract addMessages(page: SessionPage, skip: number): void;

  /** Records ids that belong to no session. */
  addUnknown(ids: readonly string[]): void {
    this.unknown.push(...ids);
  }

  /** Whether the answer is complete, because it is large enough or the limit is reached. */
  isFull(): boolean {
    return this.resume !== null || this.before + this.finished >= this.job.limit;
  }

  /** Ends the document. */
  finish(): Written {
    const { found, finished: sessions, records, unknown, resume, segments } = this;
    const { skipped, cut, incomplete } = this;
    const isEmpty = records === 0 && this.before === 0 && resume === null;
    const reason = isEmpty ? this.job.emptyBecause?.(found) : undefined;
    const why = reason === undefined ? {} : { emptyBecause: reason };
    const totals = { at: this.job.at, sessions, records, segments, ...why };
    this.answer.add(this.job.format.end(totals));
    const { chunks } = this.answer;
    const named = { skipped, cut, incomplete, unknown };
    return { chunks, sessions, found, records, ...named, resume, ...why };
  }

  /** Ends the answer; the next one resumes at this position. */
  protected stop({ position, skip }: Position): void {
    this.resume = { position, skip, sessions: this.before + this.finished };
  }
}
