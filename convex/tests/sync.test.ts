import { describe, expect, test, vi } from "vitest";
import { internal } from "../_generated/api";
import { allPages, conversation, deployment, eachTestAt, loseScheduled } from "../test.setup";
import { rowsOfDay } from "./stats.fixture";
import { pagesOfSession, person, read, rows, settle } from "../test.setup";
import type { Deployment, Person, SessionPage } from "../test.setup";
import type { SessionAnswer } from "../wire/answers";

const NOW = Date.UTC(2026, 0, 22, 12);

eachTestAt(NOW);

/** The first page of a session. */
const get = (who: Person, id: string) =>
  read<SessionPage>(who.get(`/api/sessions/${encodeURIComponent(id)}?messages_limit=200`));
const texts = ({ messages }: Pick<SessionPage, "messages">) =>
  messages.map(({ textContent }) => textContent);

/** Everything stored except the log, as one comparable text. */
async function snapshot(t: Deployment): Promise<string> {
  const tables = ["sessions", "messages", "parts", "dailyWrapped"] as const;
  return JSON.stringify(await Promise.all(tables.map((table) => rows(t, table))));
}

test("a message that version 1 stored, with more of its hash, is recognised when it is delivered again", async () => {
  const t = deployment();
  const ada = await person(t);
  const delivery = conversation("s", ["why", "because"]);
  await ada.post("/sync/batch", delivery);
  await settle(t);
  await t.run(async (ctx) => {
    for await (const { _id, deliveryHash } of ctx.db.query("messages")) {
      await ctx.db.patch("messages", _id, { deliveryHash: `${deliveryHash}0123456789ab` });
    }
  });
  const stored = await snapshot(t);
  expect(await read(ada.post("/sync/batch", delivery))).toMatchObject({
    results: { messages: { skipped: 2 } },
  });
  expect(await snapshot(t)).toBe(stored);
  await ada.post("/sync/batch", conversation("s", ["why", "because of that"]));
  expect(texts(await get(ada, "s"))).toEqual(["why", "because of that"]);
});

describe("identity", () => {
  test("a message that comes twice in the batch that creates its session is stored once, as it came last", async () => {
    const ada = await person(deployment());
    const { sessions, messages } = conversation("s", ["first", "answer"]);
    const [question, answer] = messages;
    const again = { ...question, textContent: "last", parts: [] };
    const batch = { sessions, messages: [question, answer, again, again] };
    expect(await read(ada.post("/sync/batch", batch))).toMatchObject({
      results: { messages: { inserted: 2, updated: 1, skipped: 1 } },
    });
    expect(texts(await get(ada, "s"))).toEqual(["last", "answer"]);
  });

  test("two users who send the same ids never see or change each other's rows", async () => {
    const t = deployment();
    const [ada, bob] = [await person(t), await person(t, "bob@example.com")];
    const told = [
      [ada, "Ada's"],
      [bob, "Bob's"],
    ] as const;
    for (const [who, text] of told) {
      await who.post("/sync/batch", conversation("s", [text], { title: text }));
      await settle(t);
    }
    for (const [who, text] of told) {
      const session = await get(who, "s");
      expect(session).toMatchObject({ title: text, messageCount: 1 });
      expect(texts(session)).toEqual([text]);
      const list = await read<{ sessions: SessionAnswer[] }>(who.get("/api/sessions"));
      expect(list.sessions.map(({ title }) => title)).toEqual([text]);
    }
    const adas = await get(ada, "s");
    expect((await bob.get(`/api/sessions/${adas.id}`)).status).toBe(404);
    expect((await bob.get(`/api/sessions/get?id=${adas.id}`)).status).toBe(404);
  });

  test("a fork with the same message ids keeps all its messages, and so does the original", async () => {
    const t = deployment();
    const ada = await person(t);
    const said = (session: string) => ["u1", "u2", "u3"].map((id) => `${session} ${id}`);
    for (const session of ["original", "fork"]) {
      for (const [n, textContent] of said(session).entries()) {
        const message = { sessionExternalId: session, externalId: `u${n}`, textContent };
        await ada.post("/sync/message", message);
      }
    }
    await settle(t);
    expect(texts(await get(ada, "original"))).toEqual(said("original"));
    expect(texts(await get(ada, "fork"))).toEqual(said("fork"));
  });
});

describe("redelivery", () => {
  const send = async (ada: Person) => {
    await ada.post("/sync/session", {
      externalId: "s",
      title: "T",
      promptTokens: 10,
      completionTokens: 5,
      cost: 0.1,
      projectPath: "C:\\work\\app",
    });
    await ada.post("/sync/message", {
      sessionExternalId: "s",
      externalId: "a",
      role: "user",
      textContent: "question",
      createdAt: NOW - 5_000,
    });
    await ada.post("/sync/batch", {
      sessions: [],
      messages: [
        {
          sessionExternalId: "s",
          externalId: "b",
          role: "assistant",
          parts: [{ type: "tool_use", content: { toolName: "x", args: {}, result: "y" } }],
        },
      ],
    });
  };

  test("delivering everything again unchanged writes only the log", async () => {
    const t = deployment();
    const ada = await person(t);
    await send(ada);
    await settle(t);
    const before = await snapshot(t);
    vi.setSystemTime(NOW + 3_600_000);
    await send(ada);
    await settle(t);
    expect(await snapshot(t)).toBe(before);
    expect(await rows(t, "apiLogs")).toHaveLength(6);
  });

  test("a redelivery without parts keeps the parts, and one without text keeps the text", async () => {
    const t = deployment();
    const ada = await person(t);
    const parts = [{ type: "tool-call", content: { toolName: "x", args: { a: 1 } } }];
    const post = (fields: object) =>
      ada.post("/sync/message", { sessionExternalId: "s", externalId: "m", ...fields });
    await post({
      role: "assistant",
      textContent: "x".repeat(40_000),
      parts,
      model: "m1",
      promptTokens: 7,
    });
    await post({ durationMs: 12 });
    const [message] = (await get(ada, "s")).messages;
    expect(message).toMatchObject({
      role: "assistant",
      parts,
      model: "m1",
      promptTokens: 7,
      durationMs: 12,
    });
    expect(message?.textContent).toBe("x".repeat(40_000));
  });

  test("an unknown role, and text derived from parts, replace nothing that was sent", async () => {
    const ada = await person(deployment());
    const post = (fields: object) =>
      ada.post("/sync/message", { sessionExternalId: "s", externalId: "m", ...fields });
    await post({ role: "user", textContent: "said" });
    const parts = [{ type: "text", content: "from a part" }];
    await post({ role: "wizard", parts });
    expect((await get(ada, "s")).messages).toMatchObject([
      { role: "user", textContent: "said", parts },
    ]);
    await post({ role: "assistant", textContent: "said anew" });
    expect((await get(ada, "s")).messages).toMatchObject([
      { role: "assistant", textContent: "said anew", parts },
    ]);
  });

  test("the role as sent is stored with its role, and removed when another role replaces it", async () => {
    const ada = await person(deployment());
    const post = (role?: unknown) =>
      ada.post("/sync/message", { sessionExternalId: "s", externalId: "m", role });
    const roles = async () =>
      (await get(ada, "s")).messages.map(({ role, rawRole }) => [role, rawRole]);
    await post("human");
    await post();
    await post("wizard");
    expect(await roles()).toEqual([["user", "human"]]);
    await post("assistant");
    expect(await roles()).toEqual([["assistant", undefined]]);
  });

  test("a longer text replaces a truncated one at once, and a shorter one leaves no remainder", async () => {
    const t = deployment();
    const ada = await person(t);
    const post = (textContent: string) =>
      ada.post("/sync/message", { sessionExternalId: "s", externalId: "m", textContent });
    for (const text of ["short", "long ".repeat(20_000), "end"]) {
      await post(text);
      expect(texts(await get(ada, "s"))).toEqual([text]);
    }
    await settle(t);
    expect(await rows(t, "parts")).toEqual([]);
  });

  test("duplicates in one batch are one message, and the last wins", async () => {
    const t = deployment();
    const ada = await person(t);
    const messages = ["first", "second", "last"].map((textContent) => ({
      sessionExternalId: "s",
      externalId: "m",
      textContent,
    }));
    await ada.post("/sync/batch", { messages });
    await settle(t);
    const session = await get(ada, "s");
    expect(texts(session)).toEqual(["last"]);
    expect(session.messageCount).toBe(1);
  });
});

describe("merging a plugin's fields of a session", () => {
  const cases: [string, object[], object][] = [
    [
      "absent, null and empty values keep the stored ones",
      [{ title: "T", model: "m" }, { title: "" }, { title: null, model: "  " }],
      { title: "T", model: "m" },
    ],
    [
      "0 never replaces a positive number",
      [
        { promptTokens: 5, cost: 0.2 },
        { promptTokens: 0, cost: 0 },
      ],
      { promptTokens: 5, cost: 0.2 },
    ],
    [
      "totals may shrink",
      [
        { promptTokens: 500, completionTokens: 150 },
        { promptTokens: 200, completionTokens: 60 },
      ],
      { promptTokens: 200, totalTokens: 260 },
    ],
    [
      "a placeholder title never replaces a real one",
      [
        { title: "Real" },
        { title: "Untitled Session" },
        { title: "New session - 2026-01-22T10:00:00.000Z" },
      ],
      { title: "Real" },
    ],
    [
      "a real title replaces a placeholder",
      [{ title: "Untitled" }, { title: "Real" }],
      { title: "Real" },
    ],
    [
      "an unknown model never replaces a known one",
      [{ model: "gpt" }, { model: "unknown" }],
      { model: "gpt" },
    ],
    [
      "an explicit source replaces the default",
      [{}, { source: "pi:macbook" }, {}],
      { source: "pi:macbook" },
    ],
    ["cursor is cursor-sync", [{ source: "cursor" }], { source: "cursor-sync" }],
    [
      "the earliest known time counts",
      [{ createdAt: NOW - 1_000 }, { createdAt: NOW - 9_000 }, { createdAt: NOW - 3_000 }],
      { createdAt: NOW - 9_000 },
    ],
    [
      "a repository's full name stays whole",
      [{ projectPath: "/home/me/web", projectName: "acme/web" }],
      { projectName: "acme/web" },
    ],
    [
      "a Windows path names its project",
      [{ projectPath: "C:\\Users\\me\\my app", projectName: "C:\\Users\\me\\my app" }],
      { projectName: "my app" },
    ],
    [
      "a path names the project when nothing else does",
      [{ projectPath: "/srv/app/" }],
      { projectName: "app" },
    ],
    [
      "a plugin's own total counts",
      [{ promptTokens: 1, completionTokens: 2, totalTokens: 10 }],
      { totalTokens: 10 },
    ],
    [
      "sessionId is an alias",
      [{ sessionId: "s", externalId: undefined, title: "T" }],
      { title: "T" },
    ],
  ];
  test.each(cases)("%s", async (_, requests, expected) => {
    const t = deployment();
    const ada = await person(t);
    for (const request of requests) {
      expect((await ada.post("/sync/session", { externalId: "s", ...request })).status).toBe(200);
    }
    await settle(t);
    expect(await get(ada, "s")).toMatchObject(expected);
  });

  test("a very long title is cut, not refused", async () => {
    const ada = await person(deployment());
    await ada.post("/sync/session", { externalId: "s", title: "🎉".repeat(10_000) });
    expect((await get(ada, "s")).title).toMatch(/^(🎉){100,}…$/u);
  });
});

describe("totals", () => {
  const message = (n: number, fields: object) => ({
    sessionExternalId: "s",
    externalId: `m${n}`,
    role: "assistant",
    textContent: `t${n}`,
    ...fields,
  });

  test("come from the messages until a plugin reports them, and are never added up from both", async () => {
    const t = deployment();
    const ada = await person(t);
    await ada.post(
      "/sync/message",
      message(1, { promptTokens: 100, completionTokens: 10, cost: 0.1, model: "m1" }),
    );
    await ada.post(
      "/sync/message",
      message(2, { promptTokens: 200, completionTokens: 20, cost: 0.2, model: "m2" }),
    );
    await settle(t);
    const summed = await get(ada, "s");
    expect(summed).toMatchObject({
      promptTokens: 300,
      completionTokens: 30,
      totalTokens: 330,
      cost: 0.3,
      model: "m2",
      reported: [],
    });
    await ada.post("/sync/session", { externalId: "s", promptTokens: 1_000 });
    await ada.post("/sync/message", message(3, { promptTokens: 5, completionTokens: 5 }));
    await settle(t);
    expect(await get(ada, "s")).toMatchObject({
      promptTokens: 305,
      completionTokens: 35,
      totalTokens: 340,
      reported: ["promptTokens"],
      usage: { headline: "counted", reported: { promptTokens: 1_000 } },
    });
  });

  test("change by the difference each time a counted message is rewritten", async () => {
    const t = deployment();
    const ada = await person(t);
    await ada.post("/sync/message", message(1, { promptTokens: 100 }));
    await ada.post("/sync/message", message(2, { promptTokens: 7 }));
    await settle(t);
    await ada.post("/sync/message", message(1, { promptTokens: 40 }));
    await ada.post("/sync/message", message(1, { promptTokens: 60, completionTokens: 3 }));
    await settle(t);
    await ada.post("/sync/message", message(1, { promptTokens: 61 }));
    await settle(t);
    expect(await get(ada, "s")).toMatchObject({
      messageCount: 2,
      promptTokens: 68,
      completionTokens: 3,
      totalTokens: 71,
    });
  });
});

describe("the refresh of a session", () => {
  const prompts = (ids: readonly string[]) =>
    ids.map((externalId, n) => ({
      ...{ sessionExternalId: "s", externalId, role: "user", textContent: `prompt ${externalId}` },
      createdAt: NOW + n * 1_000,
    }));

  test("counts rewrites of more messages than one refresh reads", async () => {
    const t = deployment();
    const ada = await person(t);
    // One refresh reads a thousand changes.
    const messages = prompts(Array.from({ length: 1_050 }, (_, n) => `m${n}`));
    for (const promptTokens of [1, 3]) {
      const sent = messages.map((message) => ({ ...message, promptTokens }));
      for (let at = 0; at < sent.length; at += 525)
        await ada.post("/sync/batch", { messages: sent.slice(at, at + 525) });
      await settle(t);
      expect(await get(ada, "s")).toMatchObject({
        messageCount: 1_050,
        promptTokens: 1_050 * promptTokens,
      });
    }
  });

  test.each([true, false])(
    "keeps the model that the plugin named for the session, whatever messages name (session first: %s)",
    async (isFirst) => {
      const t = deployment();
      const ada = await person(t);
      const session = { externalId: "s", model: "own-model", provider: "own" };
      if (isFirst) await ada.post("/sync/session", session);
      for (const [n, model] of ["one-model", "other-model"].entries()) {
        const [prompt] = prompts([`m${n}`]);
        await ada.post("/sync/message", { ...prompt, model, provider: "theirs" });
        await settle(t);
      }
      if (!isFirst) await ada.post("/sync/session", session);
      await settle(t);
      const again = { sessionExternalId: "s", externalId: "last", role: "assistant" };
      await ada.post("/sync/message", { ...again, textContent: "x", model: "last-model" });
      await settle(t);
      expect(await get(ada, "s")).toMatchObject({ model: "own-model", provider: "own" });
    },
  );

  test("updates the title and search text if the first prompt arrives late or is rewritten", async () => {
    const t = deployment();
    const ada = await person(t);
    const [late, ...others] = prompts(["first", "b", "c", "d", "e"]);
    await ada.post("/sync/batch", { messages: others });
    await settle(t);
    expect(await get(ada, "s")).toMatchObject({ title: "prompt b" });
    await ada.post("/sync/message", late);
    await settle(t);
    expect(await get(ada, "s")).toMatchObject({ title: "prompt first" });
    await ada.post("/sync/message", { ...late, textContent: "rewritten" });
    await settle(t);
    expect(await get(ada, "s")).toMatchObject({ title: "rewritten" });
    expect((await rows(t, "sessions"))[0]?.searchableText).toBe(
      "\n\nrewritten\nprompt b\nprompt c",
    );
    // The last prompt that the session's search text contains.
    await ada.post("/sync/message", { ...others[1], textContent: "c again" });
    await settle(t);
    expect((await rows(t, "sessions"))[0]?.searchableText).toBe("\n\nrewritten\nprompt b\nc again");
  });

  test("runs again after being lost, by the cron or by the next message", async () => {
    const t = deployment();
    const ada = await person(t);
    const [first, second] = prompts(["a", "b"]);
    const lose = async () => {
      await loseScheduled(t);
      vi.advanceTimersByTime(71_000);
    };
    await ada.post("/sync/message", first);
    await lose();
    expect((await get(ada, "s")).messageCount).toBe(0);
    await t.mutation(internal.sessions.sweepRefreshes, {});
    await settle(t);
    expect((await get(ada, "s")).messageCount).toBe(1);
    await ada.post("/sync/message", { ...first, externalId: "lost with its refresh" });
    await lose();
    await ada.post("/sync/message", second);
    await settle(t);
    expect((await get(ada, "s")).messageCount).toBe(3);
  });

  test("each sweep schedules the sessions that earlier sweeps left, even before any scheduled refresh has run", async () => {
    const t = deployment();
    const ada = await person(t);
    const count = 230;
    const messages = Array.from({ length: count }, (_, n) => ({
      ...prompts(["a"])[0],
      sessionExternalId: `s${n}`,
    }));
    await ada.post("/sync/batch", { messages });
    await loseScheduled(t);
    vi.setSystemTime(Date.now() + 71_000);
    for (let sweeps = 0; sweeps < 3; sweeps++)
      await t.mutation(internal.sessions.sweepRefreshes, {});
    const scheduled = await t.run(({ db }) => db.system.query("_scheduled_functions").collect());
    const waiting = scheduled.filter(({ state }) => state.kind === "pending");
    const sessions = waiting.map(({ args }) => (args[0] as { sessionId: string }).sessionId);
    expect([sessions.length, new Set(sessions).size]).toEqual([count, count]);
  });
});

describe("order of the conversation", () => {
  test("source times decide, whatever the order of arrival", async () => {
    const ada = await person(deployment());
    for (const [id, at] of [
      ["c", 3],
      ["a", 1],
      ["b", 2],
    ] as const) {
      await ada.post("/sync/message", {
        sessionExternalId: "s",
        externalId: id,
        textContent: id,
        createdAt: NOW + at,
      });
    }
    expect(texts(await get(ada, "s"))).toEqual(["a", "b", "c"]);
  });

  test("a time is the same moment in every form that clients send, and none becomes the time of arrival", async () => {
    const t = deployment();
    const ada = await person(t);
    const at = Date.UTC(2025, 11, 24, 18, 30, 5);
    const forms = [
      at,
      at / 1_000,
      at * 1_000,
      `${at}000000`,
      "2025-12-24T19:30:05+01:00",
      "2025-12-24 18:30:05",
      "20251224T183005Z",
      "Wed, 24 Dec 2025 18:30:05 GMT",
      "Wed, 24 Dec 2025 13:30:05 EST",
    ];
    const messages = forms.map((createdAt, n) => ({
      ...{ sessionExternalId: "s", externalId: `m${n}`, role: "user", textContent: `form ${n}` },
      createdAt,
    }));
    await ada.post("/sync/batch", { messages });
    await settle(t);
    const { messages: stored } = await get(ada, "s");
    expect(stored.map(({ createdAt }) => createdAt)).toEqual(forms.map(() => at));
  });

  test("the time inside OpenCode ids puts the question before an answer that arrived first", async () => {
    const ada = await person(deployment());
    const id = (ms: number, counter: number) =>
      `msg_${((BigInt(ms) * 4096n + BigInt(counter)) % 2n ** 48n).toString(16).padStart(12, "0")}XyZ`;
    const [question, answer] = [id(NOW - 9_000, 1), id(NOW - 8_999, 1)];
    await ada.post("/sync/message", {
      sessionExternalId: "ses_x",
      externalId: answer,
      textContent: "answer",
    });
    await ada.post("/sync/message", {
      sessionExternalId: "ses_x",
      externalId: question,
      textContent: "question",
    });
    const session = await get(ada, "ses_x");
    expect(texts(session)).toEqual(["question", "answer"]);
    expect(session.messages[0]?.createdAt).toBe(NOW - 9_000);
  });

  test("the time in claude-code-sync's ids counts", async () => {
    const ada = await person(deployment());
    for (const at of [NOW - 1_000, NOW - 3_000, NOW - 2_000]) {
      await ada.post("/sync/message", {
        sessionExternalId: "s",
        externalId: `s-user-${at}`,
        textContent: String(at),
      });
    }
    expect(texts(await get(ada, "s"))).toEqual([NOW - 3_000, NOW - 2_000, NOW - 1_000].map(String));
  });
});

describe("sessions that only messages name", () => {
  test("are created on demand, titled by the first prompt, and omitted from the plugins' list", async () => {
    const t = deployment();
    const ada = await person(t);
    await ada.post("/sync/message", {
      sessionExternalId: "quiet",
      externalId: "m",
      role: "user",
      textContent: "Fix the\nlogin page",
      source: "claude-code",
    });
    await ada.post("/sync/session", { externalId: "announced" });
    await settle(t);
    expect(await get(ada, "quiet")).toMatchObject({
      title: "Fix the login page",
      source: "claude-code",
      messageCount: 1,
    });
    expect(await read(ada.get("/sync/sessions/list"))).toEqual({ sessionIds: ["announced"] });
  });

  test("take the source of the first message that has one, in statistics too", async () => {
    const t = deployment();
    const ada = await person(t);
    const post = async (externalId: string, fields: object) => {
      await ada.post("/sync/message", { sessionExternalId: "s", externalId, ...fields });
      await settle(t);
    };
    const sources = async () => {
      const days = await rows(t, "dailyWrapped");
      const counted = days.flatMap((day) =>
        rowsOfDay(day).map((row) => [row.source, row.messages]),
      );
      return [(await get(ada, "s")).source, ...counted];
    };
    await post("a", { role: "user", textContent: "hello" });
    expect(await sources()).toEqual(["opencode", ["opencode", 1]]);
    await post("b", { source: "claude-code" });
    expect(await sources()).toEqual(["claude-code", ["claude-code", 2]]);
    await post("c", { source: "pi" });
    await post("d", {});
    expect(await sources()).toEqual(["claude-code", ["claude-code", 4]]);
    await ada.post("/sync/session", { externalId: "s", source: "droid" });
    await settle(t);
    expect(await sources()).toEqual(["droid", ["droid", 4]]);
  });

  test("of several messages with a source take that of the first, in whatever order these arrive", async () => {
    const at = { pi: Date.now() - 50_000, "codex-cli": Date.now() - 40_000 };
    for (const order of [["pi", "codex-cli"] as const, ["codex-cli", "pi"] as const]) {
      const t = deployment();
      const ada = await person(t);
      await ada.post("/sync/message", { sessionExternalId: "s", externalId: "m" });
      for (const source of order) {
        const message = { sessionExternalId: "s", externalId: source, textContent: "hi" };
        await ada.post("/sync/message", { ...message, source, createdAt: at[source] });
      }
      await settle(t);
      expect(await get(ada, "s")).toMatchObject({ source: "pi" });
    }
  });
});

describe("a burst", () => {
  const MESSAGES = 400;
  const burst = Array.from({ length: MESSAGES }, (_, n) => ({
    sessionExternalId: "s",
    externalId: `m${n}`,
    role: n % 4 === 0 ? "user" : "assistant",
    textContent: n % 4 === 0 ? `prompt ${n}` : `answer ${n}`,
    promptTokens: n,
    completionTokens: 1,
    cost: 0.001,
    createdAt: NOW - 1_000_000 + n * 1_000,
  }));

  /** Deterministic shuffle, each message twice. */
  const deliveries = [...burst, ...burst]
    .map((message, i) => ({ message, key: Math.imul(i + 1, 0x9e3779b1) >>> 0 }))
    .sort((a, b) => a.key - b.key)
    .map(({ message }) => message);

  test("of 400 shuffled messages, each sent twice, eight in parallel, is stored once and counted correctly", async () => {
    const t = deployment();
    const ada = await person(t);
    for (let at = 0; at < deliveries.length; at += 8) {
      const answers = await Promise.all(
        deliveries.slice(at, at + 8).map((message) => ada.post("/sync/message", message)),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      vi.setSystemTime(Date.now() + 10);
      await t.finishInProgressScheduledFunctions();
    }
    await settle(t);
    const pages = await pagesOfSession(ada, "s");
    expect(pages[0]).toMatchObject({
      messageCount: MESSAGES,
      promptTokens: (MESSAGES * (MESSAGES - 1)) / 2,
      completionTokens: MESSAGES,
      cost: 0.4,
      title: "prompt 0",
      createdAt: NOW - 1_000_000,
    });
    expect(pages.flatMap(texts)).toEqual(burst.map(({ textContent }) => textContent));
    const [row] = await rows(t, "sessions");
    expect(row?.searchableText).toBe("\n\nprompt 0\nprompt 4\nprompt 8");
    expect(row?.refreshDueAt).toBeUndefined();
  }, 120_000);

  test("schedules one refresh, and no message after the first writes the session", async () => {
    const t = deployment();
    const ada = await person(t);
    await ada.post("/sync/message", burst[0]);
    const afterFirst = await rows(t, "sessions");
    for (const message of burst.slice(1, 20)) await ada.post("/sync/message", message);
    expect(await rows(t, "messages")).toHaveLength(20);
    expect(await rows(t, "sessions")).toEqual(afterFirst);
    const scheduled = await t.run((ctx) => ctx.db.system.query("_scheduled_functions").collect());
    expect(scheduled.filter(({ name }) => name.includes("refresh"))).toHaveLength(1);
  });
});

test("the plugins' list holds every announced session, however many there are", async () => {
  const ada = await person(deployment());
  const ids = Array.from({ length: 1_100 }, (_, n) => `s${String(n).padStart(4, "0")}`);
  await ada.post("/sync/batch", { sessions: ids.map((externalId) => ({ externalId })) });
  expect(await read(ada.get("/sync/sessions/list"))).toEqual({ sessionIds: ids });
});

test("the list pages through everything exactly once while sessions arrive", async () => {
  const t = deployment();
  const ada = await person(t);
  const externalIds = Array.from({ length: 25 }, (_, n) => `s${n}`);
  for (const [n, externalId] of externalIds.entries()) {
    // Many equal times, as in an import without times.
    await ada.post("/sync/session", {
      externalId,
      createdAt: NOW - 1_000_000 + Math.floor(n / 6) * 1_000,
      source: n % 2 ? "pi" : "codex-cli",
    });
  }
  type Page = { sessions: SessionAnswer[]; cursor: string | null };
  let arrived = 0;
  const walk = async (query: string) => {
    const pages = await allPages(
      async (cursor) => {
        await ada.post("/sync/session", { externalId: `new${arrived++}`, createdAt: NOW });
        const on = cursor ? `&cursor=${cursor}` : "";
        return await read<Page>(ada.get(`/api/sessions?limit=4${query}${on}`));
      },
      ({ cursor }) => cursor,
    );
    return pages.flatMap(({ sessions }) => sessions.map(({ externalId }) => externalId));
  };
  expect((await walk("")).filter((id) => !id.startsWith("new")).sort()).toEqual(
    [...externalIds].sort(),
  );
  expect((await walk("&source=pi")).sort()).toEqual(externalIds.filter((_, n) => n % 2).sort());
});

test("a page of messages ends before it gets too large, and the next page continues there", async () => {
  const t = deployment();
  const ada = await person(t);
  const big = "z".repeat(3 * 1024 * 1024);
  for (const n of [0, 1, 2]) {
    await ada.post("/sync/message", {
      sessionExternalId: "s",
      externalId: `m${n}`,
      createdAt: NOW + n,
      parts: [{ type: "tool-result", content: `${n}${big}` }],
    });
  }
  const pages = await pagesOfSession(ada, "s");
  const ids = pages.map(({ messages }) => messages.map(({ externalId }) => externalId));
  expect(ids).toEqual([["m0"], ["m1"], ["m2"]]);
});

test("newer prompt and completion counts replace an older reported total", async () => {
  const t = deployment();
  const ada = await person(t);
  const send = (numbers: object) =>
    ada.post("/sync/session", { externalId: "s", createdAt: NOW, ...numbers });
  await send({ promptTokens: 3_000, completionTokens: 2_000, totalTokens: 5_000 });
  await send({ promptTokens: 300, completionTokens: 100 });
  expect(await read(ada.get("/api/sessions/s"))).toMatchObject({ totalTokens: 400 });
  await send({ totalTokens: 450 });
  expect(await read(ada.get("/api/sessions/s"))).toMatchObject({ totalTokens: 450 });
});
