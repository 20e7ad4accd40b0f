import { createHash } from "node:crypto";
import type { Value } from "convex/values";
import { encodeKey } from "../values/keys.ts";
import type { Statements } from "../store/database.ts";
import { fieldAt, type Document } from "../store/fields.ts";
import type { TableIndex } from "../store/indexes.ts";
import type { IndexDefinition } from "../store/schema.ts";
import { MAX_QUERY_TOKENS, tokenize } from "./tokens.ts";

/** Convex reads no more candidates of a text search than this. */
export const MAX_SEARCH_RESULTS = 1024;
/** `eq` conditions a search may carry. */
export const MAX_SEARCH_FILTERS = 8;

type Definition = IndexDefinition & { kind: "search" };

/** Text arrives split into words already; FTS5 only separates at the spaces between them. */
const TOKENIZER = `unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'`;

/**
 * Full text over FTS5: terms OR-ed, the last one also a prefix, BM25 over the whole index, newer
 * first where scores tie. `eq` filters are words of a second column, so that rows of somebody else
 * are never candidates.
 */
export class SearchIndex implements TableIndex {
  readonly number: number;
  readonly definition: Definition;
  readonly #sql: Statements;

  constructor(sql: Statements, number: number, definition: Definition) {
    this.#sql = sql;
    this.number = number;
    this.definition = definition;
  }

  get #table(): string {
    return `search_${this.number}`;
  }

  create(): void {
    this.#sql.run(
      `CREATE VIRTUAL TABLE ${this.#table} USING fts5(words, filters, content='', contentless_delete=1, tokenize="${TOKENIZER}")`,
    );
  }

  drop(): void {
    this.#sql.run(`DROP TABLE ${this.#table}`);
  }

  #row(document: Document): { words: string; filters: string } | null {
    const text = fieldAt(document, this.definition.searchField);
    if (typeof text !== "string") return null;
    const filters = this.definition.filterFields.map((path) =>
      this.#filterWord(path, fieldAt(document, path)),
    );
    return { words: tokenize(text).join(" "), filters: filters.join(" ") };
  }

  #filterWord(path: string, value: Value | undefined): string {
    const position = this.definition.filterFields.indexOf(path);
    const digest = createHash("sha256")
      .update(encodeKey([value]))
      .digest("hex");
    return `f${position}x${digest.slice(0, 32)}`;
  }

  add(seq: number, document: Document): void {
    this.#insert(seq, this.#row(document));
  }

  #insert(seq: number, row: { words: string; filters: string } | null): void {
    if (row === null) return;
    this.#sql.run(
      `INSERT INTO ${this.#table} (rowid, words, filters) VALUES (?, ?, ?)`,
      seq,
      row.words,
      row.filters,
    );
  }

  remove(seq: number, document: Document): void {
    if (typeof fieldAt(document, this.definition.searchField) !== "string") return;
    this.#sql.run(`DELETE FROM ${this.#table} WHERE rowid = ?`, seq);
  }

  change(seq: number, before: Document, after: Document): void {
    const paths = [this.definition.searchField, ...this.definition.filterFields];
    const same = (path: string) =>
      encodeKey([fieldAt(before, path)]).equals(encodeKey([fieldAt(after, path)]));
    if (paths.every(same)) return;
    this.remove(seq, before);
    this.add(seq, after);
  }

  /** The documents (by `seq`) that match, best first, at most 1,024. */
  search(query: string, filters: { path: string; value: Value | undefined }[]): number[] {
    const words = tokenize(query).slice(0, MAX_QUERY_TOKENS);
    if (words.length === 0) return [];
    const terms = words.map((word, i) => `"${word}"${i === words.length - 1 ? "*" : ""}`);
    const conditions = filters.map(
      ({ path, value }) => `filters:"${this.#filterWord(path, value)}"`,
    );
    const match = [`words:(${terms.join(" OR ")})`, ...conditions].join(" AND ");
    return this.#sql
      .all<{ seq: number }>(
        `SELECT rowid AS seq FROM ${this.#table} WHERE ${this.#table} MATCH ? ORDER BY bm25(${this.#table}, 1.0, 0.0), rowid DESC LIMIT ${MAX_SEARCH_RESULTS + 1}`,
        match,
      )
      .map((row) => row.seq);
  }
}
