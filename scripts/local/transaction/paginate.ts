import { parseJson } from "../values/json.ts";
import { TRANSACTION_LIMITS } from "./usage.ts";
import {
  fingerprint,
  positionOf,
  Scan,
  type Position,
  type QueryTarget,
  type Row,
  type SerializedQuery,
} from "./queries.ts";

export interface PageRequest {
  query: SerializedQuery;
  cursor: string | null;
  endCursor: string | null;
  pageSize: number;
  maximumRowsRead?: number | null;
  maximumBytesRead?: number | null;
}

/** The content of a cursor: the query it belongs to, and the query's position. */
interface Cursor {
  query: string;
  at: Position | "end";
}

function write(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

function isCursor(value: unknown): value is Cursor {
  if (typeof value !== "object" || value === null || !("query" in value) || !("at" in value))
    return false;
  const { at } = value;
  if (at === "end") return true;
  if (typeof at !== "object" || at === null) return false;
  return (
    ("key" in at && typeof at.key === "string") || ("rank" in at && typeof at.rank === "number")
  );
}

/** Parses a cursor of this query; throws for any other text. */
function read(text: string | null, query: string): Position | "end" | null {
  if (text === null) return null;
  let value: unknown;
  try {
    value = parseJson<unknown>(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    value = undefined;
  }
  if (!isCursor(value)) throw new Error("InvalidCursor: Failed to parse cursor");
  if (value.query !== query)
    throw new Error(
      "InvalidCursor: Tried to run a query starting from a cursor, but it looks like this cursor is from a different query.",
    );
  return value.at;
}

/** Convex advises to split a page that has read more than three quarters of its limit. */
const SPLIT_ADVICE = 0.75;

/** The row after which a large page could be split. */
function middleOf(rows: Row[]): Row | undefined {
  return rows.length <= 2 ? undefined : rows[Math.floor(rows.length / 2)];
}

interface Limits {
  rows: number;
  bytes: number;
}

/** Read limits of a page: those the client requested, unless the end of the page is given. */
function limitsOf(request: PageRequest): Limits {
  const isBounded = request.endCursor === null;
  return {
    rows: (isBounded ? request.maximumRowsRead : null) ?? Infinity,
    bytes: (isBounded ? request.maximumBytesRead : null) ?? Infinity,
  };
}

function isReached({ rowsRead, bytesRead }: Scan, { rows, bytes }: Limits): boolean {
  return rowsRead >= rows || bytesRead >= bytes;
}

function isNear({ rowsRead, bytesRead }: Scan, { rows, bytes }: Limits): boolean {
  const soft = (limit: number, overall: number) => Math.min(limit, overall) * SPLIT_ADVICE;
  return (
    rowsRead > soft(rows, TRANSACTION_LIMITS.documentsRead) ||
    bytesRead > soft(bytes, TRANSACTION_LIMITS.bytesRead)
  );
}

/**
 * Reads one page of a query: `pageSize` documents that match its filters, or all up to `endCursor`, or fewer if
 * the limit of rows or bytes read is reached. A page is the last one only if it found no more documents: a page
 * that ends with the last document is followed by an empty one, as on Convex.
 */
export function paginate(target: QueryTarget, request: PageRequest): Page {
  const query = fingerprint(request.query);
  const after = read(request.cursor, query);
  const until = read(request.endCursor, query);
  if (after === "end") return answer([], { cursor: { query, at: "end" } });
  const hasEnd = until !== null;
  const span = { after, until: until === "end" ? null : until };
  const scan = new Scan(target, request.query, span, hasEnd ? null : request.pageSize);
  const limits = limitsOf(request);
  const page: string[] = [];
  const rows: Row[] = [];
  let status: string | null = null;
  let isExhausted = false;
  while (status === null && (hasEnd || page.length < request.pageSize)) {
    const taken = scan.step();
    if (taken === undefined) {
      isExhausted = true;
      break;
    }
    rows.push(taken.row);
    if (taken.passes) page.push(taken.row.json);
    if (isReached(scan, limits) && page.length < request.pageSize) status = "SplitRequired";
  }
  if (status === null && isNear(scan, limits)) status = "SplitRecommended";
  const middle = middleOf(rows);
  const last = scan.last === null ? after : positionOf(scan.last);
  const at = isExhausted ? (until ?? "end") : (last ?? "end");
  const split = middle && { query, at: positionOf(middle) };
  return answer(page, { cursor: { query, at }, split, status });
}

/** A page as JSON text, and the cursor at which it ends. */
interface Page {
  json: string;
  end: string;
}

function answer(
  page: string[],
  end: { cursor: Cursor; split?: Cursor | undefined; status?: string | null },
): Page {
  const continueCursor = write(end.cursor);
  const rest = JSON.stringify({
    isDone: end.cursor.at === "end",
    continueCursor,
    splitCursor: end.split ? write(end.split) : null,
    pageStatus: end.status ?? null,
  });
  return { json: `{"page":[${page.join(",")}],${rest.slice(1)}`, end: continueCursor };
}
