import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Clock } from "../clock.ts";
import { Catalog } from "../store/catalog.ts";
import { openDatabase, Statements } from "../store/database.ts";
import { Durability } from "../store/durability.ts";
import { Transactor } from "./transactor.ts";

/** Opens a data file without tables in a temporary folder, for a test file. `close` deletes it. */
export function openTestStore() {
  const folder = mkdtempSync(join(tmpdir(), "opensync-store-"));
  const data = join(folder, "local.sqlite3");
  const db = openDatabase(data);
  const durability = new Durability(data);
  return {
    ...{ folder, db, durability },
    newTransactor: () => {
      const sql = new Statements(db);
      const catalog = new Catalog(sql, new Map());
      const transactor = new Transactor(sql, catalog, durability, new Clock(), true);
      return { sql, catalog, transactor };
    },
    close: async () => {
      await durability.close();
      db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
