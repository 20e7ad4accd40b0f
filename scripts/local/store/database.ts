import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { StartError } from "../failures.ts";
import { openSqlite, pragma, sqliteCode, type Sqlite, type Statement } from "./sqlite.ts";

type Values = Parameters<Statement["run"]>;

/**
 * These tables contain all durable data. Documents are Convex JSON; `entries` has the rows of all indexes by
 * fields, with keys whose `memcmp` order is Convex's order (`values/keys.ts`). The index by id has none.
 */
const TABLES = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tables (
  number INTEGER PRIMARY KEY, component TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (component, name));
CREATE TABLE IF NOT EXISTS documents (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, table_number INTEGER NOT NULL,
  size INTEGER NOT NULL, json TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS indexes (
  number INTEGER PRIMARY KEY, table_number INTEGER NOT NULL, name TEXT NOT NULL,
  definition TEXT NOT NULL, UNIQUE (table_number, name));
CREATE TABLE IF NOT EXISTS entries (
  index_number INTEGER NOT NULL, key BLOB NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (index_number, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (
  index_number INTEGER NOT NULL, seq INTEGER NOT NULL, vector BLOB NOT NULL,
  PRIMARY KEY (index_number, seq));
CREATE TABLE IF NOT EXISTS vector_filters (
  index_number INTEGER NOT NULL, filter BLOB NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (index_number, filter, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY, due REAL NOT NULL, owner TEXT NOT NULL, component TEXT NOT NULL,
  path TEXT NOT NULL, running INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deletions (table_number INTEGER PRIMARY KEY, times INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS jobs_by_due ON jobs (running, due);
CREATE TABLE IF NOT EXISTS crons (
  name TEXT PRIMARY KEY, definition TEXT NOT NULL, next REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results (
  session TEXT NOT NULL, request INTEGER NOT NULL, at REAL NOT NULL, timestamp TEXT NOT NULL,
  result TEXT NOT NULL, PRIMARY KEY (session, request));
CREATE INDEX IF NOT EXISTS results_by_time ON results (at);
CREATE TABLE IF NOT EXISTS files (
  id TEXT PRIMARY KEY, content_type TEXT, bytes BLOB NOT NULL);
`;

/**
 * A limit given as a parameter. SQLite compiles a statement with a bare `LIMIT ?` again whenever it runs, because the
 * planner looks at the number. That takes longer than most reads.
 */
export const LIMIT = "LIMIT ? + 0";

/** Stored in the file's header, so that another program's database is not mistaken for ours. */
const APPLICATION_ID = 0x4f53594e;
const FORMAT_VERSION = 2;

/**
 * Changes a file of version 1, in which the index by id had entries. Nothing reads them any more; `store/scrubber.ts`
 * removes them while the server runs, because a large file has millions.
 */
const FROM_VERSION_1 = `UPDATE indexes SET definition = '{"kind":"id"}' WHERE name = 'by_id'`;

function prepare(db: Sqlite, path: string): void {
  const applicationId = Number(pragma(db, "application_id"));
  const version = Number(pragma(db, "user_version"));
  const isEmpty = db.prepare("SELECT 1 FROM sqlite_master LIMIT 1").get() === undefined;
  const isKnown = applicationId === APPLICATION_ID && version >= 1 && version <= FORMAT_VERSION;
  if (!isEmpty && !isKnown)
    throw new StartError(
      `${path} is not a data file of this version: move it away, or choose another with --data.`,
    );
  // One process at a time; a second one gets an error instead of invalidating the first one's caches.
  db.exec("PRAGMA locking_mode = EXCLUSIVE");
  db.exec("PRAGMA journal_mode = WAL");
  db.exec("PRAGMA synchronous = FULL");
  // Overwrites deleted rows (`store/scrubber.ts` removes other copies).
  db.exec("PRAGMA secure_delete = ON");
  // 32 MB. Nearly every commit looks at each cached page once, because SQLite balances a tree with the help of a page number
  // beyond the end of the file, so that a large cache makes commits slow. Other pages are in the cache of the system.
  db.exec("PRAGMA cache_size = -32768");
  // A checkpoint waits for the disk while nothing else runs (about 90 ms for 10,000 pages), and copies a page once however
  // often it changed. So it runs every 128 MB of log instead of every 4; the scrubber empties the log after a burst.
  db.exec("PRAGMA wal_autocheckpoint = 32000");
  db.exec("PRAGMA temp_store = MEMORY");
  db.exec("BEGIN IMMEDIATE");
  db.exec(TABLES);
  if (version === 1) db.exec(FROM_VERSION_1);
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  db.exec(`PRAGMA user_version = ${FORMAT_VERSION}`);
  db.exec("COMMIT");
  // `store/durability.ts` waits for the disk instead, without blocking the main thread.
  db.exec("PRAGMA synchronous = NORMAL");
}

function isInUse(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === "BUSY" || code === "LOCKED";
}

function explain(error: unknown, path: string): unknown {
  const code = sqliteCode(error);
  if (!(error instanceof Error) || code === null) return explainFolder(error, path);
  if (isInUse(error))
    return new StartError(
      `${path} is in use by another server: stop that one, or choose another file with --data.`,
    );
  if (code === "NOTADB" || code === "CORRUPT")
    return new StartError(
      `${path} cannot be read (${error.message}): restore a backup (npm run backup makes them), choose another file with --data, or start over with --reset.`,
    );
  return new StartError(
    `${path} cannot be opened (${error.message}): check the folder and its permissions, or choose another file with --data.`,
  );
}

function explainFolder(error: unknown, path: string): unknown {
  if (error instanceof StartError || !(error instanceof Error) || !("code" in error)) return error;
  // The errors of `mkdir` if a part of the path is a file.
  if (error.code === "EEXIST" || error.code === "ENOTDIR")
    return new StartError(
      `${dirname(path)} is not a folder: choose another place for the file with --data.`,
    );
  return new StartError(
    `${dirname(path)} cannot be written (${String(error.code)}): choose another place with --data.`,
  );
}

/** Throws if a server has this data file open. A file that is not a database is not in use. */
export function assertUnused(path: string): void {
  let db: Sqlite | undefined;
  try {
    if (!existsSync(path)) return;
    db = openSqlite(path);
    db.prepare("SELECT 1 FROM sqlite_master LIMIT 1").get();
  } catch (error) {
    if (isInUse(error)) throw explain(error, path);
  } finally {
    db?.close();
  }
}

/** Makes the file readable only by its owner before anything is written, because it contains sessions and a key. */
function makePrivate(path: string): void {
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
}

/** Opens or creates the data file, with exclusive use by this process. */
export function openDatabase(path: string): Sqlite {
  let db: Sqlite | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    makePrivate(path);
    db = openSqlite(path);
    prepare(db, path);
    return db;
  } catch (error) {
    db?.close();
    throw explain(error, path);
  }
}

/** Prepared statements, each prepared once. */
export class Statements {
  readonly #db: Sqlite;
  readonly #made = new Map<string, Statement>();

  constructor(db: Sqlite) {
    this.#db = db;
  }

  #get(sql: string): Statement {
    let statement = this.#made.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#made.set(sql, statement);
    }
    return statement;
  }

  /** Runs SQL without keeping a prepared statement. */
  exec(sql: string): void {
    this.#db.exec(sql);
  }

  /** Moves the log into the file and truncates it, so that old versions of pages are removed from both. */
  checkpoint(): void {
    this.#db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  run(sql: string, ...values: Values): ReturnType<Statement["run"]> {
    return this.#get(sql).run(...values);
  }

  /** Returns the first row; the caller states its type, which the SQL determines. */
  one<Row>(sql: string, ...values: Values): Row | undefined {
    return this.#get(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: Values): Row[] {
    return this.#get(sql).all(...values) as Row[];
  }

  iterate<Row>(sql: string, ...values: Values): IterableIterator<Row> {
    return this.#get(sql).iterate(...values) as IterableIterator<Row>;
  }
}
