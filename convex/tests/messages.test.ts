import { beforeEach, describe, expect, test } from "vitest";
import { internal } from "../_generated/api";
import { sha256 } from "../lib/hash";
import { conversation, deployment, eachTestAt, person, read, rows, settle } from "../test.setup";
import type { Deployment, Person, SessionPage } from "../test.setup";
import type { MessageAnswer, SessionAnswer } from "../wire/answers";

const NOW = Date.UTC(2026, 0, 22, 12);
eachTestAt(NOW);

type Found = {
  message: MessageAnswer;
  session: SessionAnswer;
  sessionId: string;
  messages: MessageAnswer[];
  hasBefore: boolean;
  hasAfter: boolean;
};

let t: Deployment;
let ada: Person;
let eve: Person;
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
  eve = await person(t, "eve@example.com");
  const said = Array.from({ length: 10 }, (_, n) => ({
    text: `message ${n}`,
    parts: [{ type: "text", content: `message ${n}` }],
  }));
  await ada.post("/sync/batch", conversation("s", said, { createdAt: NOW - 100_000 }));
  await settle(t);
});

const ids = (messages: readonly MessageAnswer[]) => messages.map(({ externalId }) => externalId);
const get = (path: string, who = ada) => read<Found>(who.get(`/api/messages/${path}`));

describe("GET /api/messages/:id", () => {
  test("opens the message that a search found", async () => {
    const { results } = await read<{ results: { messageId: string; sessionId: string }[] }>(
      ada.get("/api/search?q=%22message+7%22"),
    );
    const [hit] = results;
    const found = await get(hit?.messageId ?? "");
    expect(found.message).toMatchObject({ externalId: "s-7", textContent: "message 7" });
    expect(found.message.parts).toEqual([{ type: "text", content: "message 7" }]);
    expect(found.session).toMatchObject({ externalId: "s", id: hit?.sessionId });
    expect(found.sessionId).toBe(hit?.sessionId);
    expect(ids(found.messages)).toEqual(["s-7"]);
  });

  test("takes the plugin's id too, and returns neighbours in order", async () => {
    const found = await get("s-4?before=2&after=3");
    expect(ids(found.messages)).toEqual(["s-2", "s-3", "s-4", "s-5", "s-6", "s-7"]);
    expect(found.messages.every(({ parts }) => parts.length === 1)).toBe(true);
    expect([found.hasBefore, found.hasAfter]).toEqual([true, true]);
    expect(found.message.externalId).toBe("s-4");
  });

  test("tells on which side there are further neighbours", async () => {
    const sides = async (path: string) => {
      const { hasBefore, hasAfter } = await get(path);
      return [hasBefore, hasAfter];
    };
    expect(await sides("s-2?before=1&after=50")).toEqual([true, false]);
    expect(await sides("s-1?before=50&after=1")).toEqual([false, true]);
  });

  test("tells that there are no further neighbours", async () => {
    const found = await get("s-1?before=50&after=50");
    expect(found.messages).toHaveLength(10);
    expect([found.hasBefore, found.hasAfter]).toEqual([false, false]);
  });

  test("asks for the session if several have a message with that id", async () => {
    for (const session of ["x", "y"]) {
      const message = { sessionExternalId: session, externalId: "msg-1", textContent: session };
      await ada.post("/sync/message", message);
    }
    const answer = await ada.get("/api/messages/msg-1");
    expect([answer.status, (await read(answer)).code]).toEqual([409, "CONFLICT"]);
    expect((await get("msg-1?session=y")).message.textContent).toBe("y");
    expect((await get("msg-1?sessionId=x")).message.textContent).toBe("x");
  });

  test("answers 404 for others' messages, by both ids, and with one's own session", async () => {
    await eve.post("/sync/session", { externalId: "s" });
    const [message] = await rows(t, "messages");
    for (const id of [message?._id ?? "", "s-0", `${message?._id}?session=s`, "s-0?session=s"]) {
      const answer = await eve.get(`/api/messages/${id}`);
      expect([id, answer.status]).toEqual([id, 404]);
    }
    // The same id in someone else's session is no conflict.
    await eve.post("/sync/message", {
      sessionExternalId: "e",
      externalId: "s-0",
      textContent: "e",
    });
    expect((await get("s-0")).message.textContent).toBe("message 0");
    expect((await get("s-0", eve)).message.textContent).toBe("e");
  });

  test("leaves out neighbours that are too large, and never the message", async () => {
    const large = "x".repeat(900_000);
    await ada.post(
      "/sync/batch",
      conversation("l", ["a", large, "b", large, "c"], { createdAt: NOW }),
    );
    const found = await get("l-2?before=2&after=2");
    expect(ids(found.messages)).toEqual(["l-0", "l-1", "l-2"]);
    expect([found.hasBefore, found.hasAfter]).toEqual([false, true]);
    expect((await get("l-3")).message.textContent).toHaveLength(900_000);
  });

  test("reads a message that no query can hold, equal to what was sent and to the session's", async () => {
    const textContent = `${"ein Wört ".repeat(250_000)}\n`;
    const parts = [{ type: "tool_result", tool_use_id: "c", content: [{ text: textContent }] }];
    const message = { sessionExternalId: "big", externalId: "big-0", role: "user" };
    await ada.post("/sync/message", { ...message, textContent, parts });
    const { message: found, messages, ...rest } = await get("big-0?before=3&after=3");
    expect(found.textContent).toBe(textContent);
    expect(found.parts).toEqual(parts);
    expect(messages).toEqual([found]);
    expect(rest).toMatchObject({ hasBefore: false, hasAfter: false });
    const session = await read<SessionPage>(ada.get("/api/sessions/big"));
    expect(session.messages).toEqual([found]);
  });

  test("answers 404 for a message of a deleted session at once", async () => {
    const [message] = await rows(t, "messages");
    await ada.send("DELETE", "/api/sessions/s", undefined);
    expect((await ada.get(`/api/messages/${message?._id}`)).status).toBe(404);
    expect((await ada.get("/api/messages/s-0")).status).toBe(404);
  });
});

describe("the messages of a session", () => {
  const page = (query: string) => read<SessionPage>(ada.get(`/api/sessions/s?${query}`));

  test("can be read newest first, page by page, without a gap or a repetition", async () => {
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const found: SessionPage = await page(`order=desc&limit=4&messages_cursor=${cursor}`);
      seen.push(...ids(found.messages));
      expect(found.messages.every(({ parts }) => parts.length === 1)).toBe(true);
      cursor = found.messagesCursor;
    }
    expect(seen).toEqual(Array.from({ length: 10 }, (_, n) => `s-${9 - n}`));
  });

  test("after a message are what is new since then", async () => {
    const [message] = await rows(t, "messages");
    expect(ids((await page("after=s-7")).messages)).toEqual(["s-8", "s-9"]);
    expect(ids((await page("after=s-7&order=desc")).messages)).toEqual(["s-9", "s-8"]);
    expect(ids((await page(`after=${message?._id}&limit=2`)).messages)).toEqual(["s-1", "s-2"]);
    expect((await page("after=s-9")).messages).toEqual([]);
  });

  test("after a message of another session is 404", async () => {
    await ada.post("/sync/message", {
      sessionExternalId: "o",
      externalId: "o-1",
      textContent: "x",
    });
    expect((await ada.get("/api/sessions/s?after=o-1")).status).toBe(404);
    const message = (await rows(t, "messages")).find(({ externalId }) => externalId === "o-1");
    expect((await ada.get(`/api/sessions/s?after=${message?._id}`)).status).toBe(404);
  });
});

test("a session says when its latest message was, and whether it is active, quiet or ended", async () => {
  const session = () => read<SessionAnswer>(ada.get("/api/sessions/s"));
  expect(await session()).toMatchObject({ state: "active", lastMessageAt: NOW - 91_000 });
  await ada.post("/sync/batch", conversation("old", ["x"], { createdAt: NOW - 3_600_000 }));
  await settle(t);
  expect(await read(ada.get("/api/sessions/old"))).toMatchObject({ state: "quiet" });
  await ada.post("/sync/session", { externalId: "old", endReason: "exit" });
  expect(await read(ada.get("/api/sessions/old"))).toMatchObject({ state: "ended" });
});

describe("the index of a session's prompts", () => {
  const prompts = async (texts: readonly string[]) => {
    const said = texts.map((text) => ({ role: "user", text }));
    await ada.post("/sync/batch", conversation("p", said, { createdAt: NOW - 100_000 }));
    const caller = { kind: "key" as const, hash: await sha256(ada.apiKey), prefix: "osk_" };
    const { entries, isCut } = await t.query(internal.sessions.prompts, { caller, id: "p" });
    return { texts: entries.map(({ text }) => text), isCut };
  };

  test("has the beginning of each, marked where it is cut, and no secret", async () => {
    const token = `ghp${"_"}${"a1B2".repeat(9)}`;
    const long = "a".repeat(200);
    const { texts, isCut } = await prompts(["short", long, `use ${token}`]);
    expect(texts).toEqual(["short", `${"a".repeat(90)}…`, expect.not.stringContaining("a1B2")]);
    expect(isCut).toBe(false);
  });

  test("has at most 200, and says that it is cut there", async () => {
    const { texts, isCut } = await prompts(Array.from({ length: 201 }, (_, n) => `prompt ${n}`));
    expect([texts.length, isCut]).toEqual([200, true]);
  });
});
