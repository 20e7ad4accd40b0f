import { createRequire } from "node:module";
import type * as NodeSqlite from "node:sqlite";
import type BetterSqlite from "better-sqlite3";
import { StartError } from "../failures.ts";

/** A value that SQLite can store. */
type Bound = null | number | bigint | string | Uint8Array;

export interface Statement {
  run(...values: Bound[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  get(...values: Bound[]): unknown;
  all(...values: Bound[]): unknown[];
  iterate(...values: Bound[]): IterableIterator<unknown>;
}

/** The operations on a database file that the engine needs, over either library. */
export interface Sqlite {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  /**
   * Copies the whole file while other work continues. False if nothing was copied because a transaction was open.
   */
  backup(to: string): Promise<boolean>;
  close(): void;
}

const require = createRequire(import.meta.url);

/** SQLite's result codes; the low byte of an extended code is the basic code. */
const CODES = { BUSY: 5, LOCKED: 6, CORRUPT: 11, CANTOPEN: 14, NOTADB: 26 } as const;
export type SqliteCode = keyof typeof CODES | "OTHER";

/** Returns the SQLite code of an error; null for other errors. */
export function sqliteCode(error: unknown): SqliteCode | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  const name = (found: string) =>
    (Object.keys(CODES) as (keyof typeof CODES)[]).find((code) => found.startsWith(code));
  if (error.code === "ERR_SQLITE_ERROR" && "errcode" in error) {
    const code = Number(error.errcode) & 0xff;
    return (
      (Object.keys(CODES) as (keyof typeof CODES)[]).find((one) => CODES[one] === code) ?? "OTHER"
    );
  }
  if (typeof error.code !== "string" || !error.code.startsWith("SQLITE_")) return null;
  return name(error.code.slice("SQLITE_".length)) ?? "OTHER";
}

/** Returns Node's built-in SQLite (since 22.13); undefined before. */
function builtIn(): typeof NodeSqlite | undefined {
  // Suppresses the warning of Node 22 that it is experimental.
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule("node:sqlite");
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Whether a copy failed because a transaction was open. Node passes on the connection's last error, which is none. */
function metTransaction(error: unknown): boolean {
  const isNone = error instanceof Error && "errcode" in error && error.errcode === 0;
  return isNone || sqliteCode(error) === "BUSY";
}

function openBuiltIn(
  { DatabaseSync, backup }: typeof NodeSqlite,
  path: string,
  readOnly: boolean,
): Sqlite {
  const db = new DatabaseSync(path, { readOnly });
  return {
    exec: (sql) => {
      db.exec(sql);
    },
    prepare: (sql) => db.prepare(sql),
    backup: async (to) => {
      try {
        // Available since 22.16; before, the copy is made in one step.
        if (typeof backup === "function") await backup(db, to);
        else db.prepare("VACUUM INTO ?").run(to);
        return true;
      } catch (error) {
        if (metTransaction(error)) return false;
        throw error;
      }
    },
    close: () => {
      db.close();
    },
  };
}

const SINCE = "Node 22.13 and newer have SQLite built in and need nothing else";

/** Loads the library for Node 20, which has no built-in SQLite. */
function library(): typeof BetterSqlite {
  try {
    return require("better-sqlite3") as typeof BetterSqlite;
  } catch (error) {
    throw unusable(error);
  }
}

/** Returns the error for an unusable library, with what to do. */
function unusable(error: unknown): StartError {
  const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  const isMissing = /Cannot find (module|package)|Could not locate the bindings/.test(reason);
  return new StartError(
    isMissing
      ? `Node ${process.versions.node} needs the package better-sqlite3, which is not installed: run npm install better-sqlite3. ${SINCE}.`
      : `better-sqlite3 was not built for Node ${process.versions.node} (${reason}): run npm rebuild better-sqlite3. ${SINCE}.`,
  );
}

function openLibrary(path: string, readOnly: boolean): Sqlite {
  const Database = library();
  let db: BetterSqlite.Database;
  try {
    db = new Database(path, { readonly: readOnly });
  } catch (error) {
    // The native binding is loaded with the first database.
    if (error instanceof Error && "code" in error && error.code === "ERR_DLOPEN_FAILED")
      throw unusable(error);
    throw /Could not locate the bindings/.test(String(error)) ? unusable(error) : error;
  }
  return {
    exec: (sql) => {
      db.exec(sql);
    },
    prepare: (sql) => db.prepare<Bound[]>(sql),
    // If a transaction is open, the library copies nothing and reports success.
    backup: async (to) => (await db.backup(to)).totalPages > 0,
    close: () => {
      db.close();
    },
  };
}

/** Opens a database file with Node's built-in SQLite or, without it, with `better-sqlite3`. */
export function openSqlite(path: string, { readOnly = false } = {}): Sqlite {
  const own = builtIn();
  const db = own ? openBuiltIn(own, path, readOnly) : openLibrary(path, readOnly);
  db.exec("PRAGMA busy_timeout = 500");
  return db;
}

/** Returns the value of a pragma. */
export function pragma(db: Sqlite, text: string): unknown {
  const row = db.prepare(`PRAGMA ${text}`).get();
  return typeof row === "object" && row !== null ? Object.values(row)[0] : undefined;
}

/** Returns bytes of a row as a buffer over the same memory; Node's built-in SQLite returns plain arrays. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
