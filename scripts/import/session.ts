import type { Item, SessionRow } from "./rows.ts";

/** What a parser must remember of its session. Plain JSON. */
export type SessionMemo = { row: SessionRow; isAnnounced: boolean; isChanged: boolean };

/** A session that is learned of line by line, and announced with its first message. */
export class Session {
  constructor(readonly memo: SessionMemo) {}

  static of(row: SessionRow): Session {
    return new Session({ row, isAnnounced: false, isChanged: false });
  }

  get id(): string {
    return this.memo.row.externalId;
  }

  /** Keeps these fields where nothing is known yet. */
  learn(fields: Partial<SessionRow>): void {
    this.#take(fields, false);
  }

  /** Keeps these fields, whatever was known. */
  replace(fields: Partial<SessionRow>): void {
    this.#take(fields, true);
  }

  /** The session's row, the first time; to be sent before its first message. */
  announce(): Item[] {
    if (this.memo.isAnnounced) return [];
    this.memo.isAnnounced = true;
    this.memo.isChanged = false;
    return [{ kind: "session", row: { ...this.memo.row } }];
  }

  /** The row again, where it changed since; nothing for a session without messages. */
  update(): Item[] {
    if (!this.memo.isAnnounced || !this.memo.isChanged) return [];
    this.memo.isChanged = false;
    return [{ kind: "session", row: { ...this.memo.row } }];
  }

  #take(fields: Partial<SessionRow>, replaces: boolean): void {
    const known: { [name: string]: unknown } = this.memo.row;
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined || value === "" || known[name] === value) continue;
      if (known[name] !== undefined && !replaces) continue;
      known[name] = value;
      this.memo.isChanged = true;
    }
  }
}
