import type { Sqlite } from "../../../local/store/sqlite.ts";
import { hasTable, objects, openedDatabase } from "../../database.ts";
import { isJsonObject, type JsonObject, numberIn, parsedObject, textIn } from "../../json.ts";
import type { Item, Places, History } from "../../rows.ts";
import { answerKey, forkParent } from "./forks.ts";
import {
  messageRow,
  type OpenCodeSession,
  rowOfVersion2,
  sessionRow,
  SOURCE,
  STATE_ROWS,
} from "./rows.ts";

/**
 * OpenCode's database, of version 1 (`session`, `message`, `part`) and 2 (`session_v2`,
 * `session_message`). It is only read, with what its write-ahead log holds.
 */

/** Sessions of a database. A session of both generations is that of the newer. */
export async function* databaseHistories(path: string, places: Places): AsyncGenerator<History> {
  const { db, stamp } = openedDatabase(path);
  const cached = looked.get(path);
  const summaries = cached?.stamp === stamp ? cached.summaries : summariesIn(db);
  looked.set(path, { stamp, summaries });
  for (const summary of summaries)
    yield historyOf(path, await forkKnown(path, db, summary, summaries), places);
}

/** What the last look at each database found; looking again at one that did not change costs nothing. */
const looked = new Map<string, { stamp: string; summaries: Summary[] }>();

function summariesIn(db: Sqlite): Summary[] {
  const seen = new Set<string>();
  return [...summariesOf(db, 2), ...summariesOf(db, 1)].filter(({ session: { id } }) => {
    const isFirst = !seen.has(id);
    seen.add(id);
    return isFirst;
  });
}

type Generation = 1 | 2;
type Summary = {
  generation: Generation;
  session: OpenCodeSession;
  created: number;
  updated: number;
  bytes: number;
  version: string;
};

function historyOf(path: string, summary: Summary, { host }: Places): History {
  const { session, generation, bytes, updated, version } = summary;
  return {
    key: `${SOURCE} ${session.id}`,
    path: `${path} (${session.id})`,
    ...{ bytes, modifiedAt: updated, version },
    read: () => readSession(path, session, generation, host),
  };
}

/** A session of version 1 with its parent, if it is a fork. */
async function forkKnown(
  path: string,
  db: Sqlite,
  summary: Summary,
  all: readonly Summary[],
): Promise<Summary> {
  const { session, generation } = summary;
  if (session.forkOf !== undefined || generation === 2) return summary;
  const forkable = ({ session: { id, title }, created }: Summary) => ({
    ...{ id, created },
    ...(title === undefined ? {} : { title }),
  });
  const answers = (id: string) => Promise.resolve(answersIn(db, id));
  const forkOf = await forkParent(path, forkable(summary), all.map(forkable), answers);
  return forkOf === undefined ? summary : { ...summary, session: { ...session, forkOf } };
}

/** Keys of a session's answers, in their order. */
function answersIn(db: Sqlite, session: string): string[] {
  const sql = "SELECT data FROM message WHERE session_id = ? ORDER BY time_created, id";
  const keys = objects(db.prepare(sql).all(session)).map((row) => answerKey(dataOf(row) ?? {}));
  return keys.filter((key) => key !== undefined);
}

const TABLES = {
  1: { session: "session", rows: ["message", "part"] },
  2: { session: "session_v2", rows: ["session_message"] },
} as const;

/** What there is of each session: rows are edited in place, and deleting one leaves no time. */
function summariesOf(db: Sqlite, generation: Generation): Summary[] {
  const { session: table, rows } = TABLES[generation];
  if (![table, ...rows].every((name) => hasTable(db, name))) return [];
  const extents = rows.map((name) => extentsOf(db, name));
  return objects(db.prepare(`SELECT * FROM ${table}`).iterate()).map((row) => {
    const id = textIn(row, "id") ?? "";
    const own = extents.map((extent) => extent.get(id) ?? NO_EXTENT);
    const times = [numberIn(row, "time_updated") ?? 0, ...own.map(({ updated }) => updated)];
    const counts = own.map(({ count }) => count).join(":");
    const updated = Math.max(...times);
    return {
      generation,
      session: sessionOf(row, id),
      created: numberIn(row, "time_created") ?? 0,
      updated,
      bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
      version: `db${generation}:${updated}:${counts}:${textIn(row, "title") ?? ""}`,
    };
  });
}

type Extent = { count: number; updated: number; bytes: number };
const NO_EXTENT: Extent = { count: 0, updated: 0, bytes: 0 };

function extentsOf(db: Sqlite, table: string): Map<string, Extent> {
  const sql = `SELECT session_id AS id, count(*) AS count, max(time_updated) AS updated, sum(length(data)) AS bytes FROM ${table} GROUP BY session_id`;
  return new Map(
    objects(db.prepare(sql).iterate()).map((row) => {
      const of = (name: string) => numberIn(row, name) ?? 0;
      return [
        textIn(row, "id") ?? "",
        { count: of("count"), updated: of("updated"), bytes: of("bytes") },
      ];
    }),
  );
}

function sessionOf(row: JsonObject, id: string): OpenCodeSession {
  const fields = {
    title: textIn(row, "title"),
    directory: textIn(row, "directory"),
    version: textIn(row, "version"),
    parent: textIn(row, "parent_id"),
    forkOf: textIn(row, "fork_session_id"),
  };
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { id, ...Object.fromEntries(known) };
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* readSession(
  path: string,
  session: OpenCodeSession,
  generation: Generation,
  host: string,
): AsyncGenerator<Item> {
  const { db } = openedDatabase(path);
  const items = generation === 1 ? version1(db, session.id) : version2(db, session.id);
  let isAnnounced = false;
  for (const item of items) {
    if (!isAnnounced && item.kind === "message")
      yield { kind: "session", row: sessionRow(session, host) };
    isAnnounced ||= item.kind === "message";
    yield item;
  }
  if (!isAnnounced) yield { kind: "bookkeeping", type: "session without messages" };
}

function* version1(db: Sqlite, session: string): Generator<Item> {
  const parts = db.prepare("SELECT id, data FROM part WHERE message_id = ? ORDER BY id");
  const messages = db.prepare(
    "SELECT id, time_created, data FROM message WHERE session_id = ? ORDER BY time_created, id",
  );
  for (const row of objects(messages.all(session))) {
    const id = textIn(row, "id") ?? "";
    const data = dataOf(row);
    if (data === undefined) {
      yield { kind: "fault", reason: `message ${id} is not JSON` };
      continue;
    }
    const own = objects(parts.all(id));
    const read = own.map(dataOf);
    if (read.includes(undefined))
      yield { kind: "fault", reason: `a part of message ${id} is not JSON` };
    const created = numberIn(row, "time_created");
    const timed = isJsonObject(data.time) ? data : { ...data, time: { created } };
    yield {
      kind: "message",
      row: messageRow(
        session,
        id,
        timed,
        read.filter((one) => one !== undefined),
      ),
    };
  }
}

function* version2(db: Sqlite, session: string): Generator<Item> {
  const rows = db.prepare(
    "SELECT id, type, time_created, data FROM session_message WHERE session_id = ? ORDER BY seq",
  );
  for (const row of objects(rows.all(session))) {
    const [id, type] = [textIn(row, "id") ?? "", textIn(row, "type") ?? "?"];
    const data = dataOf(row);
    const created = numberIn(row, "time_created") ?? 0;
    const made = data && rowOfVersion2(session, { id, type, created, data });
    if (data === undefined) yield { kind: "fault", reason: `row ${id} is not JSON` };
    else if (made) yield { kind: "message", row: made };
    else
      yield { kind: "bookkeeping", type: STATE_ROWS.has(type) ? type : `${type}, not completed` };
  }
}

function dataOf(row: JsonObject): JsonObject | undefined {
  return parsedObject(textIn(row, "data") ?? "");
}
