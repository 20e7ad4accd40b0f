import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Clock } from "../clock.ts";
import { Transactor } from "../transaction/transactor.ts";
import { Catalog } from "./catalog.ts";
import { copyWhileRunning } from "./copyWhileRunning.ts";
import { openDatabase, Statements } from "./database.ts";
import { Durability } from "./durability.ts";
import type { Sqlite } from "./sqlite.ts";

const folder = mkdtempSync(join(tmpdir(), "opensync-copy-"));
const data = join(folder, "local.sqlite3");
const db = openDatabase(data);
const durability = new Durability(data);
afterAll(async () => {
  await durability.close();
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

test("a copy that begins while a transaction is open is begun again, and is whole", async () => {
  const sql = new Statements(db);
  const transactor = new Transactor(
    ...([sql, new Catalog(sql, new Map()), durability, new Clock(), true] as const),
  );
  let attempts = 0;
  const busy: Sqlite = {
    ...db,
    backup: async (to) => {
      if (++attempts > 2) return await db.backup(to);
      db.exec("BEGIN IMMEDIATE");
      db.exec("CREATE TABLE unfinished (word TEXT)");
      try {
        return await db.backup(to);
      } finally {
        db.exec("ROLLBACK");
      }
    },
  };
  const to = join(folder, "copy.sqlite3");
  await copyWhileRunning(busy, transactor, to);
  expect(attempts).toBe(3);
  expect(statSync(to).size).toBeGreaterThan(10_000);
  expect(statSync(to).size % 4096).toBe(0);
});
