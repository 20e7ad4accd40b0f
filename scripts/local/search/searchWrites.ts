import type { Statements } from "../store/database.ts";

/** A document's row in a text index; without a row, its removal. */
interface SearchWrite {
  table: string;
  seq: number;
  row: { words: string; filters: string } | null;
}

/** How far the writes were when a savepoint began. */
export interface SearchMark {
  writes: number;
  applied: number;
}

/**
 * Writes to text indexes that wait until a search needs them or their group is committed. FTS5 collects new words in
 * memory, and writes them to the file as a segment of the index whenever a savepoint begins: a segment for each
 * mutation of a group, and then work to merge them. Written together, a group makes one segment.
 *
 * All writes since the last commit are kept, because SQLite's rollback to a savepoint also undoes those that were
 * applied since it began, while older mutations of the group need theirs again.
 */
export class SearchWrites {
  readonly #sql: Statements;
  #writes: SearchWrite[] = [];
  #applied = 0;
  #characters = 0;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Characters of text that are kept in memory. */
  get characters(): number {
    return this.#characters;
  }

  add(write: SearchWrite): void {
    this.#writes.push(write);
    this.#characters += charactersOf(write);
  }

  /** Applies all writes to the indexes. Call this before a search, and before a commit. */
  apply(): void {
    for (; this.#applied < this.#writes.length; this.#applied++) {
      const write = this.#writes[this.#applied];
      if (write !== undefined) this.#apply(write);
    }
  }

  #apply({ table, seq, row }: SearchWrite): void {
    if (row === null) this.#sql.run(`DELETE FROM ${table} WHERE rowid = ?`, seq);
    else
      this.#sql.run(
        `INSERT INTO ${table} (rowid, words, filters) VALUES (?, ?, ?)`,
        seq,
        row.words,
        row.filters,
      );
  }

  /** Returns where a savepoint begins. */
  mark(): SearchMark {
    return { writes: this.#writes.length, applied: this.#applied };
  }

  /** Forgets the writes since the mark, after SQLite has rolled back to its savepoint. */
  undoTo({ writes, applied }: SearchMark): void {
    for (const write of this.#writes.splice(writes)) this.#characters -= charactersOf(write);
    this.#applied = Math.min(this.#applied, applied);
  }

  /** Forgets all writes, after their transaction has been committed or rolled back. */
  ended(): void {
    this.#writes = [];
    this.#applied = 0;
    this.#characters = 0;
  }
}

const charactersOf = ({ row }: SearchWrite) =>
  row === null ? 0 : row.words.length + row.filters.length;
