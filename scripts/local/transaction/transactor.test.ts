import { afterAll, describe, expect, test, vi } from "vitest";
import { garbageCollector } from "../limits/garbage.ts";
import { Statements } from "../store/database.ts";
import { openTestStore } from "./testStore.ts";

const { durability, newTransactor, close } = openTestStore();
afterAll(close);

test("a mutation whose transaction SQLite has ended by itself rejects with the cause, and the next one runs", async () => {
  const { sql, catalog, transactor } = newTransactor();
  const reload = vi.spyOn(catalog, "reload");
  const listener = { committed: vi.fn(), rolledBack: vi.fn(), lost: vi.fn() };
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

/** A transactor whose statements are listed, with a table to write to. */
function watched() {
  const { sql, transactor } = newTransactor();
  sql.exec("CREATE TABLE IF NOT EXISTS words (word TEXT PRIMARY KEY)");
  sql.exec("DELETE FROM words");
  const run = vi.spyOn(sql, "run");
  const listener = { committed: vi.fn(), rolledBack: vi.fn(), lost: vi.fn() };
  transactor.listen(listener);
  return {
    ...{ sql, run, transactor, listener },
    write: (word: string) =>
      transactor.mutation(() => {
        sql.run("INSERT INTO words VALUES (?)", word);
        return Promise.resolve(word);
      }),
    writeAndFail: (word: string) =>
      transactor.mutation(() => {
        sql.run("INSERT INTO words VALUES (?)", word);
        return Promise.reject(new Error(word));
      }),
    commits: () => run.mock.calls.filter(([text]) => text === "COMMIT").length,
    words: () => sql.all<{ word: string }>("SELECT word FROM words ORDER BY word"),
  };
}

const afterThisTurn = () => new Promise((resolve) => setImmediate(resolve));

describe("mutations in one turn of the event loop", () => {
  test("share a commit, up to 64 of them", async () => {
    const { write, commits, words } = watched();
    await Promise.all(Array.from({ length: 150 }, (_, i) => write(String(i))));
    expect(words()).toHaveLength(150);
    expect(commits()).toBe(3);
  });

  test("share a commit with those of later turns while the disk is busy", async () => {
    const { write, commits, words } = watched();
    const waiting: (() => void)[] = [];
    const whenIdle = vi.spyOn(durability, "whenIdle").mockImplementation((work) => {
      waiting.push(work);
    });
    const written = [write("a")];
    await afterThisTurn();
    written.push(write("b"));
    await afterThisTurn();
    expect([words().length, commits(), waiting.length]).toEqual([2, 0, 1]);
    whenIdle.mockRestore();
    waiting[0]?.();
    await Promise.all(written);
    expect(commits()).toBe(1);
  });

  test("are answered only after the disk has their commit, for which one synchronisation is enough", async () => {
    const { write } = watched();
    await write("a");
    const before = durability.synchronisations;
    await Promise.all(["b", "c", "d"].map(write));
    expect(durability.synchronisations).toBe(before + 1);
  });

  test("are answered only after their commit", async () => {
    const { run, write } = watched();
    const order: string[] = [];
    run.mockImplementation(function (this: Statements, text, ...values) {
      if (text === "COMMIT") order.push("commit");
      return Statements.prototype.run.call(this, text, ...values);
    });
    await Promise.all(["a", "b"].map(async (word) => order.push(await write(word))));
    expect(order).toEqual(["commit", "a", "b"]);
  });

  test("do not undo each other when one of them fails, the first, the last or one between", async () => {
    const { write, writeAndFail, commits, words, listener } = watched();
    await write("a");
    const fails = writeAndFail;
    const written = [fails("x"), write("b"), fails("y"), write("c"), fails("z")];
    const settled = await Promise.allSettled(written);
    expect(settled.map(({ status }) => status)).toEqual([
      "rejected",
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
    ]);
    expect(words().map(({ word }) => word)).toEqual(["a", "b", "c"]);
    expect(commits()).toBe(2);
    expect(listener.committed).toHaveBeenCalledTimes(3);
    expect(listener.rolledBack).toHaveBeenCalledTimes(3);
  });

  test("see what those before them wrote, and so does a query", async () => {
    const { sql, transactor, write } = watched();
    const count = () => Promise.resolve(sql.all("SELECT word FROM words").length);
    const [, seen, queried] = await Promise.all([
      write("a"),
      transactor.mutation(count),
      transactor.query(count),
    ]);
    expect([seen, queried]).toEqual([1, 1]);
  });

  test("all fail if the disk does not take their commit; later ones do not", async () => {
    const { run, write, words, listener } = watched();
    run.mockImplementation(function (this: Statements, text, ...values) {
      if (text !== "COMMIT") return Statements.prototype.run.call(this, text, ...values);
      run.mockRestore();
      throw new Error("disk I/O error");
    });
    const settled = await Promise.allSettled([write("a"), write("b")]);
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(words()).toEqual([]);
    expect(listener.lost).toHaveBeenCalledOnce();
    await write("c");
    expect(words()).toEqual([{ word: "c" }]);
  });

  test("all fail if SQLite rolls them back by itself; later ones do not", async () => {
    const { sql, transactor, write, words, listener } = watched();
    const full = () => {
      sql.run("ROLLBACK");
      return Promise.reject(new Error("database or disk is full"));
    };
    const settled = await Promise.allSettled([write("a"), transactor.mutation(full), write("c")]);
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
    expect(words()).toEqual([{ word: "c" }]);
    expect(listener.lost).toHaveBeenCalledOnce();
  });
});

test("a mutation whose transaction SQLite has ended fails even if it catches the error, and the next one does not", async () => {
  const { sql, transactor, write, words } = watched();
  const careless = () => {
    sql.run("ROLLBACK");
    return Promise.resolve();
  };
  const settled = await Promise.allSettled([transactor.mutation(careless), write("b")]);
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  expect(words()).toEqual([{ word: "b" }]);
});

test("mutations whose commit failed are answered even if nothing can be read afterwards", async () => {
  const { run, write, listener } = watched();
  listener.lost.mockImplementation(() => {
    throw new Error("cannot be read");
  });
  run.mockImplementation(function (this: Statements, text, ...values) {
    if (text !== "COMMIT") return Statements.prototype.run.call(this, text, ...values);
    run.mockRestore();
    throw new Error("disk I/O error");
  });
  await expect(write("a")).rejects.toThrow("disk I/O error");
});

test("a nested call that fails while one of its own still runs is undone", async () => {
  const { sql, transactor, words } = watched();
  const insert = (word: string) => sql.run("INSERT INTO words VALUES (?)", word);
  await transactor.mutation(async (transaction) => {
    insert("before");
    let finish: () => void = () => undefined;
    let inner: Promise<void> = Promise.resolve();
    const outer = transactor.nested(transaction, undefined, async () => {
      insert("outer");
      inner = transactor.nested(
        transaction,
        undefined,
        () => new Promise<void>((resolve) => (finish = resolve)),
      );
      await Promise.resolve();
      throw new Error("failed");
    });
    await expect(outer).rejects.toThrow("failed");
    finish();
    await inner.catch(() => undefined);
    insert("after");
  });
  expect(words().map(({ word }) => word)).toEqual(["after", "before"]);
});

test("a lone mutation is committed in the turn of the event loop in which it ran", async () => {
  const { write, commits } = watched();
  const written = write("a");
  await afterThisTurn();
  await afterThisTurn();
  expect(commits()).toBe(1);
  await written;
});

test("a mutation is committed before the first of the live queries that it touches runs again", async () => {
  const { run, transactor, listener, write } = watched();
  const order: string[] = [];
  run.mockImplementation(function (this: Statements, text, ...values) {
    if (text === "COMMIT") order.push("commit");
    return Statements.prototype.run.call(this, text, ...values);
  });
  const queries: Promise<void>[] = [];
  listener.committed.mockImplementation(() => {
    for (const client of ["first client", "second client"])
      queries.push(
        transactor.snapshot(async () => {
          await afterThisTurn();
          order.push(client);
        }),
      );
  });
  await write("a");
  await Promise.all(queries);
  expect(order).toEqual(["commit", "first client", "second client"]);
});

test("other work, such as answering the mutation, runs between the live queries of two clients", async () => {
  const { transactor } = newTransactor();
  const order: string[] = [];
  const update = (client: string) =>
    transactor.snapshot(() => {
      order.push(client);
      setImmediate(() => order.push("other work"));
      return Promise.resolve();
    });
  await Promise.all([update("first client"), update("second client")]);
  expect(order).toEqual(["first client", "other work", "second client"]);
});

test("a live query does not see a mutation that the disk does not take", async () => {
  const { run, transactor, listener, write, words } = watched();
  run.mockImplementation(function (this: Statements, text, ...values) {
    if (text !== "COMMIT") return Statements.prototype.run.call(this, text, ...values);
    run.mockRestore();
    throw new Error("disk I/O error");
  });
  let seen: Promise<unknown> = Promise.resolve();
  listener.committed.mockImplementation(() => {
    seen = transactor.snapshot(() => Promise.resolve(words()));
  });
  await expect(write("a")).rejects.toThrow("disk I/O error");
  expect(await seen).toEqual([]);
});

test("work that needs an empty transaction runs after the commit of what was written before it", async () => {
  const { sql, transactor, write, commits } = watched();
  const written = write("a");
  const before = await transactor.flush(() => {
    sql.exec("BEGIN");
    sql.exec("ROLLBACK");
    return commits();
  });
  expect(before).toBe(1);
  await written;
});

test("the result of a transaction is not kept until the next one ends", async () => {
  const { transactor } = newTransactor();
  const result = await transactor
    .query(() => Promise.resolve({ page: "…" }))
    .then((page) => new WeakRef(page));
  // A result stays referenced until the task that made the reference ends.
  await new Promise((resolve) => setTimeout(resolve, 0));
  garbageCollector()();
  expect(result.deref()).toBeUndefined();
});

test("closing commits what was written before, and refuses whatever comes later", async () => {
  const { transactor, write, words, commits } = watched();
  const writing = [write("a"), write("b")];
  const closed = transactor.close();
  const late = [write("c"), transactor.query(() => Promise.resolve("read"))];
  for (const one of late) await expect(one).rejects.toThrow("The engine has stopped");
  await closed;
  expect(await Promise.all(writing)).toEqual(["a", "b"]);
  expect(words()).toEqual([{ word: "a" }, { word: "b" }]);
  // What a mutation leaves for the end of its turn.
  await afterThisTurn();
  expect(commits()).toBe(1);
});
