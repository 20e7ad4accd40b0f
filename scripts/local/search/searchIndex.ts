import { createHash } from "node:crypto";
import type { Value } from "convex/values";
import { encodeKey } from "../values/keys.ts";
import { LIMIT, type Statements } from "../store/database.ts";
import { fieldAt, type Document } from "../store/fields.ts";
import type { TableIndex } from "../store/tableIndex.ts";
import type { IndexDefinition } from "../store/schema.ts";
import type { SearchWrites } from "./searchWrites.ts";
import { indexedWords, MAX_QUERY_TOKENS, tokenize } from "./tokens.ts";

/** Convex reads no more candidates of a text search than this. */
export const MAX_SEARCH_RESULTS = 1024;
/** `eq` conditions that a search may have. */
export const MAX_SEARCH_FILTERS = 8;

/** The last word of a query also matches up to this many words that start with it, for half the score. */
const MAX_BEGINNINGS = 16;
const BEGINNING_WEIGHT = 0.5;
/** Documents that one search scores, divided among its words; and those scored for prefix matches. */
const MAX_SCORED = 4096;
const MIN_SCORED_PER_WORD = 512;
const SCORED_BEGINNINGS = 1024;
/** Fewer matches than this are scored together. */
const FEW = MIN_SCORED_PER_WORD;
/** Newest documents that are sampled to estimate how common a word is, if too many contain it to be counted. */
const SAMPLED = 1024;

/** The least weight of a word, as in FTS5. */
const LEAST_WEIGHT = 1e-6;

type Definition = IndexDefinition & { kind: "search" };

interface Scored {
  seq: number;
  score: number;
}

/** Pages of 4 kB that one step of a merge writes: some 10 ms. */
const MERGE_PAGES = 250;

/** Cached because the same few filter values, mostly users and sessions, occur in every document. */
const digests = new Map<unknown, string>();
const MAX_CACHED_DIGESTS = 10_000;
const MAX_CACHED_LENGTH = 256;

/** A word for a value that a filter compares. */
function digestOf(value: Value | undefined): string {
  const known = digests.get(value);
  if (known !== undefined) return known;
  const digest = createHash("sha256")
    .update(encodeKey([value]))
    .digest("hex")
    .slice(0, 32);
  if (typeof value === "string" && value.length <= MAX_CACHED_LENGTH) {
    if (digests.size >= MAX_CACHED_DIGESTS) digests.clear();
    digests.set(value, digest);
  }
  return digest;
}

/** Text is already split into words; FTS5 only separates it at the spaces. */
const TOKENIZER = `unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'`;

/**
 * Full-text search with FTS5: terms combined by OR, the last one also as a prefix, ranked by BM25 over the
 * whole index, newer documents first if scores are equal. `eq` filters are words of a second column, so that
 * excluded rows are never candidates.
 */
export class SearchIndex implements TableIndex {
  readonly number: number;
  readonly definition: Definition;
  readonly #sql: Statements;
  readonly #writes: SearchWrites;
  #hasVocabulary = false;

  constructor(sql: Statements, writes: SearchWrites, number: number, definition: Definition) {
    this.#sql = sql;
    this.#writes = writes;
    this.number = number;
    this.definition = definition;
  }

  get #table(): string {
    return `search_${this.number}`;
  }

  /** The name of the index's vocabulary table, which exists only for this connection. */
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
    return { words: indexedWords(text), filters: filters.join(" ") };
  }

  #filterWord(path: string, value: Value | undefined): string {
    return `f${this.definition.filterFields.indexOf(path)}x${digestOf(value)}`;
  }

  add(seq: number, document: Document, size: number): number {
    const row = this.#row(document);
    if (row === null) return 0;
    this.#writes.add({ table: this.#table, seq, row });
    return size;
  }

  remove(seq: number, document: Document): void {
    if (typeof fieldAt(document, this.definition.searchField) !== "string") return;
    this.#writes.add({ table: this.#table, seq, row: null });
  }

  change(seq: number, before: Document, after: Document, size: number): number {
    const paths = [this.definition.searchField, ...this.definition.filterFields];
    const same = (path: string) =>
      encodeKey([fieldAt(before, path)]).equals(encodeKey([fieldAt(after, path)]));
    if (paths.every(same)) return size;
    this.remove(seq, before);
    return this.add(seq, after, size);
  }

  /**
   * Merges the index's segments into one, one step at a time, because old segments contain the words of
   * deleted documents. Returns whether nothing is left to merge.
   */
  merge(step: "begin" | "continue"): boolean {
    this.#writes.apply();
    const pages = step === "begin" ? -MERGE_PAGES : MERGE_PAGES;
    const changes = () => this.#sql.one<{ n: number }>("SELECT total_changes() AS n")?.n ?? 0;
    const before = changes();
    this.#sql.run(`INSERT INTO ${this.#table} (${this.#table}, rank) VALUES ('merge', ?)`, pages);
    // According to SQLite's documentation, fewer than two changes mean that nothing was left to do.
    return changes() - before < 2;
  }

  /** The words of a query, and indexed words that start with the last one. */
  #terms(query: string): { words: string[]; beginnings: string[] } {
    const all = tokenize(query).slice(0, MAX_QUERY_TOKENS);
    const words = [...new Set(all)];
    const last = all.at(-1);
    if (last === undefined) return { words, beginnings: [] };
    const found = this.#sql.all<{ term: string }>(
      `SELECT term FROM ${this.#vocabulary} WHERE term > ? AND term < ? AND col = 'words' LIMIT ${MAX_BEGINNINGS}`,
      last,
      `${last}\u{10ffff}`,
    );
    const beginnings = found.map(({ term }) => term).filter((term) => !words.includes(term));
    return { words, beginnings };
  }

  /**
   * Returns the matching documents (by `seq`), best first: at most 1,024, and one more to detect the limit.
   *
   * If few documents match the filters, or few of them the words, FTS5 ranks all of them. Otherwise each word is
   * searched separately, because BM25 is a sum over terms. For a word in very many documents, only the newest get its
   * weight and the others 0: such a word says little, and a search must not get slower with history.
   */
  search(query: string, filters: { path: string; value: Value | undefined }[]): number[] {
    this.#writes.apply();
    const { words, beginnings } = this.#terms(query);
    if (words.length === 0) return [];
    const conditions = filters.map(
      ({ path, value }) => `filters:"${this.#filterWord(path, value)}"`,
    );
    const scores = new Map<number, number>();
    const count = (found: Scored[], weight: number) => {
      for (const { seq, score } of found) scores.set(seq, (scores.get(seq) ?? 0) + weight * score);
    };
    const found = this.#newest([anyOf([...words, ...beginnings]), ...conditions], FEW);
    if (found.length === 0) return [];
    if (!this.#isMore(conditions, MAX_SCORED)) {
      count(this.#ranked(anyOf(words), conditions, 0, MAX_SCORED), 1);
      if (beginnings.length > 0)
        count(this.#ranked(anyOf(beginnings), conditions, 0, SCORED_BEGINNINGS), BEGINNING_WEIGHT);
    } else if (found.length < FEW) {
      count(this.#rankedAmong(anyOf(words), found), 1);
      if (beginnings.length > 0)
        count(this.#rankedAmong(anyOf(beginnings), found), BEGINNING_WEIGHT);
    } else {
      const sample = new Set(this.#newest(conditions, SAMPLED));
      const limit = Math.ceil(Math.max(MIN_SCORED_PER_WORD, MAX_SCORED / words.length));
      for (const word of words) count(this.#score([word], conditions, sample, limit), 1);
      if (beginnings.length > 0)
        count(this.#score(beginnings, conditions, sample, SCORED_BEGINNINGS), BEGINNING_WEIGHT);
    }
    return [...scores]
      .sort(([a, x], [b, y]) => y - x || b - a)
      .slice(0, MAX_SEARCH_RESULTS + 1)
      .map(([seq]) => seq);
  }

  /** Selects the documents that match all conditions, newest first. */
  #matching(conditions: string[]): { select: string; match: string[] } {
    // Without conditions there is nothing to match: FTS5's table of document sizes has a row for each document.
    if (conditions.length === 0)
      return { select: `SELECT id AS seq FROM ${this.#table}_docsize ORDER BY id DESC`, match: [] };
    return {
      select: `SELECT rowid AS seq FROM ${this.#table} WHERE ${this.#table} MATCH ? ORDER BY rowid DESC`,
      match: [conditions.join(" AND ")],
    };
  }

  /** Returns the documents that match all conditions, newest first. */
  #newest(conditions: string[], limit: number): number[] {
    const { select, match } = this.#matching(conditions);
    const rows = this.#sql.all<{ seq: number }>(`${select} ${LIMIT}`, ...match, limit);
    return rows.map(({ seq }) => seq);
  }

  /** Whether more than so many documents match all conditions. */
  #isMore(conditions: string[], than: number): boolean {
    const { select, match } = this.#matching(conditions);
    return this.#sql.one(`${select} LIMIT 1 OFFSET ?`, ...match, than) !== undefined;
  }

  /**
   * Scores the newest documents that contain any of the words and match the filters. BM25 counts every document
   * that contains a word, so a word beyond the limit would cost more with every message stored. Such a word gets the
   * weight that BM25 gives it in a document of average length; its share of the newest documents stands for its
   * share of all.
   */
  #score(words: string[], conditions: string[], sample: Set<number>, limit: number): Scored[] {
    const any = anyOf(words);
    const found = this.#newest([any, ...conditions], limit);
    if (found.length < limit) return this.#rankedAmong(any, found);
    const share = found.filter((seq) => sample.has(seq)).length / sample.size;
    const score = weightOf(share);
    return found.map((seq) => ({ seq, score }));
  }

  /** Scores the matches among some documents, of which the newest come first. */
  #rankedAmong(any: string, newestFirst: readonly number[]): Scored[] {
    const oldest = newestFirst.at(-1);
    if (oldest === undefined) return [];
    const among = new Set(newestFirst);
    return this.#ranked(any, [], oldest, -1).filter(({ seq }) => among.has(seq));
  }

  /** Matches not older than `since`, newest first, by BM25; the filter column does not add to the score. */
  #ranked(any: string, conditions: string[], since: number, limit: number): Scored[] {
    return this.#sql.all(
      `SELECT rowid AS seq, -bm25(${this.#table}, 1.0, 0.0) AS score FROM ${this.#table}
       WHERE ${this.#table} MATCH ? AND rowid >= ? ORDER BY rowid DESC ${LIMIT}`,
      [any, ...conditions].join(" AND "),
      since,
      limit,
    );
  }
}

const anyOf = (words: string[]) => `words:(${words.map((word) => `"${word}"`).join(" OR ")})`;

/** Returns BM25's weight of a word that this share of the documents contains: the least, as in FTS5, from half on. */
const weightOf = (share: number) =>
  Math.max(LEAST_WEIGHT, Math.log((1 - share) / Math.max(share, 1 / SAMPLED)));
