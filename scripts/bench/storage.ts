import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../local/store/sqlite.ts";

/** The number of rows of each of our tables, and their bytes as Convex measures documents. */
export type Stored = { readonly [table: string]: { rows: number; bytes: number } };

/** Adds up the data file of an idle local engine. Reads a copy, because the engine has the file locked. */
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

type Row = { name: string; rows: number; bytes: number };

function addUp(file: string): Stored {
  const db = openSqlite(file);
  try {
    // Excludes tables of components and of Convex itself.
    const tables = db
      .prepare(
        `SELECT t.name AS name, count(*) AS rows, sum(d.size) AS bytes
         FROM documents d JOIN tables t ON t.number = d.table_number
         WHERE t.component = '' AND t.name NOT LIKE '\\_%' ESCAPE '\\' GROUP BY t.name`,
      )
      .all() as Row[];
    return Object.fromEntries(tables.map(({ name, rows, bytes }) => [name, { rows, bytes }]));
  } finally {
    db.close();
  }
}

/** Returns the rows and bytes in `after` beyond those in `before`. */
export function difference(after: Stored, before: Stored): Stored {
  return Object.fromEntries(
    Object.entries(after).map(([table, { rows, bytes }]) => {
      const known = before[table] ?? { rows: 0, bytes: 0 };
      return [table, { rows: rows - known.rows, bytes: bytes - known.bytes }];
    }),
  );
}
