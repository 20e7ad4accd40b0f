import { beforeEach, describe, expect, test } from "vitest";
import { api } from "../_generated/api";
import { deployment, eachTestAt, person, read, settle } from "../test.setup";
import type { Deployment, Person } from "../test.setup";
import type { StatsAnswer } from "../wire/stats";

/** The zone of a person's days: set once, and used wherever no other zone is asked for. */

// 23:30 in New York, already the next day in UTC.
const NOW = Date.UTC(2026, 0, 22, 4, 30);
eachTestAt(NOW);

let t: Deployment;
let ada: Person;
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
  const message = { sessionExternalId: "s", externalId: "m", role: "assistant", textContent: "x" };
  const messages = [{ ...message, promptTokens: 70, createdAt: NOW - 60_000 }];
  await ada.post("/sync/batch", { messages });
  await settle(t);
});

const zoneTo = (timeZone: unknown, who = ada) => who.send("PATCH", "/api/me", { timeZone });
const days = async (query = "") => {
  const { byDay, timeZone } = await read<StatsAnswer>(ada.get(`/api/stats${query}`));
  return [timeZone, ...byDay.map(({ date }) => date)];
};

test("days are those of UTC until a zone is set, then those of the zone, and tz asks for another", async () => {
  expect(await days()).toEqual(["UTC", "2026-01-22"]);
  expect(await read(zoneTo("America/New_York"))).toEqual({ timeZone: "America/New_York" });
  expect(await days()).toEqual(["America/New_York", "2026-01-21"]);
  expect(await days("?tz=Europe/Berlin")).toEqual(["Europe/Berlin", "2026-01-22"]);
  expect(await days("?from=2026-01-21&to=2026-01-21")).toEqual(["America/New_York", "2026-01-21"]);
  expect(await read(ada.get("/api/me"))).toMatchObject({ timeZone: "America/New_York" });
  expect(await read(zoneTo(null))).toEqual({ timeZone: "UTC" });
  expect(await days()).toEqual(["UTC", "2026-01-22"]);
});

test("a time in a range of statistics means its day in the zone", async () => {
  // 23:29 of 21 January in New York, 04:29 of 22 January in UTC, 05:29 of 22 January in Berlin.
  const at = new Date(NOW - 60_000).toISOString();
  for (const time of [at, String(Date.parse(at)), "2026-01-22T05:29:00%2B01:00"]) {
    const range = `from=${time}&to=${time}`;
    expect(await days(`?${range}&tz=America/New_York`), time).toEqual([
      "America/New_York",
      "2026-01-21",
    ]);
    expect(await days(`?${range}&tz=Europe/Berlin`), time).toEqual(["Europe/Berlin", "2026-01-22"]);
  }
  const lateInBerlin = "2026-01-21T23:30:00Z";
  expect(await days(`?from=${lateInBerlin}&to=${lateInBerlin}&tz=Europe/Berlin`)).toEqual([
    "Europe/Berlin",
    "2026-01-22",
  ]);
  await zoneTo("America/New_York");
  expect(await days(`?from=${at}&to=${at}`)).toEqual(["America/New_York", "2026-01-21"]);
});

test("a day in the basic form of ISO 8601 is that day, whatever the zone", async () => {
  const range = "from=20260121&to=20260121";
  expect(await days(`?${range}&tz=America/New_York`)).toEqual(["America/New_York", "2026-01-21"]);
  const listed = await read<{ sessions: object[] }>(ada.get("/api/sessions?to=20260122"));
  expect(listed.sessions).toHaveLength(1);
});

test("today's picture is of the day in one's own zone", async () => {
  const picture = async () => await (await ada.get("/api/wrapped/today.svg")).text();
  expect(await picture()).toContain("22 January");
  await zoneTo("America/New_York");
  expect(await picture()).toContain("21 January");
});

test("one person's zone is not another's", async () => {
  const eve = await person(t, "eve@example.com");
  await zoneTo("America/New_York", eve);
  expect(await days()).toEqual(["UTC", "2026-01-22"]);
});

describe("what is no zone is a 400 that names the field, and changes nothing", () => {
  test.each<[unknown]>([["Mars/Olympus"], ["+02:00"], [""], [7], [{}]])("%j", async (timeZone) => {
    await zoneTo("America/New_York");
    const answer = await zoneTo(timeZone);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(await answer.json())).toContain("timeZone");
    expect(await days()).toEqual(["America/New_York", "2026-01-21"]);
  });
});

test("the dashboard's days stay those of UTC", async () => {
  await zoneTo("America/New_York");
  const found = await ada.dashboard.query(api.analytics.dailyStats, {});
  expect(found.map(({ date }) => date)).toEqual(["2026-01-22"]);
});
