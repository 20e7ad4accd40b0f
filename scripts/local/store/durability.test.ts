import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Durability } from "./durability.ts";

const folder = mkdtempSync(join(tmpdir(), "opensync-durability-"));
const data = join(folder, "x.sqlite3");
writeFileSync(`${data}-wal`, "log");
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("waiting for the disk", () => {
  test("concurrent waiters share one synchronisation, and a later commit uses the next one", async () => {
    const durability = new Durability(data);
    const ended: string[] = [];
    const commit = async (name: string) => {
      durability.committed();
      await durability.wait();
      ended.push(name);
    };
    const first = commit("first");
    const others = ["second", "third", "fourth"].map(commit);
    await first;
    expect(ended).toEqual(["first"]);
    await Promise.all(others);
    expect(durability.synchronisations).toBe(2);
    await durability.wait();
    expect(durability.synchronisations).toBe(2);
    await durability.close();
  });

  test("work for an idle disk is done once: at once, or when the synchronisation that is running has ended", async () => {
    const durability = new Durability(data);
    const done: string[] = [];
    durability.whenIdle(() => done.push("at once"));
    durability.committed();
    const durable = durability.wait();
    durability.whenIdle(() => done.push("later"));
    durability.committed();
    const next = durability.wait();
    expect(done).toEqual(["at once"]);
    await durable;
    expect(done).toEqual(["at once", "later"]);
    await next;
    expect(done).toEqual(["at once", "later"]);
    await durability.close();
  });

  test("no commit is reported as durable after the disk failed", async () => {
    const durability = new Durability(join(folder, "gone"));
    durability.committed();
    await expect(durability.wait()).rejects.toThrow("The disk refused to store data");
    await expect(durability.wait()).rejects.toThrow("The disk refused to store data");
  });
});
