import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, expect, test, vi } from "vitest";
import { Clock } from "../clock.ts";
import { Catalog } from "../store/catalog.ts";
import { openDatabase, Statements } from "../store/database.ts";
import { Durability } from "../store/durability.ts";
import { Transactor } from "./transactor.ts";

const folder = mkdtempSync(join(tmpdir(), "opensync-transactor-"));
const data = join(folder, "local.sqlite3");
const db = openDatabase(data);
const durability = new Durability(data);
afterAll(async () => {
  await durability.close();
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

test("a mutation whose transaction SQLite has ended by itself rejects with the cause, and the next one runs", async () => {
  const sql = new Statements(db);
  const catalog = new Catalog(sql, new Map());
  const reload = vi.spyOn(catalog, "reload");
  const transactor = new Transactor(sql, catalog, durability, new Clock(), true);
  const listener = { committed: vi.fn(), rolledBack: vi.fn() };
  transactor.listen(listener);
  const full = transactor.mutation(() => {
    // SQLite does this itself after some errors.
    sql.run("ROLLBACK");
    return Promise.reject(new Error("database or disk is full"));
  });
  await expect(full).rejects.toThrow("database or disk is full");
  expect(reload).toHaveBeenCalledOnce();
  expect(listener.rolledBack).toHaveBeenCalledOnce();
  expect(await transactor.mutation(() => Promise.resolve("next"))).toBe("next");
  expect(listener.committed).toHaveBeenCalledOnce();
});

test("the result of a transaction is not kept until the next one ends", async () => {
  const sql = new Statements(db);
  const transactor = new Transactor(
    sql,
    new Catalog(sql, new Map()),
    durability,
    new Clock(),
    true,
  );
  const result = await transactor
    .query(() => Promise.resolve({ page: "…" }))
    .then((page) => new WeakRef(page));
  // A result stays referenced until the task that made the reference ends.
  await new Promise((resolve) => setTimeout(resolve, 0));
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  expect(result.deref()).toBeUndefined();
});
