import { expect, test, vi } from "vitest";
import { api, internal } from "../_generated/api";
import {
  conversation,
  deployment,
  eachTestAt,
  loseScheduled,
  person,
  read,
  rows,
  settle,
} from "../test.setup";

/** Deletions of many steps, with what happens between two of them. */

const NOON = Date.UTC(2026, 0, 22, 12);
const STALLED_MS = 600_000;

eachTestAt(NOON);

test("sessions that plugins send between the steps of a data deletion are kept, however many steps follow", async () => {
  const t = deployment();
  const ada = await person(t);
  for (let s = 0; s < 8; s++) {
    const texts = Array.from({ length: 200 }, (_, m) => `text of ${s} ${m}`);
    await ada.post("/sync/batch", conversation(`old${s}`, texts, { model: "m" }));
  }
  await settle(t);
  await ada.dashboard.mutation(api.users.deleteAllData, {});
  await loseScheduled(t);
  const sent: string[] = [];
  const status = async () => (await ada.dashboard.query(api.users.me, {}))?.deletionStatus;
  while ((await status()) !== "completed" && sent.length < 20) {
    vi.setSystemTime(Date.now() + 1_000);
    const id = `new${sent.length}`;
    await ada.post("/sync/batch", conversation(id, [`text of ${id}`], { model: "m" }));
    sent.push(id);
    vi.setSystemTime(Date.now() + 1_000);
    await t.mutation(internal.deletion.step, { userId: ada.userId });
  }
  expect(sent.length).toBeGreaterThan(3);
  await settle(t);
  const { sessions } = await read<{ sessions: { externalId: string; messageCount: number }[] }>(
    ada.get("/api/sessions?limit=100"),
  );
  expect(sessions.map(({ externalId }) => externalId).sort()).toEqual(sent.sort());
  expect(sessions.map(({ messageCount }) => messageCount)).toEqual(sent.map(() => 1));
  expect(await read(ada.get("/api/stats"))).toMatchObject({ sessionCount: sent.length });
});

test("the state of a deletion whose user is gone is removed when it counts as stalled", async () => {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/batch", conversation("s", ["hello"]));
  await ada.dashboard.action(api.users.deleteAccount, {});
  await loseScheduled(t);
  await t.run((ctx) => ctx.db.delete("users", ada.userId));
  expect(await rows(t, "deletions")).toHaveLength(1);
  vi.setSystemTime(NOON + STALLED_MS + 1);
  await t.mutation(internal.deletion.resumeStalled, {});
  expect(await rows(t, "deletions")).toEqual([]);
});
