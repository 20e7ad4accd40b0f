import { describe, expect, test } from "vitest";
import { Account } from "./usage.ts";

describe("a nested call", () => {
  test.each([
    ["fails", false, { documentsRead: 7, documentsWritten: 1, bytesWritten: 100 }],
    ["succeeds", true, { documentsRead: 7, documentsWritten: 3, bytesWritten: 300 }],
  ])("that %s counts what it read, and writes only if they are kept", (_, kept, used) => {
    const account = new Account();
    const index = { indexBytesWritten: 10, windowBytes: 20 };
    account.spend({ documentsRead: 2, documentsWritten: 1, bytesWritten: 100 });
    account.countIndexes(index);
    account.open();
    account.spend({ documentsRead: 5, documentsWritten: 2, bytesWritten: 200 });
    account.countIndexes(index);
    account.close(kept);
    expect(account.used).toMatchObject(used);
    const times = kept ? 2 : 1;
    expect(account.indexes).toEqual({ indexBytesWritten: 10 * times, windowBytes: 20 * times });
  });

  test("with limits of its own may use as much as they say, whatever was used before", () => {
    const account = new Account();
    account.spend({ documentsRead: 5 });
    account.open({ documentsRead: 3 });
    account.spend({ documentsRead: 3 });
    expect(() => {
      account.spend({ documentsRead: 1 });
    }).toThrow("Too many documents read");
    account.close(false);
    account.spend({ documentsRead: 1_000 });
  });
});
