import { expect, test } from "vitest";
import { internal } from "../_generated/api";
import { packCells, unpackCells } from "../lib/stats/cells";
import { deployment, eachTestAt, person, read, rows, settle } from "../test.setup";
import type { Deployment, Person } from "../test.setup";
import type { StatsAnswer } from "../wire/stats";

/** After an upgrade of the price table: what was booked by the old one. */

const NOW = Date.UTC(2026, 10, 22, 12);
eachTestAt(NOW);

/** Claude Sonnet 4.5: $3 a million tokens. */
const TOKENS = 1_000;
const PRICE = TOKENS * 3_000;
/** How much more the earlier table had. */
const MORE = 77;

const message = (session: string, fields: object = {}) => ({
  ...{ sessionExternalId: session, externalId: "m", role: "assistant", createdAt: NOW - 60_000 },
  ...{ model: "claude-sonnet-4-5", promptTokens: TOKENS, textContent: session, ...fields },
});

const dearer = (cells: string) => {
  const open = unpackCells(cells);
  for (const { sums } of open.values()) {
    if (sums.computedNanos !== undefined) sums.computedNanos += MORE;
  }
  return packCells(open);
};

/** A message of each session, booked by a table in which it cost more. */
async function bookedByOldTable(sessions: string[]) {
  const t = deployment();
  const ada = await person(t);
  for (const session of sessions) {
    // Each in a project of its own, so that each has a row of the ledger.
    await ada.post("/sync/session", { externalId: session, projectName: session });
    await ada.post("/sync/message", message(session));
  }
  await settle(t);
  await t.run(async ({ db }) => {
    for (const { _id } of await db.query("usageClaims").collect()) {
      await db.patch("usageClaims", _id, { price: PRICE + MORE });
    }
    for (const { _id, cells } of await db.query("ledgerGrains").collect()) {
      await db.patch("ledgerGrains", _id, { cells: dearer(cells) });
    }
    for (const { _id, entries } of await db.query("sessionDays").collect()) {
      const changed = entries.map((entry) => ({ ...entry, cells: dearer(entry.cells) }));
      await db.patch("sessionDays", _id, { entries: changed });
    }
    for (const { _id, stats } of await db.query("dailyWrapped").collect()) {
      const grains = stats.grains?.map((grain) => ({ ...grain, cells: dearer(grain.cells) }));
      await db.patch("dailyWrapped", _id, { stats: { grains } });
    }
  });
  return { t, ada };
}

async function computed(who: Person): Promise<number> {
  const { totals } = await read<StatsAnswer>(who.get("/api/stats"));
  return Math.round((totals.computedCost ?? 0) * 1e9);
}

async function migrate(t: Deployment) {
  await t.mutation(internal.migrations.start, {});
  await settle(t);
}

test("messages are counted again by the new table, in the background", async () => {
  const { t, ada } = await bookedByOldTable(["a", "b", "c"]);
  expect(await computed(ada)).toBe(3 * (PRICE + MORE));
  const [before] = await rows(t, "sessions");
  await migrate(t);
  expect(await computed(ada)).toBe(3 * PRICE);
  const [after] = await rows(t, "sessions");
  // Nothing was said: the session is as recent as before, and nothing is embedded again.
  expect(after?.updatedAt).toBe(before?.updatedAt);
  expect(after?.embedDueAt).toBe(before?.embedDueAt);
});

test("a message that changes before its turn takes the price by which it was booked", async () => {
  const { t, ada } = await bookedByOldTable(["a", "b"]);
  await ada.post("/sync/message", message("a", { promptTokens: 2 * TOKENS }));
  await settle(t);
  expect(await computed(ada)).toBe(2 * PRICE + PRICE + MORE);
  await ada.send("DELETE", "/api/sessions/b", "");
  await settle(t);
  expect(await computed(ada)).toBe(2 * PRICE);
  await migrate(t);
  expect(await computed(ada)).toBe(2 * PRICE);
});

test("a copy that is counted instead of a deleted message has its own price", async () => {
  const { t, ada } = await bookedByOldTable(["a"]);
  await ada.post("/sync/message", message("copy", { textContent: "a" }));
  await settle(t);
  expect(await computed(ada)).toBe(PRICE + MORE);
  await ada.send("DELETE", "/api/sessions/a", "");
  await settle(t);
  expect(await computed(ada)).toBe(PRICE);
  await ada.send("DELETE", "/api/sessions/copy", "");
  await settle(t);
  expect(await rows(t, "ledgerGrains")).toEqual([]);
});

test("claims of earlier versions get the price by which they are booked", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/message", message("a"));
  await settle(t);
  await t.run(async ({ db }) => {
    for (const { _id } of await db.query("usageClaims").collect()) {
      await db.patch("usageClaims", _id, { price: undefined });
    }
  });
  await migrate(t);
  expect((await rows(t, "usageClaims")).map(({ price }) => price)).toEqual([PRICE]);
  expect(await computed(ada)).toBe(PRICE);
});
