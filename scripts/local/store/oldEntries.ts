import { LIMIT, type Statements } from "./database.ts";

/** Entries that are removed in one transaction, so that requests wait only for milliseconds. */
const AT_ONCE = 1000;

/** Entries of indexes by id, which files of version 1 have. */
const OLD_ENTRIES = `SELECT index_number, key FROM indexes CROSS JOIN entries ON index_number = number
  WHERE definition = '{"kind":"id"}'`;

/** Whether the file has entries that nothing reads. */
export function hasOldEntries(sql: Statements): boolean {
  return sql.one(`${OLD_ENTRIES} LIMIT 1`) !== undefined;
}

/** Removes some of the entries that nothing reads. */
export function removeOldEntries(sql: Statements): void {
  sql.run(`DELETE FROM entries WHERE (index_number, key) IN (${OLD_ENTRIES} ${LIMIT})`, AT_ONCE);
}
