import { parseJson } from "../values/json.ts";
import {
  fingerprint,
  Scan,
  type Position,
  type QueryTarget,
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

/** What a cursor holds: the query it belongs to and where that query stands. */
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

/** Read a cursor this query gave out; anything else is refused by name. */
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

/** A page that read nearly as much as it may is worth splitting; Convex advises it from 3/4 on. */
const SPLIT_ADVICE = 0.75;

/**
 * One page of a query: `pageSize` documents that pass its filters, or all up to `endCursor`, or
 * fewer where a maximum of rows or bytes read ends it. Returns the answer as JSON text.
 */
export function paginate(target: QueryTarget, request: PageRequest): string {
  const query = fingerprint(request.query);
  const after = read(request.cursor, query);
  const until = read(request.endCursor, query);
  if (after === "end") return answer([], { isDone: true, cursor: { query, at: "end" } });
  const hasEnd = request.endCursor !== null;
  const span = { after, until: until === "end" ? null : until };
  const scan = new Scan(target, request.query, span, hasEnd ? null : request.pageSize);
  const page: string[] = [];
  const positions: Position[] = [];
  const maxRows = request.maximumRowsRead ?? Infinity;
  const maxBytes = request.maximumBytesRead ?? Infinity;
  let status: string | null = null;
  let isExhausted = false;
  while (hasEnd || page.length < request.pageSize) {
    const taken = scan.step();
    if (taken === undefined) {
      isExhausted = true;
      break;
    }
    positions.push(taken.row.position);
    if (taken.passes) page.push(taken.row.json);
    if (scan.rowsRead >= maxRows || scan.bytesRead >= maxBytes) {
      status = "SplitRequired";
      break;
    }
  }
  const isNear =
    scan.rowsRead >= maxRows * SPLIT_ADVICE || scan.bytesRead >= maxBytes * SPLIT_ADVICE;
  if (status === null && isNear) status = "SplitRecommended";
  const last = scan.position ?? after;
  const reached = isExhausted && !(hasEnd && until !== "end") ? "end" : (last ?? "end");
  const middle = status === null ? undefined : positions[Math.floor((positions.length - 1) / 2)];
  return answer(page, {
    isDone: reached === "end",
    cursor: { query, at: isExhausted && hasEnd && until !== null ? until : reached },
    split: middle && { query, at: middle },
    status,
  });
}

function answer(
  page: string[],
  end: { isDone: boolean; cursor: Cursor; split?: Cursor | undefined; status?: string | null },
): string {
  const rest = JSON.stringify({
    isDone: end.isDone,
    continueCursor: write(end.cursor),
    splitCursor: end.split ? write(end.split) : null,
    pageStatus: end.status ?? null,
  });
  return `{"page":[${page.join(",")}],${rest.slice(1)}`;
}
