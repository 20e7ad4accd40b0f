import { createHash } from "node:crypto";
import type { JSONValue } from "convex/values";
import type { Catalog, Table } from "../store/catalog.ts";
import { toDocument, type Documents } from "../store/documents.ts";
import { OrderedIndex } from "../store/indexes.ts";
import type { IndexedDocument, StoredDocument } from "../store/storedDocument.ts";
import { MAX_SEARCH_FILTERS, MAX_SEARCH_RESULTS, SearchIndex } from "../search/searchIndex.ts";
import { afterKey } from "../values/keys.ts";
import { evaluate, literal } from "./filters.ts";
import { boundsOf, type Bounds, type RangeStep } from "./ranges.ts";
import { ReadPart, type ReadSet } from "./reads.ts";
import type { Transaction } from "./transaction.ts";

type Order = "asc" | "desc" | null;
type SearchFilter =
  | { type: "Search"; fieldPath: string; value: string }
  | { type: "Eq"; fieldPath: string; value: JSONValue };

/** A query as the `convex` package serializes it. */
export interface SerializedQuery {
  source:
    | { type: "FullTableScan"; tableName: string; order: Order }
    | { type: "IndexRange"; indexName: string; range: RangeStep[]; order: Order }
    | { type: "Search"; indexName: string; filters: SearchFilter[] };
  operators: ({ filter: JSONValue } | { limit: number })[];
}

/** Where a scan continues: after a key of an index, or after a number of search results. */
export type Position = { key: string } | { rank: number };

/** The part of a query that a page reads: after one position, up to and including another. Null where it has no bound. */
interface Span {
  after: Position | null;
  until: Position | null;
}

/** A document of an ordered index with its key, or of a search with the number of results up to it. */
export type Row = StoredDocument & ({ key: Buffer } | { rank: number });

/** Where a scan continues after a row. */
export function positionOf(row: Row): Position {
  return "key" in row ? { key: row.key.toString("base64url") } : { rank: row.rank };
}

/** Yields documents one at a time, fetched in small batches, and counts each when it is taken. */
interface Source {
  next(): Row | undefined;
}

const FIRST_BATCH = 16;
const MAX_BATCH = 512;
/** A batch is no larger, because it shares the heap with the function; on a deployment, documents wait outside of it. */
const BATCH_BYTES = 1 << 20;

export interface QueryTarget {
  catalog: Catalog;
  documents: Documents;
  component: string;
  transaction: Transaction;
}

function tableAndIndex(
  target: QueryTarget,
  name: string,
): { table: Table | undefined; tableName: string; indexName: string } {
  const [tableName = "", indexName = ""] = name.split(".");
  return { table: target.catalog.find(target.component, tableName), tableName, indexName };
}

/** Returns a hash of a query, so that its cursor is refused by other queries. */
export function fingerprint(query: SerializedQuery): string {
  return createHash("sha256").update(JSON.stringify(query)).digest("base64url").slice(0, 16);
}

class RangeSource implements Source {
  #batch: IndexedDocument[] = [];
  #taken = 0;
  #size: number;
  #isDone = false;
  readonly #read: ReadPart | null;

  constructor(
    private readonly documents: Documents,
    private readonly index: OrderedIndex,
    private readonly bounds: Bounds,
    private readonly order: "asc" | "desc",
    wanted: number | null,
    reads: ReadSet | undefined,
  ) {
    this.#size = Math.max(1, Math.min(wanted ?? FIRST_BATCH, MAX_BATCH));
    this.#read = reads === undefined ? null : new ReadPart(reads, index.number, bounds, order);
  }

  next(): Row | undefined {
    if (this.#taken >= this.#batch.length && !this.#isDone) this.#fetch();
    const row = this.#batch[this.#taken++];
    this.#read?.upTo(row?.key);
    return row;
  }

  #fetch(): void {
    const limits = { rows: this.#size, bytes: BATCH_BYTES };
    const { rows, isDone } = this.documents.range(this.index, this.bounds, this.order, limits);
    this.#isDone = isDone;
    this.#taken = 0;
    const last = rows.at(-1);
    if (last !== undefined) {
      if (this.order === "asc") this.bounds.lower = afterKey(last.key);
      else this.bounds.upper = last.key;
    }
    this.#batch = rows;
    this.#size = Math.min(this.#size * 2, MAX_BATCH);
  }
}

class SearchSource implements Source {
  #rank: number;

  constructor(
    private readonly documents: Documents,
    private readonly matches: number[],
    from: number,
    /** The rank before which it ends. It is bounded when a page runs again, so that the page keeps its end. */
    private readonly to: number,
  ) {
    this.#rank = from;
  }

  next(): Row | undefined {
    if (this.#rank >= this.to) return undefined;
    const seq = this.matches[this.#rank];
    if (seq === undefined) return undefined;
    if (this.#rank >= MAX_SEARCH_RESULTS)
      throw new Error(
        `Search query scanned too many documents (fetched ${MAX_SEARCH_RESULTS}). Consider using a smaller limit, paginating the query, or using a filter field to limit pagination size.`,
      );
    this.#rank++;
    const stored = this.documents.getBySeq(seq);
    return stored && { ...stored, rank: this.#rank };
  }
}

function searchSource(
  target: QueryTarget,
  source: SerializedQuery["source"] & { type: "Search" },
  span: Span,
): Source {
  const { table, tableName, indexName } = tableAndIndex(target, source.indexName);
  const index = table?.indexes.get(indexName);
  if (table === undefined || !(index instanceof SearchIndex))
    throw new Error(`Search index "${tableName}.${indexName}" not found.`);
  const { searchField, filterFields } = index.definition;
  const text = source.filters.filter((filter) => filter.type === "Search");
  const [search] = text;
  if (search === undefined || text.length > 1 || search.fieldPath !== searchField)
    throw new Error(
      `Search query against ${source.indexName} must search its search field "${searchField}" once.`,
    );
  const conditions = source.filters.filter((filter) => filter.type === "Eq");
  if (conditions.length > MAX_SEARCH_FILTERS)
    throw new Error(
      `Search query against ${source.indexName} has too many filter conditions. Max: ${MAX_SEARCH_FILTERS} Actual: ${conditions.length}`,
    );
  for (const { fieldPath } of conditions)
    if (!filterFields.includes(fieldPath))
      throw new Error(
        `Search query against ${source.indexName} contains an equality filter on "${fieldPath}" but that field isn't indexed for filtering in \`filterFields\`.`,
      );
  target.transaction.observed?.reads.addTable(table.number);
  const matches = index.search(
    search.value,
    conditions.map(({ fieldPath, value }) => ({ path: fieldPath, value: literal(value) })),
  );
  const rank = (position: Position | null) =>
    position && "rank" in position ? position.rank : null;
  const [from, to] = [rank(span.after) ?? 0, rank(span.until) ?? Infinity];
  return new SearchSource(target.documents, matches, from, to);
}

function rangeSource(
  target: QueryTarget,
  query: SerializedQuery,
  span: Span,
  wanted: number | null,
): Source {
  const { source } = query;
  if (source.type === "Search") throw new Error("Not an ordered query");
  const name =
    source.type === "IndexRange" ? source.indexName : `${source.tableName}.by_creation_time`;
  const { table, tableName, indexName } = tableAndIndex(target, name);
  const order = source.order ?? "asc";
  if (table === undefined && source.type === "FullTableScan") return { next: () => undefined };
  const index = table?.indexes.get(indexName);
  if (!(index instanceof OrderedIndex))
    throw new Error(`Index ${tableName}.${indexName} not found.`);
  const bounds = boundsOf(source.type === "IndexRange" ? source.range : [], index.fields);
  clamp(bounds, order, span);
  const reads = target.transaction.observed?.reads;
  return new RangeSource(target.documents, index, bounds, order, wanted, reads);
}

function clamp(bounds: Bounds, order: "asc" | "desc", span: Span): void {
  const key = (position: Position | null) =>
    position && "key" in position ? Buffer.from(position.key, "base64url") : null;
  const after = key(span.after);
  const until = key(span.until);
  const max = (a: Buffer, b: Buffer) => (Buffer.compare(a, b) > 0 ? a : b);
  const min = (a: Buffer, b: Buffer) => (Buffer.compare(a, b) < 0 ? a : b);
  if (order === "asc") {
    if (after) bounds.lower = max(bounds.lower, afterKey(after));
    if (until) bounds.upper = min(bounds.upper, afterKey(until));
  } else {
    if (after) bounds.upper = min(bounds.upper, after);
    if (until) bounds.lower = max(bounds.lower, until);
  }
}

/** A running query: its source, then its filters and limits in the order in which they were written. */
export class Scan {
  readonly #source: Source;
  readonly #operators: ({ filter: JSONValue } | { limit: number; left: number })[];
  readonly #transaction: Transaction;
  /** Everything read so far, including documents that filters excluded. */
  rowsRead = 0;
  bytesRead = 0;
  /** The last row read. */
  last: Row | null = null;

  constructor(
    target: QueryTarget,
    query: SerializedQuery,
    span: Span = { after: null, until: null },
    wanted: number | null = null,
  ) {
    const [first] = query.operators;
    const limit = first && "limit" in first ? first.limit : null;
    this.#transaction = target.transaction;
    this.#transaction.account.spend({ databaseQueries: 1 });
    this.#source =
      query.source.type === "Search"
        ? searchSource(target, query.source, span)
        : rangeSource(target, query, span, first === undefined ? wanted : limit);
    this.#operators = query.operators.map((operator) =>
      "limit" in operator ? { limit: operator.limit, left: operator.limit } : operator,
    );
  }

  /** Takes one document from the source; `passes` is false if a filter excludes it. Undefined at the end. */
  step(): { row: Row; passes: boolean } | undefined {
    if (this.#operators.some((operator) => "left" in operator && operator.left <= 0))
      return undefined;
    const row = this.#source.next();
    if (row === undefined) return undefined;
    this.rowsRead += 1;
    this.bytesRead += row.size;
    this.#transaction.account.spend({ documentsRead: 1, bytesRead: row.size });
    this.last = row;
    return { row, passes: this.#passes(row) };
  }

  #passes(row: Row): boolean {
    const hasFilter = this.#operators.some((operator) => "filter" in operator);
    const document = hasFilter ? toDocument(row.json) : {};
    for (const operator of this.#operators) {
      if ("filter" in operator) {
        if (evaluate(operator.filter, document) !== true) return false;
      } else operator.left -= 1;
    }
    return true;
  }

  /** Returns the JSON of the next matching document, or undefined at the end. */
  next(): string | undefined {
    for (;;) {
      const taken = this.step();
      if (taken === undefined) return undefined;
      if (taken.passes) return taken.row.json;
    }
  }
}
