import Database from "better-sqlite3";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a deployment stores, in the units of Convex's bill. */
export type Stored = {
  /** Rows by Convex's measure of a document, vectors included. */
  rowBytes: number;
  /** Keys of ordered indexes; Convex keeps the like, a little larger or smaller. */
  indexBytes: number;
  /** Text and vectors that search indexes hold: their raw size, not what an index makes of them. */
  searchBytes: number;
};

const FLOAT_BYTES = 4;
const SEARCHED = { sessions: "searchableText", messages: "textContent", parts: "text" } as const;

/** Adds up the data file of a local engine at rest; a copy of it, because the engine holds its lock. */
export function storedIn(file: string): Stored {
  const folder = mkdtempSync(join(tmpdir(), "opensync-storage-"));
  const copy = join(folder, "copy.sqlite3");
  try {
    for (const suffix of ["", "-wal"]) {
      if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix);
    }
    return addUp(copy);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function addUp(file: string): Stored {
  const db = new Database(file);
  const sum = (sql: string, ...values: string[]) => {
    const row = db.prepare<string[], { bytes: number | null }>(sql).get(...values);
    return row?.bytes ?? 0;
  };
  try {
    // What belongs to a component, or to Convex itself, is not ours.
    const ours = "table_number IN (SELECT number FROM tables WHERE component = '')";
    const texts = Object.entries(SEARCHED).map(([table, field]) =>
      sum(
        `SELECT sum(length(CAST(json_extract(json, '$.' || ?) AS BLOB))) AS bytes FROM documents
         WHERE table_number = (SELECT number FROM tables WHERE component = '' AND name = ?)`,
        field,
        table,
      ),
    );
    const vectors = sum(`SELECT count(*) AS bytes FROM vectors`) * 1536 * FLOAT_BYTES;
    return {
      rowBytes: sum(`SELECT sum(size) AS bytes FROM documents WHERE ${ours}`),
      indexBytes: sum(
        `SELECT sum(length(key)) AS bytes FROM entries
         WHERE index_number IN (SELECT number FROM indexes WHERE ${ours})`,
      ),
      searchBytes: texts.reduce((all, bytes) => all + bytes, 0) + vectors,
    };
  } finally {
    db.close();
  }
}

export const difference = (after: Stored, before: Stored): Stored => ({
  rowBytes: after.rowBytes - before.rowBytes,
  indexBytes: after.indexBytes - before.indexBytes,
  searchBytes: after.searchBytes - before.searchBytes,
});
