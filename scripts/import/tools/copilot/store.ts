import { existsSync } from "node:fs";
import { hasTable, objects, openedDatabase } from "../../database.ts";
import { isJsonObject, type JsonObject, numberIn, textIn } from "../../json.ts";
import type { Numbers } from "../../rows.ts";

/** `session-store.db`: what each request to a model took, in the table `assistant_usage_events`. */

const TABLE = "assistant_usage_events";

/** A request to a model. Ids ascend. */
export type Request = { id: number; at: number; model: string | undefined; numbers: Numbers };

/** What the last look at each database found, by session. */
const looked = new Map<string, { stamp: string; extents: Map<string, string> }>();

/** Changes whenever there are other requests of a session; undefined where there are none. */
export function extentOf(store: string, session: string): string | undefined {
  return extentsIn(store).get(session);
}

/** Ids of the sessions whose requests the database counts. */
export function sessionsIn(store: string): string[] {
  return Array.from(extentsIn(store).keys());
}

function extentsIn(store: string): ReadonlyMap<string, string> {
  if (!existsSync(store)) return new Map();
  const { db, stamp } = openedDatabase(store);
  const cached = looked.get(store);
  if (cached?.stamp === stamp) return cached.extents;
  const sql = `SELECT session_id AS session, count(*) || ':' || max(rowid) || ':' ||
    total(input_tokens) || ':' || total(output_tokens) AS extent FROM ${TABLE} GROUP BY session_id`;
  const rows = hasTable(db, TABLE) ? objects(db.prepare(sql).iterate()) : [];
  const extents = new Map(
    rows.map((row) => [textIn(row, "session") ?? "", textIn(row, "extent") ?? ""]),
  );
  looked.set(store, { stamp, extents });
  return extents;
}

/** The requests of a session, in their order. */
export function requestsOf(store: string, session: string): Request[] {
  const { db } = openedDatabase(store);
  const sql = `SELECT rowid AS row, * FROM ${TABLE} WHERE session_id = ? ORDER BY rowid`;
  return Array.from(db.prepare(sql).iterate(session), (row) => requestOf(asRow(row)));
}

const asRow = (row: unknown): JsonObject => (isJsonObject(row) ? row : {});

function requestOf(row: JsonObject): Request {
  return {
    id: numberIn(row, "row") ?? 0,
    at: timeOf(row.created_at) ?? 0,
    model: textIn(row, "model"),
    numbers: numbersOf(row),
  };
}

/** The input includes the cache. A count that the tool does not know stays unknown. */
function numbersOf(row: JsonObject): Numbers {
  const [input, output] = [numberIn(row, "input_tokens"), numberIn(row, "output_tokens")];
  const [read, written] = [numberIn(row, "cache_read_tokens"), numberIn(row, "cache_write_tokens")];
  const reasoning = numberIn(row, "reasoning_tokens");
  return {
    ...(input === undefined
      ? {}
      : { promptTokens: Math.max(0, input - (read ?? 0) - (written ?? 0)) }),
    ...(output === undefined ? {} : { completionTokens: output }),
    ...(read === undefined ? {} : { cacheReadTokens: read }),
    ...(written === undefined ? {} : { cacheWriteTokens: written }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
  };
}

/** SQLite writes its own times in UTC and without a zone: `2026-07-01 12:34:56`. */
function timeOf(value: unknown): number | undefined {
  if (typeof value === "number") return value < 1e11 ? value * 1_000 : value;
  if (typeof value !== "string") return undefined;
  const hasZone = /(?:z|[+-]\d\d:?\d\d)$/i.test(value);
  const at = Date.parse(hasZone ? value : `${value.replace(" ", "T")}Z`);
  return Number.isNaN(at) ? undefined : at;
}
