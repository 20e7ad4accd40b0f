import { afterAll, describe, expect, test, vi } from "vitest";
import { openTestStore } from "../transaction/testStore.ts";

const { newTransactor, close } = openTestStore();
afterAll(close);

let tables = 0;

/** A text index, and mutations that write to it. */
function index() {
  const { sql, catalog, transactor } = newTransactor();
  const table = `search_test_${++tables}`;
  sql.exec(
    `CREATE VIRTUAL TABLE ${table} USING fts5(words, filters, content='', contentless_delete=1)`,
  );
  const { searchWrites } = catalog;
  let seq = 0;
  const add = (words: string) => {
    searchWrites.add({ table, seq: ++seq, row: { words, filters: "" } });
    return seq;
  };
  const found = (word: string) => {
    searchWrites.apply();
    return sql.all(`SELECT rowid FROM ${table} WHERE ${table} MATCH ?`, word).length;
  };
  return {
    ...{ sql, transactor, searchWrites, add, found },
    remove: (removed: number) => searchWrites.add({ table, seq: removed, row: null }),
    write: (...words: string[]) => transactor.mutation(() => Promise.resolve(words.map(add))),
  };
}

/** Looks for words, and then fails. */
const failing = (look: () => unknown) => () => {
  look();
  return Promise.reject(new Error("failed"));
};

describe("writes to text indexes", () => {
  test("of a group are applied once, before its commit", async () => {
    const { sql, write, found } = index();
    const run = vi.spyOn(sql, "run");
    await Promise.all([write("apple"), write("pear"), write("plum")]);
    const texts = run.mock.calls.map(([text]) => text);
    const isWrite = (text: string) => text.startsWith("INSERT INTO search_test");
    expect(texts.filter(isWrite)).toHaveLength(3);
    expect(texts.slice(-4, -1).every(isWrite)).toBe(true);
    expect(texts.at(-1)).toBe("COMMIT");
    expect(["apple", "pear", "plum"].map(found)).toEqual([1, 1, 1]);
  });

  test("of each group are applied, also after those of earlier groups", async () => {
    const { write, found } = index();
    for (const word of ["apple", "pear", "plum"]) await write(word);
    expect(["apple", "pear", "plum"].map(found)).toEqual([1, 1, 1]);
  });

  test("are found by the mutation that made them, and by the next ones of its group", async () => {
    const { transactor, add, found } = index();
    const seen = await Promise.all([
      transactor.mutation(() => Promise.resolve(add("apple") && found("apple"))),
      transactor.mutation(() => Promise.resolve(found("apple"))),
      transactor.query(() => Promise.resolve(found("apple"))),
    ]);
    expect(seen).toEqual([1, 1, 1]);
  });

  test("of a mutation stay when a later one of its group has applied them and failed", async () => {
    const { transactor, write, add, found } = index();
    const both = failing(() => {
      add("plum");
      expect(["apple", "pear", "plum"].map(found)).toEqual([1, 1, 1]);
    });
    await Promise.allSettled([write("apple", "pear"), transactor.mutation(both), write("fig")]);
    expect(["apple", "pear", "plum", "fig"].map(found)).toEqual([1, 1, 0, 1]);
  });

  test("that were applied before a mutation failed are not applied again", async () => {
    const { sql, transactor, add, found } = index();
    const run = vi.spyOn(sql, "run");
    await Promise.allSettled([
      transactor.mutation(() => Promise.resolve(add("apple") && found("apple"))),
      transactor.mutation(failing(() => add("pear") && found("pear"))),
    ]);
    expect(["apple", "pear"].map(found)).toEqual([1, 0]);
    const added = run.mock.calls.flatMap(([text, , words]) =>
      text.startsWith("INSERT INTO search_test") ? words : [],
    );
    expect(added).toEqual(["apple", "pear"]);
  });

  test("of a failed mutation are forgotten, also when it is the only one", async () => {
    const { transactor, write, add, found } = index();
    await expect(transactor.mutation(failing(() => add("apple")))).rejects.toThrow("failed");
    await write("pear");
    expect(["apple", "pear"].map(found)).toEqual([0, 1]);
  });

  test("of a nested call that failed are forgotten, those of its caller stay", async () => {
    const { transactor, add, found } = index();
    await transactor.mutation(async (transaction) => {
      add("apple");
      const nested = failing(() => {
        add("pear");
        expect(["apple", "pear"].map(found)).toEqual([1, 1]);
      });
      await expect(transactor.nested(transaction, undefined, nested)).rejects.toThrow("failed");
      add("plum");
    });
    expect(["apple", "pear", "plum"].map(found)).toEqual([1, 0, 1]);
  });

  test("keep their order: what is added and removed in one group is not found", async () => {
    const { transactor, write, add, remove, found } = index();
    const [kept] = await write("apple");
    await Promise.all([
      transactor.mutation(() => Promise.resolve(remove(add("pear")))),
      transactor.mutation(() => Promise.resolve(remove(kept ?? 0))),
    ]);
    expect(["apple", "pear"].map(found)).toEqual([0, 0]);
  });

  test("of more than a million characters are committed at once, and none stays in memory", async () => {
    const { sql, searchWrites, transactor, add, write } = index();
    const run = vi.spyOn(sql, "run");
    const long = "word ".repeat(150_000);
    const commits = () => run.mock.calls.filter(([text]) => text === "COMMIT").length;
    await Promise.all([write(long), write(long), write("short")]);
    expect(commits()).toBe(2);
    expect(searchWrites.characters).toBe(0);
    // Those of a failed mutation are not in memory.
    const fails = () => transactor.mutation(failing(() => add(long)));
    await Promise.allSettled([write("one"), fails(), fails(), write("two"), write("three")]);
    expect(commits()).toBe(3);
  });
});
