import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite, type Sqlite } from "../local/store/sqlite.ts";
import { isJsonObject, type JsonObject } from "./json.ts";

/** Databases of tools. They are only read, with what their write-ahead logs hold. */

/** A file that no program has open is copied up to this size, so that SQLite leaves no file beside it. */
const COPY_MAX_BYTES = 256 * 1024 * 1024;

/** `stamp` changes whenever the database does. */
type Opened = { db: Sqlite; stamp: string; close: () => void };

/** Databases that are open, by their path. */
const open = new Map<string, Opened>();

process.once("exit", () => {
  for (const { close } of open.values()) close();
});

/** A database as it now is: opened once, and again when it changed. */
export function openedDatabase(path: string): Opened {
  const stamp = [path, `${path}-wal`].map(stampOf).join(" ");
  const known = open.get(path);
  if (known?.stamp === stamp) return known;
  known?.close();
  open.delete(path);
  const now = { ...openReadOnly(path), stamp };
  open.set(path, now);
  return now;
}

function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "" : `${found.size}:${found.mtimeMs}`;
}

/**
 * Opens a database to read. One that a program has open is read in place; another one is copied first,
 * with its log, because SQLite makes files beside a database that it opens.
 */
function openReadOnly(path: string): { db: Sqlite; close: () => void } {
  const isOpen = existsSync(`${path}-shm`);
  if (isOpen || statSync(path).size > COPY_MAX_BYTES) {
    const db = openSqlite(path, { readOnly: true });
    return {
      db,
      close: () => {
        db.close();
      },
    };
  }
  const folder = mkdtempSync(join(tmpdir(), "opensync-database-"));
  const copy = join(folder, "copy.db");
  copyFileSync(path, copy);
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`);
  const db = openSqlite(copy);
  return {
    db,
    close: () => {
      db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function hasTable(db: Sqlite, name: string): boolean {
  return (
    db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !==
    undefined
  );
}

/** Rows of a query, as objects. */
export function objects(rows: Iterable<unknown>): JsonObject[] {
  return Array.from(rows).filter(isJsonObject);
}
