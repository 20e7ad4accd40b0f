import { convexToJson, type Value } from "convex/values";
import { describe, expect, test, vi } from "vitest";
import { api } from "../_generated/api";
import { dashboardValue, dashboardParts } from "../lib/sessions/dashboardParts";
import {
  allPages,
  deployment,
  eachTestAt,
  pagesOfSession,
  person,
  read,
  settle,
} from "../test.setup";

eachTestAt(Date.UTC(2026, 0, 22, 12));

/** Stores a session with these messages, and reads it as its owner. */
async function talk(messages: object[], session: object = {}) {
  const t = deployment();
  const ada = await person(t);
  await ada.post("/sync/session", { externalId: "s1", title: "Title", ...session });
  await ada.post("/sync/batch", {
    messages: messages.map((message, i) => ({
      sessionExternalId: "s1",
      externalId: `m${i}`,
      ...message,
    })),
  });
  await settle(t);
  const { id } = await read<{ id: string }>(ada.get("/api/sessions/s1"));
  return { t, ada, me: ada.dashboard, sessionId: id };
}

describe("the dashboard's session", () => {
  test("is complete and in order, with every part in a form the dashboard can render", async () => {
    const args = { $schema: 1, _id: 2, "": 3, ключ: 4 };
    const { me, sessionId } = await talk(
      [
        { role: "user", textContent: "Why?" },
        {
          role: "assistant",
          textContent: "Because.",
          parts: [
            { type: "tool-call", content: { name: "Read", args: { file: "a.ts" } } },
            { type: "tool_use", content: { toolName: "Odd", args } },
            { type: "tool-result", content: { output: { ok: true } } },
            { type: "text", content: { text: "Done." } },
          ],
        },
      ],
      { promptTokens: 10, completionTokens: 5, cost: 0.5 },
    );
    const found = await me.query(api.sessions.get, { sessionId });
    expect(found).toMatchObject({
      session: { _id: sessionId, title: "Title", totalTokens: 15, cost: 0.5, isPublic: false },
      messages: [
        { role: "user", textContent: "Why?", parts: [{ type: "text", content: "Why?" }] },
        {
          role: "assistant",
          parts: [
            { type: "text", content: "Because." },
            { type: "tool-call", content: { name: "Read", args: { file: "a.ts" } } },
            { type: "tool-call", content: { name: "Odd", args: JSON.stringify(args) } },
            { type: "tool-result", content: { result: { ok: true } } },
            { type: "text", content: "Done." },
          ],
        },
      ],
      messagesCursor: null,
    });
    expect(() => convexToJson(found as Value)).not.toThrow();
  });

  test("has the numbers that the dashboard prints unchecked, and no null for absent values", async () => {
    const { me, sessionId } = await talk([{ role: "user", textContent: "x" }]);
    const found = await me.query(api.sessions.get, { sessionId });
    expect(found?.session).toMatchObject({ promptTokens: 0, totalTokens: 0, cost: 0 });
    expect(Object.values(found?.session ?? {})).not.toContain(null);
  });

  test("is null, or an empty text, for an invalid id, a deleted session, or another user's", async () => {
    const { t, me, sessionId } = await talk([{ role: "user", textContent: "x" }]);
    const other = (await person(t, "bob@example.com")).dashboard;
    for (const [who, id] of [
      [me, "nonsense"],
      [me, ""],
      [other, sessionId],
      [t, sessionId],
    ] as const) {
      expect(await who.query(api.sessions.get, { sessionId: id })).toBeNull();
      expect(await who.query(api.sessions.getMarkdown, { sessionId: id })).toBe("");
    }
    await me.mutation(api.sessions.remove, { sessionId });
    expect(await me.query(api.sessions.get, { sessionId })).toBeNull();
    expect(await me.query(api.sessions.getMarkdown, { sessionId })).toBe("");
    expect(await t.query(api.sessions.exportAllDataCSV, {})).toBe("");
  });

  test("continues with a cursor if a conversation is longer than one query may read", async () => {
    const { ada, me, sessionId } = await talk([]);
    for (const mark of ["0", "1", "2"]) {
      const message = { sessionExternalId: "s1", externalId: mark, role: "user" };
      const answer = await ada.post("/sync/message", {
        ...message,
        textContent: mark.repeat(4_000_000),
      });
      expect(answer.status).toBe(200);
      vi.setSystemTime(Date.now() + 1_000);
    }
    const pages = await allPages(
      (cursor) => me.query(api.sessions.get, cursor ? { sessionId, cursor } : { sessionId }),
      (page) => page?.messagesCursor,
    );
    expect(pages.length).toBeGreaterThan(1);
    // A message longer than a page comes in portions, each under the message's id.
    const texts = new Map<string, string>();
    for (const { _id, parts } of pages.flatMap((page) => page?.messages ?? [])) {
      const content = parts[0]?.content;
      texts.set(_id, (texts.get(_id) ?? "") + (typeof content === "string" ? content : ""));
    }
    const whole = ["0", "1", "2"].map((mark) => mark.repeat(4_000_000));
    expect(Array.from(texts.values(), (text, at) => text === whole[at])).toEqual([
      true,
      true,
      true,
    ]);
    expect(pages[0]?.messages[0]?.parts[1]?.content).toBe("… 3.2MB more of this message");
  });

  test("a message whose JSON is larger than a page comes alone, and those after it follow", async () => {
    const { ada } = await talk([]);
    const message = { sessionExternalId: "s1", externalId: "a", role: "assistant" };
    // Six bytes each as JSON; stored in two deliveries, because one could not hold both.
    const dense = "\u0001".repeat(1_200_000);
    const said = { textContent: dense };
    const parts = [{ type: "tool-result", content: dense }];
    for (const content of [said, { parts }]) {
      expect((await ada.post("/sync/message", { ...message, ...content })).status).toBe(200);
    }
    const after = { ...message, externalId: "b", textContent: "and then" };
    expect((await ada.post("/sync/message", after)).status).toBe(200);
    const pages = await pagesOfSession(ada, "s1");
    const found = pages.map(({ messages }) => messages.map(({ externalId }) => externalId));
    expect(found).toEqual([["a"], ["b"]]);
    expect(pages[0]?.messages[0]).toMatchObject({ textContent: dense, parts });
  });

  test("returns a text in both fields that clients read, and a very long one only once", async () => {
    const long = "x".repeat(200_000);
    const { me, sessionId } = await talk([
      { role: "user", textContent: "short" },
      { role: "user", textContent: long },
    ]);
    const [short, once] = (await me.query(api.sessions.get, { sessionId }))?.messages ?? [];
    expect(short).toMatchObject({ textContent: "short", parts: [{ content: "short" }] });
    expect(once).toMatchObject({ parts: [{ content: long }] });
    expect(once).not.toHaveProperty("textContent");
  });

  test("continues with a cursor if the messages have more parts than one query may read", async () => {
    const { ada, me, sessionId } = await talk([]);
    const parts = Array.from({ length: 1_000 }, (_, i) => ({ type: "x", content: i }));
    const messages = Array.from({ length: 9 }, (_, i) => ({ externalId: `${i}`, parts }));
    for (const one of messages)
      await ada.post("/sync/message", { sessionExternalId: "s1", ...one });
    const pages = await allPages(
      (cursor) => me.query(api.sessions.get, cursor ? { sessionId, cursor } : { sessionId }),
      (page) => page?.messagesCursor,
    );
    expect(pages.length).toBeGreaterThan(1);
    const drawn = pages.flatMap((page) => page?.messages ?? []);
    expect(drawn.map((message) => message.parts.length)).toEqual(messages.map(() => 1_000));
  });

  test("can be exported as Markdown, and all sessions as a table with one row each", async () => {
    const { me, sessionId } = await talk([{ role: "user", textContent: "Why?" }], {
      title: "=1+1, a title",
    });
    const csv = await me.query(api.sessions.exportAllDataCSV, {});
    const [header = "", row = "", ...rest] = csv.split("\n");
    expect(header.split(",").slice(0, 4)).toEqual(["Session ID", "External ID", "Source", "Title"]);
    expect([row.startsWith(`${sessionId},s1,`), row.includes(`"'=1+1, a title"`), rest]).toEqual([
      true,
      true,
      [],
    ]);
    const markdown = await me.query(api.sessions.getMarkdown, { sessionId });
    expect(markdown).toContain("Why?");
  });

  test("appears in a table of the newest 500, whose last row says that there are older ones", async () => {
    const { ada, me } = await talk([{ role: "user", textContent: "Why?" }]);
    const others = Array.from({ length: 499 }, (_, n) => ({ externalId: `later${n}` }));
    for (const at of [0, 250]) {
      await ada.post("/sync/batch", { sessions: others.slice(at, at + 250) });
    }
    const table = async () => {
      const csv = await me.query(api.sessions.exportAllDataCSV, {});
      return csv.split("\n").slice(1);
    };
    const ids = (lines: string[]) => lines.map((line) => line.split(",")[1]);
    const later = others.map(({ externalId }) => externalId);
    expect(ids(await table())).toEqual(["s1", ...later]);
    await ada.post("/sync/session", { externalId: "newest" });
    const lines = await table();
    expect(ids(lines.slice(0, -1))).toEqual([...later, "newest"]);
    expect(lines.at(-1)).toBe(
      `"Only the newest 500 sessions; GET /api/sessions lists all of them."${",".repeat(17)}`,
    );
  });
});

describe("sharing", () => {
  test("shows the conversation to anyone with the link, and nothing about the owner", async () => {
    const { t, me, sessionId } = await talk([{ role: "user", textContent: "Why?" }], {
      projectPath: "/home/ada/secret",
      cost: 3,
    });
    const { publicSlug: slug = "" } = await me.mutation(api.sessions.setVisibility, {
      sessionId,
      isPublic: true,
    });
    const shared = await t.query(api.sessions.getPublic, { slug });
    expect(Object.keys(shared?.session ?? {}).sort()).toEqual([
      "createdAt",
      "source",
      "title",
      "totalTokens",
    ]);
    expect(shared?.messages[0]?.parts).toEqual([{ type: "text", content: "Why?" }]);
    expect(JSON.stringify(shared)).not.toContain("ada");
    expect(await me.mutation(api.sessions.setVisibility, { sessionId, isPublic: false })).toEqual({
      isPublic: false,
    });
    expect(await t.query(api.sessions.getPublic, { slug })).toBeNull();
    const again = await me.mutation(api.sessions.setVisibility, { sessionId, isPublic: true });
    expect(again.publicSlug).toBe(slug);
    expect(await t.query(api.sessions.getPublic, { slug: "" })).toBeNull();
  });
});

describe("values that Convex cannot return", () => {
  test("are returned as JSON text, and all other values unchanged", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 200; i++) deep = [deep];
    for (const value of [
      { $a: 1 },
      { a: { _b: 1 } },
      { "": 1 },
      { ü: 1 },
      deep,
      Array(9_000).fill(0),
    ]) {
      expect(dashboardValue(value)).toBe(JSON.stringify(value));
    }
    const fine = { a: [1, "x", null, true, { "b c": {} }] };
    expect(dashboardValue(fine)).toEqual(fine);
  });

  test("a message with more parts than an array may have ends with their number", () => {
    const parts = Array.from({ length: 20_000 }, (_, i) => ({ type: "text", content: `${i}` }));
    const drawn = dashboardParts({ role: "user", parts });
    expect(drawn).toHaveLength(4_001);
    expect(drawn[4_000]).toEqual({ type: "text", content: "… 16000 more parts" });
  });
});
