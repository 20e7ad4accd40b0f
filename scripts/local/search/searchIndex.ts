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

/** The last word of a query also finds so many words that begin with it, for half the score. */
const MAX_EXPANSIONS = 16;
const EXPANSION_WEIGHT = 0.5;
/** Documents that one search scores, shared out among its words; and for each expansion. */
const MAX_SCORED = 4096;
const MIN_SCORED_PER_WORD = 512;
const SCORED_PER_EXPANSION = 128;
/** From so many documents on, a filter is broad: see `#scoreBroad`. */
const BROAD_FILTER = 10_000;

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
  #hasVocabulary = false;

  constructor(sql: Statements, number: number, definition: Definition) {
    this.#sql = sql;
    this.number = number;
    this.definition = definition;
  }

  get #table(): string {
    return `search_${this.number}`;
  }

  /** The index's own list of words; a view that SQLite keeps for this connection only. */
  get #vocabulary(): string {
    const name = `temp.${this.#table}_words`;
    if (!this.#hasVocabulary)
      this.#sql.exec(
        `CREATE VIRTUAL TABLE IF NOT EXISTS ${name} USING fts5vocab('main', '${this.#table}', 'col')`,
      );
    this.#hasVocabulary = true;
    return name;
  }

  create(): void {
    this.#sql.run(
      `CREATE VIRTUAL TABLE ${this.#table} USING fts5(words, filters, content='', contentless_delete=1, tokenize="${TOKENIZER}")`,
    );
  }

  drop(): void {
    this.#sql.exec(`DROP TABLE IF EXISTS temp.${this.#table}_words`);
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

  /** Terms to look up with their weight: the words, and what the last one is the beginning of. */
  #terms(query: string): Map<string, number> {
    const words = tokenize(query).slice(0, MAX_QUERY_TOKENS);
    const terms = new Map(words.map((word) => [word, 1]));
    const last = words.at(-1);
    if (last === undefined) return terms;
    const expansions = this.#sql.all<{ term: string }>(
      `SELECT term FROM ${this.#vocabulary} WHERE term > ? AND term < ? AND col = 'words' LIMIT ${MAX_EXPANSIONS}`,
      last,
      `${last}\u{10ffff}`,
    );
    for (const { term } of expansions) if (!terms.has(term)) terms.set(term, EXPANSION_WEIGHT);
    return terms;
  }

  /**
   * The documents (by `seq`) that match, best first, at most 1,024 (and one more, to tell).
   *
   * BM25 is a sum over terms, so each term is asked by itself. Of a term that very many documents
   * hold, the newest are scored and the others get nothing for it: such a term tells little, and a
   * search must not get slower with history. With fewer matches than that, the order is exact.
   */
  search(query: string, filters: { path: string; value: Value | undefined }[]): number[] {
    const terms = this.#terms(query);
    const conditions = filters.map(({ path, value }) => this.#filterWord(path, value));
    const isBroad = conditions.some((word) => this.#holders(word, "filters") > BROAD_FILTER);
    const words = [...terms.values()].filter((weight) => weight === 1).length;
    const perWord = Math.max(MIN_SCORED_PER_WORD, Math.ceil(MAX_SCORED / Math.max(1, words)));
    const scores = new Map<number, number>();
    for (const [term, weight] of terms) {
      const limit = weight === 1 ? perWord : SCORED_PER_EXPANSION;
      const found = isBroad
        ? this.#scoreBroad(term, conditions, limit)
        : this.#score(this.#match(term, conditions), limit);
      for (const { seq, score } of found) scores.set(seq, (scores.get(seq) ?? 0) + weight * score);
    }
    return [...scores]
      .sort(([a, x], [b, y]) => y - x || b - a)
      .slice(0, MAX_SEARCH_RESULTS + 1)
      .map(([seq]) => seq);
  }

  #match(term: string, conditions: string[]): string {
    return [`words:"${term}"`, ...conditions.map((word) => `filters:"${word}"`)].join(" AND ");
  }

  /** How many documents hold a word. */
  #holders(word: string, column: "words" | "filters"): number {
    return (
      this.#sql.one<{ doc: number }>(
        `SELECT doc FROM ${this.#vocabulary} WHERE term = ? AND col = ?`,
        word,
        column,
      )?.doc ?? 0
    );
  }

  /** The newest matches with their BM25; of the filters' column it is worth nothing. */
  #score(match: string, limit: number, since = 0): { seq: number; score: number }[] {
    return this.#sql.all(
      `SELECT rowid AS seq, -bm25(${this.#table}, 1.0, 0.0) AS score FROM ${this.#table}
       WHERE ${this.#table} MATCH ? AND rowid >= ? ORDER BY rowid DESC LIMIT ?`,
      match,
      since,
      limit,
    );
  }

  /**
   * The same where very many documents pass the filter. FTS5 counts the holders of every word of
   * an expression before it scores, and counting those of the filter for each term would be most
   * of the work: so who matches and what it scores are asked apart.
   */
  #scoreBroad(term: string, conditions: string[], limit: number): { seq: number; score: number }[] {
    const matching = new Set(
      this.#sql
        .all<{ seq: number }>(
          `SELECT rowid AS seq FROM ${this.#table} WHERE ${this.#table} MATCH ? ORDER BY rowid DESC LIMIT ?`,
          this.#match(term, conditions),
          limit,
        )
        .map(({ seq }) => seq),
    );
    const oldest = [...matching].at(-1);
    if (oldest === undefined) return [];
    return this.#score(`words:"${term}"`, -1, oldest).filter(({ seq }) => matching.has(seq));
  }
}
