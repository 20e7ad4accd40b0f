import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { PRICE_TABLE } from "../lib/stats/prices";
import { deployment, eachTestAt, person, read, rows, settle } from "../test.setup";
import type { Person } from "../test.setup";

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
};
type Stats = {
  totals: Row & {
    reportedTokens?: number;
    uncostedTokens?: number;
    computedCost?: number;
    unpricedTokens?: number;
  };
  byDay: (Row & { date: string })[];
  byModel: (Row & { model: string })[];
  byProject: (Row & { project: string })[];
  byHour: (Row & { hour: number })[];
};

const stats = (who: Person, query = "") => read<Stats>(who.get(`/api/stats?${query}`));

/** A message of the history, as last sent. */
type Sent = {
  session: string;
  id: string;
  at: number;
  text: string;
  model: string;
  prompt: number;
  completion: number;
  api?: string;
};

type Step =
  | { kind: "message"; sent: Sent }
  | { kind: "fork"; from: string; to: string }
  | { kind: "delete"; session: string }
  | { kind: "project"; session: string; name: string }
  | { kind: "settle" };

/** Times around midnight in the zones, and around both clock changes. */
const BASES = [
  Date.UTC(2026, 9, 24, 22),
  Date.UTC(2026, 9, 25, 1),
  Date.UTC(2026, 9, 31, 18, 15),
  Date.UTC(2026, 10, 1, 6),
  Date.UTC(2026, 10, 2, 0),
];
const OFFSETS = [-1, 0, 899_999, 900_000, 5 * 900_000 - 1, 3_600_000 * 9 + 900_000];
const moment = fc
  .tuple(fc.constantFrom(...BASES), fc.constantFrom(...OFFSETS))
  .map(([base, offset]) => base + offset);
const session = fc.constantFrom("s0", "s1", "s2");

/** A model with a price: $3 a million tokens read, $15 written, for requests of this size. */
const PRICED = "claude-sonnet-4-5";
const priceNanos = ({ prompt, completion, model }: Sent) =>
  model === PRICED ? prompt * 3_000 + completion * 15_000 : 0;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        session,
        id: fc.constantFrom("m0", "m1", "m2", "m3"),
        at: moment,
        text: fc.constantFrom("a", "b"),
        model: fc.constantFrom(PRICED, "gpt-y", "<synthetic>", ""),
        prompt: fc.constantFrom(0, 0, 100, 1_001),
        completion: fc.constantFrom(0, 7, 20),
        api: fc.option(fc.constantFrom("r1", "r2"), { nil: undefined }),
      })
      // A response has one model and one time.
      .map((sent): Step => ({
        kind: "message",
        sent:
          sent.api === undefined
            ? sent
            : { ...sent, model: PRICED, at: BASES[1] ?? 0, prompt: 100 },
      })),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("fork" as const), from: session, to: session }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), session }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("project" as const),
      session,
      name: fc.constantFrom("p", "q"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("settle" as const) }) },
);

const costOf = ({ prompt, completion }: Sent) => (prompt * 3 + completion * 15) / 1e7;

function body(sent: Sent) {
  return {
    sessionExternalId: sent.session,
    externalId: sent.id,
    role: "assistant",
    textContent: sent.text,
    ...(sent.model === "" ? {} : { model: sent.model }),
    promptTokens: sent.prompt,
    completionTokens: sent.completion,
    cost: costOf(sent),
    ...(sent.api === undefined ? {} : { apiMessageId: sent.api }),
    createdAt: sent.at,
  };
}

/** The expected state after a history: messages by session and id, and the projects of sessions. */
class History {
  readonly messages = new Map<string, Sent>();
  readonly projects = new Map<string, string>();
  readonly deleted = new Set<string>();

  send(sent: Sent): Sent {
    const key = `${sent.session} ${sent.id}`;
    const before = this.messages.get(key);
    // A message keeps its time, and the fields that a delivery does not send.
    const now = { ...sent, at: before?.at ?? sent.at };
    if (now.model === "" && before) now.model = before.model;
    now.api ??= before?.api;
    this.messages.set(key, now);
    return sent;
  }

  remove(name: string): void {
    for (const [key, sent] of this.messages) if (sent.session === name) this.messages.delete(key);
    this.projects.delete(name);
    this.deleted.add(name);
  }

  /** The messages; each usage counts for one of its copies: the greatest, then the earliest. */
  counted(): { sent: Sent; isCounted: boolean }[] {
    const all = Array.from(this.messages.values());
    const first = new Map<string, Sent>();
    for (const sent of all) {
      const key = usageOf(sent);
      const known = first.get(key);
      const weight = (one: Sent) => one.prompt + 2 * one.completion;
      const isBetter =
        known === undefined ||
        weight(sent) > weight(known) ||
        (weight(sent) === weight(known) && sent.at < known.at);
      if (isBetter) first.set(key, sent);
    }
    return all.map((sent) => ({ sent, isCounted: first.get(usageOf(sent)) === sent }));
  }

  /**
   * Nano-dollars by the price list. Copies of one usage that name different models may be counted for
   * either of them, so that there is a least and a most; nearly always both are the same.
   */
  prices(): { least: number; most: number } {
    let [least, most] = [0, 0];
    for (const { sent, isCounted } of this.counted()) {
      if (!isCounted) continue;
      const copies = Array.from(this.messages.values()).filter(
        (one) =>
          usageOf(one) === usageOf(sent) &&
          one.at === sent.at &&
          one.prompt + 2 * one.completion === sent.prompt + 2 * sent.completion,
      );
      least += Math.min(...copies.map(priceNanos));
      most += Math.max(...copies.map(priceNanos));
    }
    return { least, most };
  }
}

function usageOf({ id, at, text, prompt, completion, api }: Sent): string {
  return api ?? JSON.stringify([id, at, text, prompt, completion]);
}

async function take(who: Person, history: History, one: Step, t: Parameters<typeof settle>[0]) {
  if (one.kind === "settle") return await settle(t);
  if (one.kind === "message") {
    if (history.deleted.has(one.sent.session)) return;
    await who.post("/sync/message", body(history.send(one.sent)));
  } else if (one.kind === "fork") {
    if (history.deleted.has(one.to)) return;
    for (const sent of Array.from(history.messages.values())) {
      if (sent.session !== one.from) continue;
      await who.post("/sync/message", body(history.send({ ...sent, session: one.to })));
    }
  } else if (one.kind === "project") {
    if (history.deleted.has(one.session)) return;
    if (!Array.from(history.messages.values()).some((sent) => sent.session === one.session)) return;
    history.projects.set(one.session, one.name);
    await who.post("/sync/session", { externalId: one.session, projectName: one.name });
  } else {
    history.remove(one.session);
    await who.send("DELETE", `/api/sessions/${one.session}`, "");
  }
}

function dateIn(zone: string, at: number): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(at);
}

type Sum = { messages: number; tokens: number; nanos: number; sessions: number };

function sumOf(counted: ReturnType<History["counted"]>): Sum {
  const own = counted.filter(({ isCounted }) => isCounted).map(({ sent }) => sent);
  return {
    messages: counted.length,
    tokens: own.reduce((sum, { prompt, completion }) => sum + prompt + completion, 0),
    nanos: own.reduce((sum, sent) => sum + Math.round(costOf(sent) * 1e9), 0),
    sessions: new Set(counted.map(({ sent }) => sent.session)).size,
  };
}

const seen = ({ messages, totalTokens, cost, sessions }: Row): Sum => ({
  messages,
  tokens: totalTokens,
  nanos: Math.round(cost * 1e9),
  sessions,
});

async function expectTrue(who: Person, history: History) {
  const counted = history.counted();
  for (const zone of ZONES) {
    const dates = new Map<string, typeof counted>();
    for (const one of counted) {
      const date = dateIn(zone, one.sent.at);
      dates.set(date, [...(dates.get(date) ?? []), one]);
    }
    const answer = await stats(who, `tz=${zone}`);
    const byDay = Object.fromEntries(answer.byDay.map((day) => [day.date, seen(day)]));
    const expected = Array.from(dates, ([date, ofDay]) => [date, sumOf(ofDay)] as const);
    expect(byDay, zone).toEqual(Object.fromEntries(expected));
    expect(seen(answer.totals)).toEqual(sumOf(counted));
  }
  const { computedCost = 0 } = (await stats(who)).totals;
  const { least, most } = history.prices();
  expect(Math.round(computedCost * 1e9)).toBeGreaterThanOrEqual(least);
  expect(Math.round(computedCost * 1e9)).toBeLessThanOrEqual(most);
  const range = await stats(who, "tz=Asia/Kathmandu&from=2026-10-25&to=2026-10-31");
  const inRange = counted.filter(({ sent }) => {
    const date = dateIn("Asia/Kathmandu", sent.at);
    return date >= "2026-10-25" && date <= "2026-10-31";
  });
  expect(seen(range.totals)).toEqual(sumOf(inRange));
  const tokens = (answer: { totalTokens: number; model: string }[], model: string) =>
    answer.find((one) => one.model === model)?.totalTokens ?? 0;
  const { byModel } = await stats(who);
  for (const model of [PRICED, "gpt-y"]) {
    const named = counted.filter(({ sent }) => sent.model === model);
    expect(tokens(byModel, model), model).toBeGreaterThanOrEqual(sumOf(named).tokens);
  }
  expect(byModel.map(({ model }) => model)).not.toContain("<synthetic>");
}

test(
  "numbers equal a brute-force count after any history, in every zone",
  { timeout: 120_000 },
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
        for (const name of ["s0", "s1", "s2"]) {
          await ada.send("DELETE", `/api/sessions/${name}`, "");
        }
        await settle(t);
        const tables = ["dailyWrapped", "sessionDays", "ledgerGrains", "ledgerDays", "usageClaims"];
        for (const table of tables) expect(await rows(t, table as "usageClaims")).toEqual([]);
      }),
      { numRuns: 12 },
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
