import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite, type Sqlite } from "../local/store/sqlite.ts";

/** The number of rows of each of our tables, and their bytes as Convex measures documents. */
export type Stored = { readonly [table: string]: { rows: number; bytes: number } };

/** Adds up the data file of an idle local engine. */
export function storedIn(file: string): Stored {
  return readCopy(file, addUp);
}

/** The characters of hidden words that rows of `parts` have in their own text (`convex/lib/search/searchTexts.ts`). */
export function wordCharsIn(file: string): number {
  return readCopy(file, (db) => {
    const sum = db.prepare("SELECT sum(json_extract(json, '$.wordChars')) AS chars FROM documents");
    return (sum.get() as { chars: number | null }).chars ?? 0;
  });
}

/** Reads a copy, because the engine has the file locked. */
function readCopy<Read>(file: string, read: (db: Sqlite) => Read): Read {
  const folder = mkdtempSync(join(tmpdir(), "opensync-storage-"));
  const copy = join(folder, "copy.sqlite3");
  try {
    for (const suffix of ["", "-wal"]) {
      if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix);
    }
    const db = openSqlite(copy);
    try {
      return read(db);
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Row = { name: string; rows: number; bytes: number };

function addUp(db: Sqlite): Stored {
  // Excludes tables of components and of Convex itself.
  const tables = db
    .prepare(
      `SELECT t.name AS name, count(*) AS rows, sum(d.size) AS bytes
       FROM documents d JOIN tables t ON t.number = d.table_number
       WHERE t.component = '' AND t.name NOT LIKE '\\_%' ESCAPE '\\' GROUP BY t.name`,
    )
    .all() as Row[];
  return Object.fromEntries(tables.map(({ name, rows, bytes }) => [name, { rows, bytes }]));
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
