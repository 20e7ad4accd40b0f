import { Batch, messageKey, type Origin, sessionKey } from "./batch.ts";
import type { Edits, MessageRow, SessionRow } from "./rows.ts";
import type { Refused, Sent, Server } from "./server.ts";

/**
 * Batches that are under way at once. A server on this machine prepares some while it stores others. A deployment may
 * store only 4 MiB a second, of which the server takes three eighths for each.
 */
const UNDER_WAY_MAX = { here: 6, elsewhere: 3 };

type UnderWay = { batch: Batch; done: Promise<void> };

/**
 * Gathers rows into batches and sends several at once. Rows of one message or session are never under
 * way twice, so that the later one wins.
 */
export class Sender {
  #open = new Batch(0);
  readonly #underWay = new Set<UnderWay>();
  /** What shall happen once all batches up to a number are stored, in order. */
  #waiting: { after: number; then: () => void | Promise<void> }[] = [];
  #failure: { error: unknown } | undefined;
  /** Paths of histories of which something is missing that the server may take another time. */
  readonly #unfinished = new Set<string>();

  constructor(
    private readonly server: Server,
    private readonly onSent: (sent: Sent, batch: Batch) => void,
    private readonly onRefused: (refused: Refused) => void,
  ) {}

  async addSession(row: SessionRow, origin: Origin): Promise<void> {
    await this.#makeRoom(sessionKey(row.externalId), row);
    this.#open.addSession(row, origin);
  }

  async addMessage(row: MessageRow, origin: Origin): Promise<void> {
    await this.#makeRoom(messageKey(row), row);
    this.#open.addMessage(row, origin);
  }

  /** Edits a session once everything that was added up to now is stored. */
  async edit(id: string, edits: Edits, origin: Origin): Promise<void> {
    await this.afterStored(async () => {
      const refused = await this.server.edit(id, edits);
      if (refused !== undefined) this.onRefused({ origin, reason: `${id}: ${refused}` });
    });
  }

  /** Whether all of a history that was sent is stored, or never can be. */
  isWhole(path: string): boolean {
    return !this.#unfinished.has(path);
  }

  /** Calls back when everything that was added up to now is stored. */
  async afterStored(then: () => void | Promise<void>): Promise<void> {
    this.#waiting.push({ after: this.#open.number - (this.#open.size === 0 ? 1 : 0), then });
    await this.#settle();
  }

  /** Sends what is gathered and waits until all of it is stored. */
  async flush(): Promise<void> {
    await this.#close();
    while (this.#underWay.size > 0) await this.#one();
    await this.#settle();
  }

  async #makeRoom(key: string, row: MessageRow | SessionRow): Promise<void> {
    this.#check();
    if (!this.#open.has(key) && this.#open.isFullBefore(row)) await this.#close();
    for (const { batch, done } of [...this.#underWay]) if (batch.has(key)) await done;
    this.#check();
  }

  async #close(): Promise<void> {
    if (this.#open.size === 0) return;
    const max = this.server.isHere ? UNDER_WAY_MAX.here : UNDER_WAY_MAX.elsewhere;
    while (this.#underWay.size >= max) await this.#one();
    this.#check();
    const batch = this.#open;
    this.#open = new Batch(batch.number + 1);
    const sending: UnderWay = { batch, done: Promise.resolve() };
    sending.done = this.server.send(batch).then(
      (sent) => {
        this.#underWay.delete(sending);
        for (const { origin, mayPass } of sent.refused)
          if (mayPass) this.#unfinished.add(origin.path);
        this.onSent(sent, batch);
      },
      (error: unknown) => {
        this.#underWay.delete(sending);
        this.#failure ??= { error };
      },
    );
    this.#underWay.add(sending);
  }

  async #one(): Promise<void> {
    await Promise.race(Array.from(this.#underWay, ({ done }) => done));
    await this.#settle();
  }

  /** Runs what waited for batches that are stored now. Batches behind a failed one never count. */
  async #settle(): Promise<void> {
    this.#check();
    const numbers = Array.from(this.#underWay, ({ batch }) => batch.number);
    const storedThrough = Math.min(this.#open.number, ...numbers) - 1;
    const due = this.#waiting.filter(({ after }) => after <= storedThrough);
    this.#waiting = this.#waiting.filter(({ after }) => after > storedThrough);
    for (const { then } of due) await then();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
