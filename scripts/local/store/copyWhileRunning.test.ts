import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openTestStore } from "../transaction/testStore.ts";
import { copyWhileRunning } from "./copyWhileRunning.ts";
import type { Sqlite } from "./sqlite.ts";

const { folder, db, newTransactor, close } = openTestStore();
afterAll(close);

test("a copy that begins while a transaction is open is begun again, and is whole", async () => {
  const { transactor } = newTransactor();
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
