import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Clock } from "../clock.ts";
import { Transactor } from "../transaction/transactor.ts";
import { Catalog } from "./catalog.ts";
import { openDatabase, Statements } from "./database.ts";
import { Documents } from "./documents.ts";
import { Durability } from "./durability.ts";
import type { OrderedIndex } from "./indexes.ts";
import { hasOldEntries, removeOldEntries } from "./oldEntries.ts";
import { Scrubber } from "./scrubber.ts";
import { openSqlite } from "./sqlite.ts";

const folder = mkdtempSync(join(tmpdir(), "opensync-old-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** More than two steps remove. */
const ROWS = 2500;

/** Opens a file as the engine does. */
function openStore(data: string) {
  const db = openDatabase(data);
  const sql = new Statements(db);
  const catalog = new Catalog(sql, new Map());
  const rebuilt = catalog.sync();
  const durability = new Durability(data);
  const clock = new Clock();
  const documents = new Documents(sql, clock);
  const table = catalog.table("", "rows");
  const transactor = new Transactor(sql, catalog, durability, clock, true);
  const scrubber = new Scrubber(sql, catalog, transactor, (error) => {
    throw error;
  });
  const add = () => {
    const system = documents.identify(table);
    const json = JSON.stringify(system);
    documents.insert(table, system._id, { json, document: { ...system }, size: json.length });
    return system._id;
  };
  const idsIn = (name: string) => {
    const index = table.indexes.get(name) as OrderedIndex;
    const bounds = { lower: Buffer.alloc(0), upper: Buffer.of(0xff) };
    const limits = { rows: 2 * ROWS, bytes: Infinity };
    return documents.range(index, bounds, "asc", limits).rows.map(({ id }) => id);
  };
  const close = async () => {
    await scrubber.stop();
    await transactor.close();
    await durability.close();
    db.close();
  };
  return { sql, rebuilt, documents, table, scrubber, add, idsIn, close };
}

/** Makes a file as version 1 of the format had it: with entries of ids. Returns its ids, sorted. */
async function writeVersion1(data: string): Promise<string[]> {
  const store = openStore(data);
  store.sql.exec("BEGIN");
  const ids = Array.from({ length: ROWS }, store.add);
  store.sql.exec("COMMIT");
  await store.close();
  const db = openSqlite(data);
  db.exec(`
    UPDATE indexes SET definition = '{"kind":"ordered","fields":[]}' WHERE name = 'by_id';
    INSERT INTO entries SELECT number, CAST(x'07' || id || x'0000' AS BLOB), seq
      FROM documents JOIN indexes USING (table_number) WHERE name = 'by_id';
    PRAGMA user_version = 1;`);
  db.close();
  return ids.sort();
}

/** The number of entries that the file has for ids. */
function oldEntries(sql: Statements): number {
  const row = sql.one<{ count: number }>(
    "SELECT count(*) AS count FROM entries JOIN indexes ON index_number = number WHERE name = 'by_id'",
  );
  return row?.count ?? 0;
}

test("a file of version 1 opens without building indexes and answers by id before its old entries are gone", async () => {
  const data = join(folder, "opens.sqlite3");
  const ids = await writeVersion1(data);
  const { sql, rebuilt, documents, table, idsIn, add, close } = openStore(data);
  expect(rebuilt).toEqual([]);
  expect(oldEntries(sql)).toBe(ROWS);
  expect(idsIn("by_id")).toEqual(ids);
  const [removed = "", ...kept] = ids;
  const stored = documents.get(removed);
  if (stored !== undefined) documents.remove(table, stored);
  const added = add();
  expect(idsIn("by_id")).toEqual([...kept, added].sort());
  await close();
});

test("the server removes old entries while it runs, and no others", async () => {
  const data = join(folder, "removes.sqlite3");
  const ids = await writeVersion1(data);
  const { sql, scrubber, idsIn, close } = openStore(data);
  scrubber.start();
  await expect.poll(() => oldEntries(sql)).toBe(0);
  expect(hasOldEntries(sql)).toBe(false);
  expect(idsIn("by_id")).toEqual(ids);
  expect(idsIn("by_creation_time").sort()).toEqual(ids);
  await close();
});

test("a server that ended before all old entries were gone goes on at its next start", async () => {
  const data = join(folder, "continues.sqlite3");
  const ids = await writeVersion1(data);
  const first = openStore(data);
  removeOldEntries(first.sql);
  const left = oldEntries(first.sql);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(ROWS);
  expect(first.idsIn("by_id")).toEqual(ids);
  await first.close();
  const next = openStore(data);
  expect(oldEntries(next.sql)).toBe(left);
  next.scrubber.start();
  await expect.poll(() => oldEntries(next.sql)).toBe(0);
  expect(next.idsIn("by_id")).toEqual(ids);
  await next.close();
});

test("a server that stops does not wait until all old entries are gone", async () => {
  const data = join(folder, "stops.sqlite3");
  await writeVersion1(data);
  const store = openStore(data);
  store.scrubber.start();
  await store.close();
  const again = openStore(data);
  expect(oldEntries(again.sql)).toBeGreaterThan(0);
  await again.close();
});
