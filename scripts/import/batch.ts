import type { MessageRow, SessionRow } from "./rows.ts";

/** A batch on its way: rows by what they are, the newest fields of each, in the order they came. Pure. */

/** Bytes of a request; the server takes 8 MiB and stores slices of 768 kB. */
const BATCH_BYTES = 1024 * 1024;
/** A batch that may not be cut yet ends here all the same. */
const BATCH_MAX_BYTES = 4 * 1024 * 1024;
const BATCH_MAX_ROWS = 2_000;

/** Where a row comes from, to name it in a fault. */
export type Origin = { path: string; line?: number };

/**
 * A row as it is sent, encoded once and outside of the heap. The row itself is not kept: while batches wait, its objects
 * would take several times as much.
 */
type Held = { json: Buffer; origin: Origin };

export const sessionKey = (id: string) => `s ${id}`;
export const messageKey = ({ sessionExternalId, externalId }: MessageRow) =>
  `m ${sessionExternalId} ${externalId}`;

export class Batch {
  readonly #sessions = new Map<string, Held>();
  readonly #messages = new Map<string, Held>();
  #bytes = 0;
  #last: Pick<MessageRow, "sessionExternalId" | "createdAt"> | undefined;

  constructor(readonly number: number) {}

  get size(): number {
    return this.#sessions.size + this.#messages.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get messageCount(): number {
    return this.#messages.size;
  }

  has(key: string): boolean {
    return this.#sessions.has(key) || this.#messages.has(key);
  }

  addSession(row: SessionRow, origin: Origin): void {
    this.#put(this.#sessions, sessionKey(row.externalId), row, origin);
  }

  addMessage(row: MessageRow, origin: Origin): void {
    this.#put(this.#messages, messageKey(row), row, origin);
    const { sessionExternalId, createdAt } = row;
    this.#last = { sessionExternalId, ...(createdAt === undefined ? {} : { createdAt }) };
  }

  /**
   * Whether the batch is full before this row. Messages of one moment stay together: their order is
   * that of their request.
   */
  isFullBefore(row: MessageRow | SessionRow): boolean {
    if (this.#bytes < BATCH_BYTES && this.size < BATCH_MAX_ROWS) return false;
    if (this.#bytes > BATCH_MAX_BYTES || !("sessionExternalId" in row)) return true;
    const last = this.#last;
    return last?.sessionExternalId !== row.sessionExternalId || last.createdAt !== row.createdAt;
  }

  /** The rows as a request body. */
  body(): Buffer<ArrayBuffer> {
    const list = (rows: ReadonlyMap<string, Held>) =>
      Array.from(rows.values(), ({ json }, at) => (at === 0 ? [json] : [COMMA, json])).flat();
    const [sessions, messages] = [list(this.#sessions), list(this.#messages)];
    return Buffer.concat([BEGIN, ...sessions, MIDDLE, ...messages, END]);
  }

  /** The file and line of the item that an answer names: `messages[3]` or `sessions[0]`. */
  originOf(kind: string, index: number): Origin | undefined {
    const rows = kind === "sessions" ? this.#sessions : this.#messages;
    return Array.from<{ origin: Origin }>(rows.values())[index]?.origin;
  }

  /** Where the only row of this batch comes from. */
  onlyOrigin(): Origin | undefined {
    return this.originOf("sessions", 0) ?? this.originOf("messages", 0);
  }

  /** The batch in two, in order; sessions first. */
  halves(): [Batch, Batch] {
    const [first, second] = [new Batch(this.number), new Batch(this.number)];
    const half = Math.ceil(this.size / 2);
    for (const { json, origin } of this.#sessions.values())
      (first.size < half ? first : second).addSession(rowIn(json) as SessionRow, origin);
    for (const { json, origin } of this.#messages.values())
      (first.size < half ? first : second).addMessage(rowIn(json) as MessageRow, origin);
    return [first, second];
  }

  /** Fields of a later row of the same message or session join those of the first. */
  #put(rows: Map<string, Held>, key: string, row: object, origin: Origin): void {
    const before = rows.get(key);
    const merged = before === undefined ? row : { ...rowIn(before.json), ...row };
    const json = Buffer.from(JSON.stringify(merged));
    this.#bytes += json.length - (before?.json.length ?? 0);
    rows.set(key, { json, origin: before?.origin ?? origin });
  }
}

const [BEGIN, MIDDLE, END, COMMA] = ['{"sessions":[', '],"messages":[', "]}", ","].map((text) =>
  Buffer.from(text),
) as [Buffer, Buffer, Buffer, Buffer];

const rowIn = (json: Buffer) => JSON.parse(json.toString("utf8")) as object;
