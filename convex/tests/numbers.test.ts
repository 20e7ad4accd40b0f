import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { internal } from "../_generated/api";
import { PRICE_TABLE } from "../lib/stats/prices";
import { deployment, eachTestAt, person, read, rows, settle } from "../test.setup";
import type { Person, SessionPage } from "../test.setup";
import {
  body,
  grouped,
  History,
  lastActiveOf,
  type Sent,
  SESSIONS,
  sessionsOf,
  step,
  type Step,
  type Sum,
  sumOf,
} from "./history.fixture";

const NOW = Date.UTC(2026, 10, 22, 0, 10);
eachTestAt(NOW);

const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Pacific/Chatham",
];

type Row = {
  sessions: number;
  messages: number;
  totalTokens: number;
  cost: number;
  promptTokens: number;
  cacheReadTokens?: number;
  reportedTokens?: number;
  uncostedTokens?: number;
  computedCost?: number;
  unpricedTokens?: number;
};
type Tool = { tool: string; calls: number; errors: number };
type Stats = {
  totals: Row;
  byDay: (Row & { date: string })[];
  byModel: (Row & { model: string; lastActiveAt: number })[];
  byProvider: (Row & { provider: string })[];
  byTool: Tool[];
  byProject: (Row & { project: string })[];
  byHour: (Row & { hour: number })[];
};

const stats = (who: Person, query = "") => read<Stats>(who.get(`/api/stats?${query}`));

/** When announced sessions began: amid the times of their messages. */
const BEGUN = Date.UTC(2026, 9, 31, 22, 40);

async function take(who: Person, history: History, one: Step, t: Parameters<typeof settle>[0]) {
  if (one.kind === "settle") return await settle(t);
  const send = async (sent: Sent) => {
    if (history.deleted.has(sent.session)) return;
    await who.post("/sync/message", body(history.send(sent)));
    vi.setSystemTime(Date.now() + 10);
  };
  const announce = async (name: string, fields: object) => {
    const createdAt = BEGUN;
    history.announce(name, { at: createdAt, isFork: "relation" in fields });
    await who.post("/sync/session", { externalId: name, createdAt, ...fields });
  };
  if (one.kind === "message") return await send(one.sent);
  if (one.kind === "again") {
    const sent = history.sent[one.nth % Math.max(1, history.sent.length)];
    if (sent) await send(sent);
  } else if (one.kind === "fork") {
    if (one.isAnnounced && !history.has(one.to) && !history.deleted.has(one.to)) {
      await announce(one.to, { parentExternalId: one.from, relation: "fork" });
    }
    for (const sent of history.of(one.from)) await send({ ...sent, session: one.to });
  } else if (one.kind === "project") {
    if (!history.has(one.session)) return;
    history.projects.set(one.session, one.name);
    await who.post("/sync/session", { externalId: one.session, projectName: one.name });
  } else if (one.kind === "restore") {
    if (!history.deleted.has(one.session)) return;
    await announce(one.session, { restore: true });
  } else {
    history.remove(one.session);
    await who.send("DELETE", `/api/sessions/${one.session}`, "");
  }
}

function dateIn(zone: string, at: number): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(at);
}

const nanos = (dollars = 0) => Math.round(dollars * 1e9);

function seen(row: Omit<Row, "sessions">): Sum {
  return {
    messages: row.messages,
    tokens: row.totalTokens,
    cacheRead: row.cacheReadTokens ?? 0,
    nanos: nanos(row.cost),
    computed: nanos(row.computedCost),
    unpriced: row.unpricedTokens ?? 0,
  };
}

const seenTools = (tools: readonly Tool[]) =>
  Object.fromEntries(tools.map(({ tool, calls, errors }) => [tool, [calls, errors]]));
const sumOfTools = (uses: ReturnType<History["toolUses"]>) =>
  grouped(
    uses,
    ({ tool }) => tool,
    (group) => [
      group.reduce((sum, { calls }) => sum + calls, 0),
      group.reduce((sum, { errors }) => sum + errors, 0),
    ],
  );

async function expectTrue(who: Person, history: History) {
  const counted = history.counted();
  const active = (of: typeof counted) => ({ ...sumOf(of), sessions: sessionsOf(of) });
  for (const zone of ZONES) {
    const answer = await stats(who, `tz=${zone}`);
    expect(
      Object.fromEntries(
        answer.byDay.map((day) => [day.date, { ...seen(day), sessions: day.sessions }]),
      ),
      zone,
    ).toEqual(grouped(counted, ({ sent }) => dateIn(zone, sent.at), active));
    expect({ ...seen(answer.totals), sessions: answer.totals.sessions }).toEqual(active(counted));
    await expectRange(who, history, zone);
  }
  const { byModel, byTool, byProject } = await stats(who);
  expect(
    Object.fromEntries(
      byModel.map((row) => [row.model, { ...seen(row), lastActiveAt: row.lastActiveAt }]),
    ),
  ).toEqual(
    grouped(
      counted,
      ({ model }) => model,
      (group) => ({ ...sumOf(group), lastActiveAt: lastActiveOf(group) }),
    ),
  );
  const project = ({ session }: Sent) => history.projects.get(session) ?? "Other";
  expect(Object.fromEntries(byProject.map((row) => [row.project, seen(row)]))).toEqual(
    grouped(counted, ({ sent }) => project(sent), sumOf),
  );
  expect(seenTools(byTool)).toEqual(sumOfTools(history.toolUses()));
  for (const name of SESSIONS) await expectSession(who, history, name);
}

/** Whole days of a zone: sums, sessions and tools. */
async function expectRange(who: Person, history: History, zone: string) {
  const answer = await stats(who, `tz=${zone}&from=2026-10-25&to=2026-10-31`);
  const isWithin = ({ sent }: { sent: Sent }) => {
    const date = dateIn(zone, sent.at);
    return date >= "2026-10-25" && date <= "2026-10-31";
  };
  const counted = history.counted().filter(isWithin);
  expect({ ...seen(answer.totals), sessions: answer.totals.sessions }).toEqual({
    ...sumOf(counted),
    sessions: sessionsOf(counted),
  });
  expect(seenTools(answer.byTool)).toEqual(sumOfTools(history.toolUses().filter(isWithin)));
}

/** The splits of one session. */
async function expectSession(who: Person, history: History, name: string) {
  if (!history.has(name)) return;
  const { usage } = await read<SessionPage>(who.get(`/api/sessions/${name}`));
  const counted = history.counted().filter(({ sent }) => sent.session === name);
  const { byModel = [], byDay = [], byTool = [] } = usage ?? {};
  expect(Object.fromEntries(byModel.map((row) => [row.model, seen(row)]))).toEqual(
    grouped(counted, ({ model }) => model, sumOf),
  );
  expect(Object.fromEntries(byDay.map((row) => [row.date, seen(row)]))).toEqual(
    grouped(counted, ({ sent }) => dateIn("UTC", sent.at), sumOf),
  );
  expect(seenTools(byTool)).toEqual(
    sumOfTools(history.toolUses().filter(({ sent }) => sent.session === name)),
  );
}

test(
  "numbers equal a brute-force count after any history, in every zone",
  { timeout: 240_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 22 }), async (steps) => {
        vi.setSystemTime(NOW);
        const t = deployment();
        const ada = await person(t);
        const history = new History();
        for (const one of steps) {
          await take(ada, history, one, t);
          vi.setSystemTime(Date.now() + 1_000);
        }
        await settle(t);
        await expectTrue(ada, history);
        for (const name of SESSIONS) await ada.send("DELETE", `/api/sessions/${name}`, "");
        await settle(t);
        const tables = ["dailyWrapped", "sessionDays", "ledgerGrains", "ledgerDays", "callLinks"];
        for (const table of [...tables, "usageClaims"]) {
          expect(await rows(t, table as "usageClaims")).toEqual([]);
        }
      }),
      { numRuns: 15 },
    );
  },
);

const at = (time: string) => Date.parse(`2026-02-${time}Z`);

async function withMessages(messages: object[], sessions: object[] = []) {
  const t = deployment();
  const ada = await person(t);
  const all = messages.map((message, n) => ({
    sessionExternalId: "s",
    externalId: `m${n}`,
    role: "assistant",
    textContent: `t${n}`,
    ...message,
  }));
  await ada.post("/sync/batch", { sessions, messages: all });
  await settle(t);
  return { t, ada };
}

describe("models", () => {
  test("each message counts for its own model, and placeholder models are ignored", async () => {
    const { ada } = await withMessages([
      { model: "big-model", promptTokens: 1_000_000, cost: 49, createdAt: at("03T10:01:00") },
      { model: "small-model", promptTokens: 1_000, cost: 0.01, createdAt: at("03T10:02:00") },
      { model: "<synthetic>", promptTokens: 0, createdAt: at("03T10:03:00") },
    ]);
    const { byModel } = await stats(ada);
    expect(byModel.map((one) => [one.model, one.totalTokens, one.cost])).toEqual([
      ["big-model", 1_000_000, 49],
      ["small-model", 1_000, 0.01],
    ]);
    expect(await read(ada.get("/api/sessions/s"))).toMatchObject({ model: "small-model" });
  });

  test("a day without a model counts for the session's first model, in any order of arrival", async () => {
    const messages = [
      { externalId: "a", model: "model-a", createdAt: at("03T10:00:00") },
      { externalId: "b", model: "model-b", createdAt: at("04T10:00:00") },
      { externalId: "c", promptTokens: 7, createdAt: at("05T10:00:00") },
    ];
    for (const order of [messages, [...messages].reverse()]) {
      const { t, ada } = await withMessages(order.slice(0, 1));
      for (const one of order.slice(1)) {
        await ada.post("/sync/message", { sessionExternalId: "s", role: "assistant", ...one });
        await settle(t);
      }
      const { byModel } = await stats(ada);
      expect(byModel.find(({ model }) => model === "model-a")?.totalTokens).toBe(7);
    }
  });

  test("a day without a model counts for the provider of the session's first model", async () => {
    const { ada } = await withMessages([
      { model: "model-a", provider: "first", createdAt: at("03T10:00:00") },
      { model: "model-b", provider: "last", createdAt: at("04T10:00:00") },
      { promptTokens: 7, createdAt: at("05T10:00:00") },
    ]);
    expect(await read(ada.get("/api/sessions/s"))).toMatchObject({ provider: "last" });
    const { byProvider } = await stats(ada);
    const tokens = byProvider.map(({ provider, totalTokens }) => [provider, totalTokens]);
    expect(tokens).toContainEqual(["first", 7]);
  });

  test("a placeholder does not replace the model of a message that is sent again", async () => {
    const sent = { sessionExternalId: "s", externalId: "m0", role: "assistant", textContent: "t" };
    const { t, ada } = await withMessages([{ model: "model-a", promptTokens: 7 }]);
    await ada.post("/sync/message", { ...sent, model: "<synthetic>", promptTokens: 8 });
    await settle(t);
    const { byModel } = await stats(ada);
    expect(byModel).toMatchObject([{ model: "model-a", totalTokens: 8 }]);
  });

  test("spellings of one model are one row, named by the spelling with most tokens", async () => {
    const { ada } = await withMessages(
      [
        "anthropic/claude-sonnet-4.5",
        "claude-sonnet-4-5-20250929",
        "Claude-Sonnet-4-5",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "gpt-5",
        "gpt-5.1",
      ].map((model, n) => ({ model, provider: "x", promptTokens: n + 1 })),
    );
    const { byModel } = await stats(ada);
    expect(byModel.map((one) => [one.model, one.totalTokens])).toEqual([
      ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", 10],
      ["gpt-5.1", 6],
      ["gpt-5", 5],
    ]);
  });

  test("'unknown' is one row, whatever its origin", async () => {
    const { ada } = await withMessages([
      { model: "unknown", promptTokens: 1 },
      { model: "Unknown", promptTokens: 2 },
      { promptTokens: 4 },
    ]);
    const { byModel } = await stats(ada);
    expect(byModel.map((one) => [one.model, one.totalTokens])).toEqual([["unknown", 7]]);
  });
});

describe("usage", () => {
  test("a fork that copies ids, times and usage counts only what is new", async () => {
    const copied = { externalId: "u1", textContent: "a", promptTokens: 500, cost: 2 };
    const time = { createdAt: at("15T10:00:00") };
    const { ada } = await withMessages([
      { sessionExternalId: "a", ...copied, ...time },
      { sessionExternalId: "b", ...copied, ...time },
      { sessionExternalId: "b", promptTokens: 7, cost: 0.1, createdAt: at("15T11:00:00") },
    ]);
    const { totals } = await stats(ada, "from=2026-02-15&to=2026-02-15");
    expect([totals.totalTokens, totals.cost, totals.messages]).toEqual([507, 2.1, 3]);
    await ada.send("DELETE", "/api/sessions/a", "");
  });

  test("after deleting the counted session, the copy is counted instead", async () => {
    const copied = { externalId: "u1", textContent: "a", promptTokens: 500 };
    const { t, ada } = await withMessages(
      ["a", "b"].map((name) => ({
        sessionExternalId: name,
        ...copied,
        createdAt: at("15T10:00:00"),
      })),
    );
    for (const name of ["a", "b"]) {
      expect((await stats(ada)).totals.totalTokens).toBe(500);
      await ada.send("DELETE", `/api/sessions/${name}`, "");
      await settle(t);
    }
    expect((await stats(ada)).totals).toMatchObject({ totalTokens: 0, messages: 0 });
  });

  test("two messages that differ in text or time count separately, whatever their ids", async () => {
    const same = { externalId: "1", promptTokens: 500, createdAt: at("15T10:00:00") };
    const { ada } = await withMessages([
      { ...same, sessionExternalId: "a" },
      { ...same, sessionExternalId: "b" },
      { ...same, sessionExternalId: "c", textContent: "t0", createdAt: at("15T10:00:01") },
    ]);
    expect((await stats(ada)).totals.totalTokens).toBe(1_500);
  });

  test("a response that is sent again as it grows counts once, with its greatest usage", async () => {
    const { ada } = await withMessages(
      [1, 179, 40].map((completionTokens) => ({
        apiMessageId: "msg_1",
        promptTokens: 1_000,
        completionTokens,
      })),
    );
    expect((await stats(ada)).totals.totalTokens).toBe(1_179);
  });
});

describe("totals that a plugin reports of a session", () => {
  const session = { externalId: "s", promptTokens: 9_000, completionTokens: 1_000, cost: 5 };

  test("are replaced by its messages' usage, and both are shown with their difference", async () => {
    const { ada } = await withMessages(
      [{ promptTokens: 90, completionTokens: 10, cost: 0.5 }],
      [session],
    );
    expect((await stats(ada)).totals).toMatchObject({ totalTokens: 100, cost: 0.5 });
    expect(await read(ada.get("/api/sessions/s"))).toMatchObject({
      totalTokens: 100,
      cost: 0.5,
      usage: {
        headline: "counted",
        reported: { totalTokens: 10_000, cost: 5 },
        counted: { totalTokens: 100, cost: 0.5 },
        discrepancy: { totalTokens: 9_900, cost: 4.5 },
      },
    });
  });

  test("count only while no message has usage", async () => {
    const { t, ada } = await withMessages([{ createdAt: at("03T10:00:00") }], [session]);
    expect((await stats(ada)).totals).toMatchObject({
      totalTokens: 10_000,
      reportedTokens: 10_000,
      cost: 5,
    });
    const late = { promptTokens: 3, createdAt: at("04T10:00:00"), externalId: "late" };
    await ada.post("/sync/message", { sessionExternalId: "s", role: "assistant", ...late });
    await settle(t);
    expect((await stats(ada)).totals).toMatchObject({ totalTokens: 3, cost: 5 });
    expect((await stats(ada)).totals).not.toHaveProperty("reportedTokens");
  });

  test("are booked on the day of the report, one increase at a time", async () => {
    const t = deployment();
    const ada = await person(t);
    const report = async (tokens: number) => {
      await ada.post("/sync/session", { externalId: "s", promptTokens: tokens });
      await settle(t);
    };
    await report(100);
    vi.setSystemTime(NOW + 24 * 3_600_000);
    await report(350);
    const days = async () =>
      (await stats(ada)).byDay.map(({ date, totalTokens }) => [date, totalTokens]);
    expect(await days()).toEqual([
      ["2026-11-22", 100],
      ["2026-11-23", 250],
    ]);
    await report(120);
    expect(await days()).toEqual([
      ["2026-11-22", 100],
      ["2026-11-23", 20],
    ]);
    // The decrease exceeds what the last day holds, so the rest is taken from the day before.
    await report(60);
    expect((await days()).filter(([, tokens]) => tokens !== 0)).toEqual([["2026-11-22", 60]]);
  });

  test("that decrease are taken from the latest report of the day", async () => {
    const t = deployment();
    const ada = await person(t);
    for (const [hours, promptTokens] of [
      [0, 100],
      [12, 350],
      [14, 300],
    ] as const) {
      vi.setSystemTime(NOW + hours * 3_600_000);
      await ada.post("/sync/session", { externalId: "s", promptTokens });
      await settle(t);
    }
    const { byHour } = await stats(ada);
    expect(byHour.map(({ hour, totalTokens }) => [hour, totalTokens])).toEqual([
      [0, 100],
      [12, 200],
    ]);
  });

  test("of a session of the past are booked on the day on which it was active, also if they come later", async () => {
    const { externalId, ...totals } = session;
    const { t, ada } = await withMessages([], [{ externalId, createdAt: at("03T10:00:00") }]);
    await ada.post("/sync/session", { externalId, ...totals });
    await settle(t);
    const { byDay } = await stats(ada);
    expect(byDay).toMatchObject([{ date: "2026-02-03", totalTokens: 10_000 }]);
  });

  test("are booked on the day of its latest message", async () => {
    const days = ["03T10:00:00", "05T10:00:00", "04T10:00:00"].map((time) => ({
      createdAt: at(time),
    }));
    const { ada } = await withMessages(days, [session]);
    const { byDay } = await stats(ada);
    expect(byDay.filter(({ totalTokens }) => totalTokens > 0)).toMatchObject([
      { date: "2026-02-05", totalTokens: 10_000 },
    ]);
  });

  test("that are less than the sums of its messages are the totals, whatever models answered", async () => {
    const answer = (model: string, durationMs: number, promptTokens: number) => ({
      ...{ role: "assistant", model, durationMs, promptTokens },
    });
    const { ada } = await withMessages(
      [answer("a", 1_000, 10), answer("a", 1_000, 10), answer("b", 8_000, 100)],
      [{ externalId: "s", durationMs: 6_000, cost: 2 }],
    );
    const { totals, byDay } = await stats(ada);
    expect(totals).toMatchObject({ durationMs: 6_000, cost: 2, totalTokens: 120 });
    expect(totals).not.toHaveProperty("uncostedTokens");
    expect(byDay).toMatchObject([{ durationMs: 6_000 }]);
  });

  test("an unreported cost is unknown, and the answer states for how many tokens", async () => {
    const { ada } = await withMessages([
      { promptTokens: 100, cost: 1 },
      { promptTokens: 40 },
      { promptTokens: 5, cost: 0 },
    ]);
    expect((await stats(ada)).totals).toMatchObject({ cost: 1, uncostedTokens: 40 });
  });
});

describe("days", () => {
  test("activity after midnight counts on its own day, and a range includes sessions active in it", async () => {
    const { ada } = await withMessages([
      { promptTokens: 100, cost: 1, createdAt: at("10T23:30:00") },
      { textContent: "walrusword", promptTokens: 100_000, cost: 20, createdAt: at("12T09:00:00") },
    ]);
    for (const [day, cost, tokens] of [
      ["10", 1, 100],
      ["11", 0, 0],
      ["12", 20, 100_000],
    ] as const) {
      const { totals } = await stats(ada, `from=2026-02-${day}&to=2026-02-${day}`);
      expect([totals.cost, totals.totalTokens]).toEqual([cost, tokens]);
      expect(totals.sessions).toBe(day === "11" ? 0 : 1);
    }
    expect((await stats(ada)).totals.sessions).toBe(1);
    const query = { query: "walrusword", from: "2026-02-11" };
    const { results } = await read<{ results: object[] }>(ada.post("/search", query));
    expect(results).toMatchObject([{ externalId: "s" }]);
  });

  test("a session that changes its project counts for the new one on all its days, however many", async () => {
    const t = deployment();
    const ada = await person(t);
    const session = { externalId: "s", source: "pi", createdAt: NOW - 130 * 86_400_000 };
    // More days than two refreshes rename.
    const messages = Array.from({ length: 130 }, (_, n) => ({
      ...{ sessionExternalId: "s", externalId: `${n}`, role: "assistant", promptTokens: 10 },
      createdAt: NOW - (130 - n) * 86_400_000,
    }));
    await ada.post("/sync/batch", { sessions: [{ ...session, projectName: "old" }], messages });
    await settle(t);
    await ada.post("/sync/session", { ...session, projectName: "new" });
    await settle(t);
    const { byProject, byDay } = await stats(ada, "from=2026-06-01");
    const tokens = byProject.map(({ project, totalTokens }) => [project, totalTokens]);
    expect(tokens).toEqual([["new", 1_300]]);
    expect(byDay.filter(({ totalTokens }) => totalTokens > 0)).toHaveLength(130);
  });

  test("a session counts once in every range, in whatever order its days arrive, and wherever its start moves", async () => {
    const t = deployment();
    const ada = await person(t);
    const starts = (time: string) =>
      ada.post("/sync/session", { externalId: "s", createdAt: at(time) });
    const says = (...times: string[]) =>
      ada.post("/sync/batch", {
        messages: times.map((time) => ({
          ...{ sessionExternalId: "s", externalId: time, role: "user", createdAt: at(time) },
        })),
      });
    const steps: [days: number[], step: () => Promise<Response>][] = [
      [[12], () => starts("12T10:00:00")],
      [[12, 14], () => says("14T10:00:00")],
      [[10, 14], () => starts("10T10:00:00")],
      // In Kathmandu, the first of these is on the next day.
      [[10, 14, 16], () => says("10T23:30:00", "16T10:00:00")],
      // There, the second of these is at midnight.
      [[10, 12, 13, 14, 16], () => says("13T10:00:00", "12T18:15:00", "12T10:00:00")],
    ];
    for (const [days, step] of steps) {
      await step();
      await settle(t);
      const { byDay } = await stats(ada);
      expect(byDay.map(({ date, sessions }) => [date, sessions])).toEqual(
        days.map((day) => [`2026-02-${day}`, 1]),
      );
      for (let from = 10; from <= 17; from++) {
        const { totals } = await stats(ada, `tz=Asia/Kathmandu&from=2026-02-${from}`);
        const isActive = days.some((day) => day >= from);
        expect([days, from, totals.sessions]).toEqual([days, from, isActive ? 1 : 0]);
      }
    }
    await ada.send("DELETE", "/api/sessions/s", "");
    await settle(t);
    for (const table of ["dailyWrapped", "sessionDays", "ledgerGrains", "ledgerDays"] as const) {
      expect(await rows(t, table)).toEqual([]);
    }
  });

  test("hours are in the requested time zone", async () => {
    const { ada } = await withMessages([{ promptTokens: 1, createdAt: at("10T23:30:00") }]);
    const { byHour } = await stats(ada, "tz=Asia/Kathmandu");
    expect(byHour).toMatchObject([{ hour: 5, totalTokens: 1 }]);
  });

  test("an unknown time zone is refused", async () => {
    const { ada } = await withMessages([]);
    for (const tz of ["Mars/Base", "+02:00", "'"]) {
      const answer = await ada.get(`/api/stats?tz=${encodeURIComponent(tz)}`);
      expect(answer.status, tz).toBe(400);
      expect(await answer.text()).toContain("tz");
    }
  });
});

describe("prices", () => {
  const call = (fields: object) => ({ createdAt: at("03T10:00:00"), ...fields });

  test("each message costs what its own model cost; tokens without a price are named", async () => {
    const { t, ada } = await withMessages([
      call({ model: "claude-opus-4-1", promptTokens: 1_000, completionTokens: 100 }),
      call({
        model: "claude-opus-4-1-20250805",
        promptTokens: 10,
        cacheReadTokens: 10_000,
        cacheWrite5mTokens: 1_000,
        cacheWrite1hTokens: 2_000,
      }),
      call({ model: "gpt-9-nobody-knows", promptTokens: 500, completionTokens: 50 }),
      call({ promptTokens: 7 }),
    ]);
    const first = 0.0225;
    const second = (10 * 15 + 10_000 * 1.5 + 1_000 * 18.75 + 2_000 * 30) / 1e6;
    const { totals, byModel } = await stats(ada);
    expect(totals).toMatchObject({ computedCost: first + second, unpricedTokens: 557 });
    expect(byModel[0]).toMatchObject({ computedCost: first + second });
    // Rewritten, then deleted: exactly what was added is taken away.
    await ada.post("/sync/message", {
      ...{ sessionExternalId: "s", externalId: "m0", role: "assistant", textContent: "t0" },
      ...call({ model: "claude-haiku-4-5", promptTokens: 1_000, completionTokens: 100 }),
    });
    await settle(t);
    expect((await stats(ada)).totals.computedCost).toBeCloseTo(0.0015 + second, 12);
    await ada.send("DELETE", "/api/sessions/s", "");
    await settle(t);
    expect((await stats(ada)).totals.computedCost).toBeUndefined();
  });

  test("one kind of cache writes is counted and priced, also without the sum", async () => {
    const { ada } = await withMessages([
      { model: "claude-opus-4-1", cacheWrite1hTokens: 1_000, createdAt: at("03T10:00:00") },
      { model: "claude-opus-4-1", cacheWrite5mTokens: 1_000, createdAt: at("03T10:01:00") },
    ]);
    const { totals } = await stats(ada);
    expect(totals).toMatchObject({ cacheWriteTokens: 2_000, cacheWrite1hTokens: 1_000 });
    expect(totals.computedCost).toBeCloseTo(0.03 + 0.01875, 9);
  });

  test("the totals of a session have none: a price belongs to a request", async () => {
    const { ada } = await withMessages(
      [],
      [{ externalId: "s", model: "gpt-5", promptTokens: 90, completionTokens: 10 }],
    );
    expect((await stats(ada)).totals).toMatchObject({ unpricedTokens: 100 });
    expect((await stats(ada)).totals.computedCost).toBeUndefined();
  });

  test("a session shows what it used by model and by day, with the price and its table", async () => {
    const { ada } = await withMessages([
      call({ model: "claude-opus-4-1-20250805", promptTokens: 1_000, completionTokens: 100 }),
      call({ model: "gpt-9-nobody-knows", promptTokens: 500, completionTokens: 50 }),
      { model: "claude-opus-4-1", promptTokens: 10, createdAt: at("05T23:59:00") },
    ]);
    const { usage } = await read<{ usage: object }>(ada.get("/api/sessions/s"));
    expect(usage).toMatchObject({
      headline: "counted",
      priceTable: PRICE_TABLE,
      byModel: [
        {
          model: "claude-opus-4-1-20250805",
          priceId: "anthropic/claude-opus-4-1",
          ...{ messages: 2, totalTokens: 1_110, computedCost: 0.02265 },
        },
        { model: "gpt-9-nobody-knows", totalTokens: 550, unpricedTokens: 550 },
      ],
      byDay: [
        { date: "2026-02-03", messages: 2, totalTokens: 1_650, computedCost: 0.0225 },
        { date: "2026-02-05", messages: 1, totalTokens: 10, computedCost: 0.00015 },
      ],
    });
  });
});

test("a message that loses its usage in the burst in which another copy of it is counted leaves none", async () => {
  const call = { createdAt: at("03T10:00:00"), promptTokens: 100, apiMessageId: "r" };
  const { t, ada } = await withMessages([
    { ...call, externalId: "m3" },
    { ...call, externalId: "m0" },
  ]);
  expect((await stats(ada)).totals.totalTokens).toBe(100);
  // The same again as one burst, in every order of the two copies.
  for (const [first, second] of [
    ["m0", "m3"],
    ["m3", "m0"],
  ]) {
    const session = `s-${first}`;
    const message = { sessionExternalId: session, role: "assistant", textContent: "t" };
    const own = { ...message, ...call, apiMessageId: `r-${first}` };
    await ada.post("/sync/message", { ...own, externalId: first });
    await ada.post("/sync/message", { ...own, externalId: second });
    await ada.post("/sync/message", { ...own, externalId: first, promptTokens: 0 });
    await settle(t);
  }
  expect((await stats(ada)).totals.totalTokens).toBe(300);
});

test("usage that one message loses in the burst in which another one has it is counted with that one", async () => {
  const { t, ada } = await withMessages([]);
  const message = { sessionExternalId: "s", role: "assistant", textContent: "t" };
  const call = { ...message, createdAt: at("03T10:00:00"), promptTokens: 100 };
  await ada.post("/sync/message", { ...call, externalId: "m0", apiMessageId: "r" });
  await ada.post("/sync/message", { ...call, externalId: "m0", apiMessageId: "other" });
  await ada.post("/sync/message", { ...call, externalId: "m1", apiMessageId: "r" });
  await settle(t);
  expect((await stats(ada)).totals.totalTokens).toBe(200);
});

describe("a message that changes after many others of its session, before any of them is counted", () => {
  const message = (id: string, fields: object) => ({
    ...{ sessionExternalId: "s", externalId: id, role: "assistant", textContent: `t-${id}` },
    ...{ createdAt: at("03T10:00:00"), ...fields },
  });
  /** As a tool that streams sends them: each in a request of its own. */
  async function changed(ada: Person, fields: object) {
    for (let n = 0; n < 20; n++) await ada.post("/sync/message", message(`m${n}`, {}));
    await ada.post("/sync/message", message("answer", fields));
  }

  test("is counted once, also if another session has its usage meanwhile", async () => {
    const usage = { apiMessageId: "r", completionTokens: 5 };
    const { t, ada } = await withMessages([message("answer", usage)]);
    await changed(ada, { ...usage, completionTokens: 15 });
    await ada.post("/sync/message", message("answer", { ...usage, completionTokens: 25 }));
    const copy = message("copy", { ...usage, sessionExternalId: "fork", completionTokens: 12 });
    await ada.post("/sync/message", copy);
    const fork = (await rows(t, "sessions")).find(({ externalId }) => externalId === "fork");
    await t.mutation(internal.sessions.refresh, { sessionId: fork?._id ?? expect.fail() });
    await settle(t);
    expect((await stats(ada)).totals).toMatchObject({ completionTokens: 25, messages: 22 });
  });

  test("leaves no claim on its usage when its session is deleted", async () => {
    const { t, ada } = await withMessages([message("answer", { completionTokens: 5 })]);
    await changed(ada, { completionTokens: 25 });
    await ada.send("DELETE", "/api/sessions/s", undefined);
    await settle(t);
    expect(await rows(t, "usageClaims")).toEqual([]);
  });
});

test("a message whose usage is counted and not counted again before its session is refreshed adds nothing", async () => {
  const answer = (session: string, completionTokens: number) => ({
    ...{ sessionExternalId: session, externalId: "answer", role: "assistant", textContent: "t" },
    ...{ createdAt: at("03T10:00:00"), apiMessageId: "r", completionTokens },
  });
  const { t, ada } = await withMessages([answer("a", 30), answer("b", 20)]);
  const a = (await rows(t, "sessions")).find(({ externalId }) => externalId === "a");
  // The copy in `b` is counted as soon as that in `a` is the smaller one, and no longer when it is the greater one.
  for (const completionTokens of [10, 40]) {
    await ada.post("/sync/message", answer("a", completionTokens));
    await t.mutation(internal.sessions.refresh, { sessionId: a?._id ?? expect.fail() });
  }
  await settle(t);
  expect((await stats(ada)).totals).toMatchObject({ completionTokens: 40, messages: 2 });
});
