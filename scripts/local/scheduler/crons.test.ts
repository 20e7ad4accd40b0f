import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Registry } from "../functions/registry.ts";
import { openDatabase, Statements } from "../store/database.ts";
import type { Sqlite } from "../store/sqlite.ts";
import { Clock } from "../clock.ts";
import { Crons } from "./crons.ts";
import type { Jobs } from "./jobs.ts";

const MINUTE = 60_000;
const idle = () => false;

let folder: string;
let db: Sqlite;
let sql: Statements;
let clock: Clock;
/** Jobs that were added, and those of them that wait. */
let added: string[];
let waiting: Set<string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "opensync-crons-"));
  db = openDatabase(join(folder, "local.sqlite3"));
  sql = new Statements(db);
  clock = new Clock(true, Date.now());
  added = [];
  waiting = new Set();
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The crons of a folder that declares one for every so many minutes. */
function cronsEvery(minutes: { [name: string]: number }): Crons {
  const declared = Object.entries(minutes).map(([name, every]) => [
    name,
    { name: `jobs:${name}`, args: [{}], schedule: { type: "interval", minutes: every } },
  ]);
  const exported = { isCrons: true, export: () => JSON.stringify(Object.fromEntries(declared)) };
  const modules = { crons: () => ({ default: exported }) };
  const registry = { components: [{ path: "", modules }] } as unknown as Registry;
  const jobs = {
    add: (_owner: string, { path }: { path: string }) => {
      added.push(path);
      return `job ${added.length}`;
    },
    isPending: (id: string) => waiting.has(id),
  } as unknown as Jobs;
  const crons = new Crons(sql, jobs, registry, clock);
  crons.sync();
  return crons;
}

test("a cron whose last run waits or is under way is skipped, and runs again afterwards", () => {
  const crons = cronsEvery({ tick: 1 });
  const start = clock.now();
  crons.enqueueDue(start, idle);
  expect(added).toEqual([]);
  crons.enqueueDue(start + 2 * MINUTE, idle);
  expect(added).toHaveLength(1);
  crons.enqueueDue(start + 4 * MINUTE, (job) => job === "job 1");
  expect(added).toHaveLength(1);
  waiting.add("job 1");
  crons.enqueueDue(start + 6 * MINUTE, idle);
  expect(added).toHaveLength(1);
  waiting.clear();
  crons.enqueueDue(start + 8 * MINUTE, idle);
  expect(added).toHaveLength(2);
});

test("a cron that missed many runs runs once, and each cron on its own", () => {
  const crons = cronsEvery({ often: 1, seldom: 60 });
  const start = clock.now();
  crons.enqueueDue(start + 30 * MINUTE, idle);
  expect(added).toEqual(["jobs:often"]);
  expect(crons.nextDue()).toBe(start + 31 * MINUTE);
  crons.enqueueDue(start + 61 * MINUTE, idle);
  expect(added.sort()).toEqual(["jobs:often", "jobs:often", "jobs:seldom"]);
});

test("an interval cron keeps its times: a late run does not delay the next ones, and missed times are skipped", () => {
  const crons = cronsEvery({ tick: 10 });
  const start = clock.now();
  crons.enqueueDue(start + 13 * MINUTE, idle);
  expect(crons.nextDue()).toBe(start + 20 * MINUTE);
  crons.enqueueDue(start + 45 * MINUTE, idle);
  expect(crons.nextDue()).toBe(start + 50 * MINUTE);
  crons.enqueueDue(start + 50 * MINUTE, idle);
  expect(crons.nextDue()).toBe(start + 60 * MINUTE);
  expect(added).toHaveLength(3);
});

test("a restart neither repeats nor delays a run; a changed schedule starts over, a removed cron ends", () => {
  const start = clock.now();
  cronsEvery({ kept: 10, changed: 10 });
  clock.skipTo(start + 9 * MINUTE);
  const again = cronsEvery({ kept: 10, changed: 5 });
  again.enqueueDue(start + 11 * MINUTE, idle);
  expect(added).toEqual(["jobs:kept"]);
  again.enqueueDue(start + 15 * MINUTE, idle);
  expect(added).toEqual(["jobs:kept", "jobs:changed"]);
  const without = cronsEvery({ changed: 5 });
  added = [];
  without.enqueueDue(start + 60 * MINUTE, idle);
  expect(added).toEqual(["jobs:changed"]);
});
