import { afterAll, expect, test, vi } from "vitest";
import { Clock } from "../clock.ts";
import { Statements } from "../store/database.ts";
import { Documents } from "../store/documents.ts";
import { ReadSet } from "../transaction/reads.ts";
import { openTestStore } from "../transaction/testStore.ts";
import { Subscriptions } from "./subscriptions.ts";

const { newTransactor, close } = openTestStore();
afterAll(close);

test("a table that is lost with its commit and made again touches what was read in between", async () => {
  const { sql, catalog, transactor } = newTransactor();
  const subscriptions = new Subscriptions(catalog, new Documents(sql, new Clock()), transactor);
  const make = () => transactor.mutation(() => Promise.resolve(catalog.table("", "drafts")));
  const run = vi.spyOn(sql, "run");
  run.mockImplementation(function (this: Statements, text, ...values) {
    if (text !== "COMMIT") return Statements.prototype.run.call(this, text, ...values);
    run.mockRestore();
    throw new Error("disk I/O error");
  });
  await expect(make()).rejects.toThrow("disk I/O error");
  expect(catalog.find("", "drafts")).toBeUndefined();
  const touched = vi.fn();
  subscriptions.open(new ReadSet(), touched);
  await make();
  expect(touched).toHaveBeenCalledOnce();
});
