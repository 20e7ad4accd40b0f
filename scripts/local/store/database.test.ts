import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { pragma } from "./sqlite.ts";

test("an open file waits for the disk only where Durability does, and overwrites what is deleted", () => {
  const folder = mkdtempSync(join(tmpdir(), "opensync-database-"));
  const path = join(folder, "local.sqlite3");
  try {
    // The second time, the tables exist already.
    for (let times = 0; times < 2; times++) {
      const db = openDatabase(path);
      const modes = ["journal_mode", "synchronous", "secure_delete"].map((name) =>
        String(pragma(db, name)),
      );
      db.close();
      // 1 is NORMAL.
      expect(modes).toEqual(["wal", "1", "1"]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
