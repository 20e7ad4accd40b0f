import { describe, expect, test } from "vitest";
import { internal } from "../_generated/api";
import { deployment, eachTestAt, person, read, rows, settle } from "../test.setup";
import type { Deployment, Person, SessionPage } from "../test.setup";
import type { StatsAnswer } from "../wire/stats";

/** Calls and errors per tool, in statistics and of a session. */

const NOW = Date.UTC(2026, 10, 22, 12);
eachTestAt(NOW);

type Counts = { [tool: string]: [calls: number, errors: number] };

async function byTool(who: Person, query = ""): Promise<Counts> {
  const { byTool: split } = await read<StatsAnswer>(who.get(`/api/stats?${query}`));
  return Object.fromEntries(split.map(({ tool, calls, errors }) => [tool, [calls, errors]]));
}

const message = (id: string, parts: unknown[], fields: object = {}) => ({
  ...{ sessionExternalId: "s", externalId: id, role: "assistant", createdAt: NOW - 60_000 },
  ...{ parts, ...fields },
});
const call = (toolName: string) => ({ type: "tool-call", content: { toolName, args: {} } });
const use = (id: string, name: string) => ({ type: "tool_use", id, name, input: {} });
const result = (id: string, isError: boolean) => ({
  ...{ type: "tool_result", tool_use_id: id, content: "out" },
  ...(isError ? { is_error: true } : {}),
});

async function send(t: Deployment, who: Person, ...messages: object[]) {
  await who.post("/sync/batch", { messages });
  await settle(t);
}

async function setUp() {
  const t = deployment();
  return { t, ada: await person(t) };
}

describe("calls and errors count for their tool", () => {
  test.each<[string, unknown[], Counts]>([
    [
      "calls as plugins send them",
      [call("Bash"), call("Bash"), call("Read")],
      {
        Bash: [2, 0],
        Read: [1, 0],
      },
    ],
    ["a call in a text", [{ type: "tool_use", content: "shell: npm i" }], { shell: [1, 0] }],
    [
      "OpenCode's call with its state",
      [{ type: "tool", tool: "edit", callID: "c", state: { status: "error", error: "no" } }],
      { edit: [1, 1] },
    ],
    [
      "Droid's call with a result",
      [{ type: "tool_use", content: { toolName: "Execute", args: {}, result: "fine" } }],
      { Execute: [1, 0] },
    ],
    [
      "Claude's call and its failed result",
      [use("c1", "Bash"), result("c1", true)],
      {
        Bash: [1, 1],
      },
    ],
    [
      "a failed result without an id, after its call",
      [
        call("Read"),
        call("Edit"),
        { type: "tool-result", content: "ok" },
        { type: "tool-result", content: { output: "no", is_error: true } },
      ],
      { Read: [1, 0], Edit: [1, 1] },
    ],
    [
      "Gemini's response that names its function",
      [{ functionResponse: { name: "search", response: { error: "boom" } } }],
      { search: [0, 1] },
    ],
    [
      "a call without a name",
      [{ type: "tool-call", content: { args: {} } }],
      {
        unknown: [1, 0],
      },
    ],
    ["no tools", [{ type: "text", text: "tool" }], {}],
    [
      "names with any characters",
      [call("a:b;c,d|e.f"), call("__proto__"), call("日本 %2C")],
      { "a:b;c,d|e.f": [1, 0], ["__proto__"]: [1, 0], "日本 %2C": [1, 0] },
    ],
  ])("%s", async (_, parts, counts) => {
    const { t, ada } = await setUp();
    await send(t, ada, message("m", parts));
    expect(Object.entries(await byTool(ada)).sort()).toEqual(Object.entries(counts).sort());
  });

  test("content of a megabyte is counted, its errors included", async () => {
    const { t, ada } = await setUp();
    const long = "x".repeat(1_100_000);
    await send(
      t,
      ada,
      message("text", [use("a", "Bash"), { ...result("a", true), content: long }]),
      message("json", [
        { type: "tool-call", content: { toolCallId: "b", toolName: "Write", args: { long } } },
        { type: "tool-result", content: { toolCallId: "b", output: long, is_error: true } },
      ]),
    );
    expect(await byTool(ada)).toEqual({ Bash: [1, 1], Write: [1, 1] });
  });

  test("each failed result of a message counts for its call, also where one call has two", async () => {
    const { t, ada } = await setUp();
    await send(t, ada, message("m", [use("a", "Bash"), result("a", true), result("a", true)]));
    expect(await byTool(ada)).toEqual({ Bash: [1, 2] });
  });

  test("a failed result in another message counts for its call, in any order of arrival", async () => {
    const messages = [
      message("call", [use("c1", "Bash"), use("c2", "Read")]),
      message("result", [result("c1", true), result("c2", false)], { role: "user" }),
    ];
    for (const order of [messages, [...messages].reverse()]) {
      for (const isOneRequest of [true, false]) {
        const { t, ada } = await setUp();
        if (isOneRequest) await send(t, ada, ...order);
        else for (const one of order) await send(t, ada, one);
        expect(await byTool(ada)).toEqual({ Bash: [1, 1], Read: [1, 0] });
      }
    }
  });

  test("a failed result counts for an unknown tool until its call arrives", async () => {
    const { t, ada } = await setUp();
    await send(t, ada, message("result", [result("c1", true)], { role: "user" }));
    expect(await byTool(ada)).toEqual({ unknown: [0, 1] });
    await send(t, ada, message("call", [use("c1", "Bash")]));
    expect(await byTool(ada)).toEqual({ Bash: [1, 1] });
    await send(t, ada, message("result", [result("c1", false)], { role: "user" }));
    expect(await byTool(ada)).toEqual({ Bash: [1, 0] });
  });
});

test("a session shows its calls by tool, and statistics are filtered by day and name", async () => {
  const { t, ada } = await setUp();
  const at = (time: string) => ({ createdAt: Date.parse(`2026-10-${time}Z`) });
  await send(
    t,
    ada,
    message("m1", [call("Bash")], { ...at("20T22:30:00"), model: "model-a" }),
    message("m2", [call("Read")], { ...at("20T21:30:00"), model: "model-b" }),
  );
  const { usage } = await read<SessionPage>(ada.get("/api/sessions/s"));
  expect(usage?.byTool).toEqual([
    { tool: "Bash", calls: 1, errors: 0 },
    { tool: "Read", calls: 1, errors: 0 },
  ]);
  expect(await byTool(ada, "model=model-a")).toEqual({ Bash: [1, 0] });
  expect(await byTool(ada, "tz=Europe/Berlin&from=2026-10-21")).toEqual({ Bash: [1, 0] });
  expect(await byTool(ada, "tz=Europe/Berlin&to=2026-10-20")).toEqual({ Read: [1, 0] });
});

test("a rewrite, a repetition and a deletion leave exactly what is stored", async () => {
  const { t, ada } = await setUp();
  const first = message("m", [call("Bash"), call("Read")]);
  await send(t, ada, first, message("other", [call("Bash")], { sessionExternalId: "s2" }));
  await send(t, ada, first);
  expect(await byTool(ada)).toEqual({ Bash: [2, 0], Read: [1, 0] });
  await send(t, ada, message("m", [call("Edit")]));
  expect(await byTool(ada)).toEqual({ Bash: [1, 0], Edit: [1, 0] });
  // A delivery without parts keeps those that are stored.
  await send(t, ada, { ...message("m", []), parts: undefined, textContent: "done" });
  expect(await byTool(ada)).toEqual({ Bash: [1, 0], Edit: [1, 0] });
  await ada.send("DELETE", "/api/sessions/s", "");
  await settle(t);
  expect(await byTool(ada)).toEqual({ Bash: [1, 0] });
  await ada.send("DELETE", "/api/sessions/s2", "");
  await settle(t);
  for (const table of ["ledgerGrains", "sessionDays", "callLinks", "dailyWrapped"] as const) {
    expect(await rows(t, table)).toEqual([]);
  }
});

test("any number of tools is counted, and an answer names a thousand of them", async () => {
  const { t, ada } = await setUp();
  const messages = Array.from({ length: 36 }, (_, session) => ({
    ...message(
      "m",
      Array.from({ length: 70 }, (_, n) => call(`tool-${session}-${n}`)),
    ),
    sessionExternalId: `s${session}`,
    createdAt: NOW - (session % 2) * 86_400_000,
  }));
  for (let at = 0; at < 36; at += 12) await send(t, ada, ...messages.slice(at, at + 12));
  const counts = await byTool(ada);
  expect(Object.keys(counts)).toHaveLength(1_000);
  expect(Object.values(counts).reduce((sum, [calls]) => sum + calls, 0)).toBe(36 * 70);
  for (let n = 0; n < 36; n++) await ada.send("DELETE", `/api/sessions/s${n}`, "");
  await settle(t);
  expect(await byTool(ada)).toEqual({});
  expect(await rows(t, "ledgerGrains")).toEqual([]);
});

test("messages with many tools of long names are counted, and no row comes near what a document may hold", async () => {
  const { t, ada } = await setUp();
  const messages = Array.from({ length: 100 }, (_, m) => {
    const calls = Array.from({ length: 80 }, (_, n) =>
      use(`c${m}-${n}`, `${"工具".repeat(60)}${n}`),
    );
    const results = Array.from({ length: 80 }, (_, n) => result(`c${m + 1}-${n}`, true));
    return message(`m${m}`, [...calls, ...results]);
  });
  await ada.post("/sync/batch", { messages });
  for (const row of await rows(t, "messageChanges")) {
    expect(JSON.stringify(row).length).toBeLessThan(500_000);
  }
  for (const { tools = "" } of await rows(t, "messages")) expect(tools.length).toBeLessThan(4_000);
  await settle(t);
  const counts = Object.values(await byTool(ada));
  expect(counts.reduce((sum, [calls]) => sum + calls, 0)).toBe(8_000);
});

test("messages that an earlier version stored are counted in the background", async () => {
  const { t, ada } = await setUp();
  const messages = [
    message("call", [use("c1", "Bash")]),
    message("result", [result("c1", true)], { role: "user" }),
  ];
  await send(t, ada, ...messages, message("text", [], { textContent: "hi", promptTokens: 7 }));
  const before = await read<StatsAnswer>(ada.get("/api/stats"));
  await t.run(async ({ db }) => {
    const cleared = { tools: undefined };
    for (const { _id } of await db.query("messages").collect())
      await db.patch("messages", _id, cleared);
    for (const { _id } of await db.query("callLinks").collect()) await db.delete("callLinks", _id);
    for (const { _id } of await db.query("ledgerGrains").collect())
      await db.patch("ledgerGrains", _id, cleared);
    for (const { _id, entries } of await db.query("sessionDays").collect()) {
      await db.patch("sessionDays", _id, {
        entries: entries.map((entry) => ({ ...entry, ...cleared })),
      });
    }
    for (const { _id, stats } of await db.query("dailyWrapped").collect()) {
      const grains = stats.grains?.map((grain) => ({ ...grain, ...cleared }));
      await db.patch("dailyWrapped", _id, { stats: { grains } });
    }
  });
  expect(await byTool(ada)).toEqual({});
  await t.mutation(internal.migrations.start, {});
  await settle(t);
  expect(await read<StatsAnswer>(ada.get("/api/stats"))).toEqual(before);
  expect(await byTool(ada)).toEqual({ Bash: [1, 1] });
});
