import { beforeEach, describe, expect, test, vi } from "vitest";
import { api } from "../_generated/api";
import { pause } from "../lib/pause";
import { writeFeedCursor } from "../lib/sessions/feedCursor";
import { conversation, deployment, eachTestAt, person, read, rows, settle } from "../test.setup";
import type { Deployment, Person } from "../test.setup";
import type { SessionAnswer } from "../wire/answers";

const NOW = Date.UTC(2026, 0, 22, 12);
eachTestAt(NOW);

type Change = { type: "upsert" | "delete"; id: string; at: number; session?: SessionAnswer };
type Page = { changes: Change[]; cursor: string; hasMore: boolean; reset: boolean };

let t: Deployment;
let ada: Person;
beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  t = deployment();
  ada = await person(t);
});

const changes = (cursor?: string, limit = 200, who = ada) =>
  read<Page>(who.get(`/api/changes?limit=${limit}${cursor ? `&cursor=${cursor}` : ""}`));
const wait = (ms: number) => vi.setSystemTime(Date.now() + ms);
const names = ({ changes }: Page) =>
  changes.map(({ type, session }) => `${type} ${session?.externalId ?? ""}`.trim());

async function sync(id: string) {
  await ada.post("/sync/batch", conversation(id, [`hello from ${id}`]));
  await settle(t);
}

describe("GET /api/changes", () => {
  test("without a cursor tells everything that exists, and then what changes", async () => {
    await sync("a");
    wait(60_000);
    await sync("b");
    const first = await changes();
    expect(names(first)).toEqual(["upsert a", "upsert b"]);
    expect(first).toMatchObject({ hasMore: false, reset: false });
    const second = await changes(first.cursor);
    expect(second).toMatchObject({ changes: [], cursor: expect.any(String) as string });
    wait(60_000);
    const message = { sessionExternalId: "a", externalId: "a-1", textContent: "more" };
    await ada.post("/sync/message", message);
    await settle(t);
    const third = await changes(second.cursor);
    expect(names(third)).toEqual(["upsert a"]);
    expect(third.changes[0]?.session?.messageCount).toBe(2);
  });

  test("tells each change once, even when asked within the seconds of the change", async () => {
    let { cursor } = await changes();
    const told: string[] = [];
    for (const id of ["a", "b", "c", "d"]) {
      await ada.post("/sync/session", { externalId: id, title: `title of ${id}` });
      for (const pause of [0, 1_000, 3_000]) {
        wait(pause);
        const page = await changes(cursor);
        told.push(...names(page));
        cursor = page.cursor;
      }
    }
    expect(told).toEqual(["upsert a", "upsert b", "upsert c", "upsert d"]);
    wait(60_000);
    expect(names(await changes(cursor))).toEqual([]);
  });

  test("refuses a cursor from the future, which would find nothing for ever", async () => {
    const forged = writeFeedCursor({
      at: { time: Date.now() + 400 * 86_400_000, creationTime: 0 },
      ...{ seen: new Set<string>(), epoch: 0 },
    });
    const answer = await ada.get(`/api/changes?cursor=${forged}`);
    expect(answer.status).toBe(400);
    expect(await read(answer)).toMatchObject({
      message: expect.stringContaining("cursor is later") as string,
    });
  });

  test("asks to read again after the clock was set back, so that no change is missed", async () => {
    await sync("a");
    wait(60_000);
    const { cursor } = await changes();
    wait(-3_600_000);
    await ada.send("PATCH", "/api/sessions/a", { title: "changed" });
    const page = await changes(cursor);
    expect(page.reset).toBe(true);
    expect(page.changes).toMatchObject([{ session: { title: "changed" } }]);
    await sync("b");
    expect((await changes(page.cursor)).reset).toBe(false);
  });

  test("accepts a cursor that is an hour ahead, as of a clock that was set back", async () => {
    const ahead = { time: Date.now() + 3_600_000, creationTime: 0 };
    const cursor = writeFeedCursor({ at: ahead, seen: new Set<string>(), epoch: 0 });
    expect((await ada.get(`/api/changes?cursor=${cursor}`)).status).toBe(200);
  });

  test("with wait, answers what happens meanwhile, and looks at most ten times for it", async () => {
    await sync("a");
    const { cursor } = await changes();
    wait(60_000);
    const pauses = vi.spyOn(pause, "forMs").mockClear().mockResolvedValue();
    expect(await changes(`${cursor}&wait=20`)).toMatchObject({ changes: [] });
    const waited = pauses.mock.calls.map(([ms]) => ms);
    expect(waited.reduce((sum, ms) => sum + ms, 0)).toBe(20_000);
    expect(waited.length).toBeLessThan(10);
    pauses.mockClear().mockImplementation(async () => {
      await ada.post("/sync/session", { externalId: "b" });
    });
    expect(names(await changes(`${cursor}&wait=20`))).toEqual(["upsert b"]);
    expect(pauses).toHaveBeenCalledTimes(1);
    pauses.mockClear();
    await changes(undefined);
    expect(pauses).not.toHaveBeenCalled();
  });

  test("finds a change that was committed after a later one was read", async () => {
    await sync("a");
    await sync("b");
    const { cursor } = await changes();
    const late = Date.now() - 2_000;
    await t.run(async ({ db }) => {
      const session = (await db.query("sessions").collect()).find((one) => one.externalId === "a");
      if (session) await db.patch("sessions", session._id, { changedAt: late, title: "late" });
    });
    const page = await changes(cursor);
    expect(page.changes.map(({ session }) => session?.title)).toEqual(["late"]);
  });

  test("tells what was read before a late change once, also if the page ends at the late change", async () => {
    const sessions = ["a", "b", "c", "d"].map((externalId) => ({ externalId }));
    await ada.post("/sync/batch", { sessions });
    const { cursor } = await changes();
    const late = Date.now() - 2_000;
    await t.run(async ({ db }) => {
      const stored = await db.query("sessions").collect();
      for (const [n, { _id }] of stored.slice(0, 2).entries())
        await db.patch("sessions", _id, { changedAt: late + n });
    });
    const first = await changes(cursor, 1);
    expect([names(first), first.hasMore]).toEqual([["upsert a"], true]);
    const second = await changes(first.cursor);
    expect([names(second), second.hasMore]).toEqual([["upsert b"], false]);
    expect(names(await changes(second.cursor))).toEqual([]);
  });

  test("names at most 300 fresh changes in a cursor, and tells the others once they are older", async () => {
    const sessions = Array.from({ length: 320 }, (_, n) => ({ externalId: `s${n}` }));
    for (const half of [sessions.slice(0, 160), sessions.slice(160)])
      expect((await ada.post("/sync/batch", { sessions: half })).status).toBe(200);
    const first = await changes();
    const second = await changes(first.cursor);
    expect([first, second].map(({ changes, hasMore }) => [changes.length, hasMore])).toEqual([
      [200, true],
      [100, true],
    ]);
    wait(60_000);
    const last = await changes(second.cursor);
    expect(last.hasMore).toBe(false);
    const told = [first, second, last].flatMap(({ changes: some }) => some.map(({ id }) => id));
    expect([told.length, new Set(told).size]).toEqual([320, 320]);
  });

  test.each(["review", "share", "rename", "notes"])(
    "tells a %s, which does not move updatedAt",
    async (kind) => {
      await sync("a");
      const { cursor, changes: before } = await changes();
      wait(60_000);
      const edits: { [kind: string]: object } = {
        review: { evalStatus: "golden" },
        share: { isPublic: true },
        rename: { title: "renamed" },
        notes: { evalNotes: "good" },
      };
      await ada.send("PATCH", "/api/sessions/a", edits[kind]);
      const [change] = (await changes(cursor)).changes;
      expect(change?.at).toBe(Date.now());
      expect(change?.session?.changedAt).toBe(Date.now());
      expect(change?.session?.updatedAt).toBe(before[0]?.session?.updatedAt);
    },
  );

  test("tells deletions in order, with the id and nothing else of the session", async () => {
    await sync("a");
    await sync("b");
    const first = await changes();
    wait(60_000);
    await ada.send("DELETE", "/api/sessions/a", undefined);
    wait(1);
    await ada.send("PATCH", "/api/sessions/b", { evalReady: true });
    await settle(t);
    const second = await changes(first.cursor);
    expect(names(second)).toEqual(["delete", "upsert b"]);
    expect(second.changes[0]).toEqual({
      type: "delete",
      id: first.changes[0]?.id,
      at: expect.any(Number) as number,
    });
    wait(60_000);
    expect(names(await changes(second.cursor))).toEqual([]);
  });

  test("has pages without gaps or repetitions, whatever changed at the same time", async () => {
    const sessions = Array.from({ length: 25 }, (_, n) => ({ externalId: `s${n}` }));
    await ada.post("/sync/batch", { sessions });
    for (const { externalId } of sessions.slice(0, 5)) {
      await ada.send("DELETE", `/api/sessions/${externalId}`, undefined);
    }
    const expected = (await rows(t, "sessions")).map(({ _id }) => _id as string);
    for (const pause of [0, 60_000]) {
      wait(pause);
      const told: Change[] = [];
      for (let page = await changes(undefined, 4); ; page = await changes(page.cursor, 4)) {
        expect(page.changes.length).toBeLessThanOrEqual(4);
        told.push(...page.changes);
        if (!page.hasMore) break;
      }
      const upserts = told.filter(({ type }) => type === "upsert").map(({ id }) => id);
      expect(upserts).toEqual(expected);
      expect(told.filter(({ type }) => type === "delete")).toHaveLength(5);
    }
  });

  test("has pages of fewer changes than were asked for where sessions are large, and none is missing", async () => {
    const sessions = Array.from({ length: 12 }, (_, n) => ({ externalId: `s${n}` }));
    await ada.post("/sync/batch", { sessions });
    await settle(t);
    wait(60_000);
    await t.run(async ({ db }) => {
      for (const { _id } of await db.query("sessions").collect())
        await db.patch("sessions", _id, { searchableText: "x".repeat(600_000) });
    });
    const told: string[] = [];
    let page = await changes();
    expect(page.hasMore).toBe(true);
    for (; page.hasMore; page = await changes(page.cursor)) told.push(...names(page));
    expect([...told, ...names(page)]).toEqual(sessions.map((one) => `upsert ${one.externalId}`));
  });

  test("begins with sessions that have not changed since before changes were recorded", async () => {
    await sync("old");
    await sync("new");
    await t.run(async ({ db }) => {
      const session = (await db.query("sessions").collect()).find(
        (one) => one.externalId === "old",
      );
      if (session) await db.patch("sessions", session._id, { changedAt: undefined });
    });
    const first = await changes(undefined, 1);
    expect(names(first)).toEqual(["upsert old"]);
    expect(names(await changes(first.cursor, 1))).toEqual(["upsert new"]);
  });

  test("asks to read again after all data was deleted", async () => {
    await sync("a");
    const { cursor } = await changes();
    await ada.dashboard.mutation(api.users.deleteAllData, {});
    await settle(t);
    const pauses = vi.spyOn(pause, "forMs").mockClear().mockResolvedValue();
    expect(await changes(`${cursor}&wait=20`)).toMatchObject({ reset: true, changes: [] });
    expect(pauses).not.toHaveBeenCalled();
    await sync("b");
    const page = await changes(cursor);
    expect(page.reset).toBe(true);
    expect(names(page)).toEqual(["upsert b"]);
    expect((await changes(page.cursor)).reset).toBe(false);
    expect(await rows(t, "deletedSessions")).toEqual([]);
  });

  test("asks to read again when deletions since then are no longer known", async () => {
    await sync("a");
    wait(60_000);
    const { cursor } = await changes();
    wait(366 * 86_400_000);
    expect(await changes(cursor)).toMatchObject({ reset: true });
  });

  test("tells nothing of others, and refuses what is no cursor", async () => {
    const eve = await person(t, "eve@example.com");
    await sync("a");
    await ada.send("DELETE", "/api/sessions/a", undefined);
    await sync("b");
    const { cursor } = await changes();
    expect((await changes(undefined, 200, eve)).changes).toEqual([]);
    expect((await changes(cursor, 200, eve)).changes).toEqual([]);
    expect((await ada.get("/api/changes?cursor=zzz")).status).toBe(400);
  });
});
