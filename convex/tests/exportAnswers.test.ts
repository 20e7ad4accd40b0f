import { describe, expect, test } from "vitest";
import { internal } from "../_generated/api";
import { sha256 } from "../lib/hash";
import {
  allPages,
  conversation,
  deployment,
  eachTestAt,
  person,
  read,
  settle,
  type Deployment,
  type Person,
} from "../test.setup";

/** Exports of several answers that end inside sessions. */

const NOW = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;
eachTestAt(NOW);

/** Sessions in the order in which an export has them: created at the same moment, the last one first. */
const IDS = ["third", "second", "first"] as const;
type SessionId = (typeof IDS)[number];
/** Messages of half a megabyte each. An answer holds 21, so three are needed; the first ends inside a page of two. */
const MESSAGES = { third: 24, second: 12, first: 12 };
const TEXT = "é".repeat(250_000);

/** Stores sessions that all began at one moment. What was said in a later one was said hours later. */
async function store(who: Person): Promise<void> {
  for (const [hours, id] of [...IDS].reverse().entries()) {
    const sessions = [{ externalId: id, createdAt: NOW - 24 * HOUR }];
    const messages = Array.from({ length: MESSAGES[id] }, (_, n) => ({
      sessionExternalId: id,
      externalId: `${n}`,
      role: n % 2 === 0 ? "user" : "assistant",
      textContent: TEXT,
      createdAt: NOW - 20 * HOUR + hours * HOUR + n,
    }));
    for (let at = 0; at < messages.length; at += 10) {
      const answer = await who.post("/sync/batch", {
        sessions,
        messages: messages.slice(at, at + 10),
      });
      expect(answer.status).toBe(200);
    }
  }
}

type Exported = { sessions: { externalId: string; messages: { externalId: string }[] }[] };

/** All answers of an export: what each contains, and what its headers say. */
async function exported(who: Person, query: string) {
  const answers = await allPages(
    (cursor) => who.get(`/api/export?format=json&${query}${cursor ? `&cursor=${cursor}` : ""}`),
    ({ headers }) => headers.get("X-Export-Cursor"),
  );
  const documents = await Promise.all(answers.map((answer) => read<Exported>(answer)));
  return {
    answers: answers.length,
    said: documents.flatMap(({ sessions }) =>
      sessions.flatMap(({ externalId, messages }) =>
        messages.map((message) => `${externalId}/${message.externalId}`),
      ),
    ),
    counted: answers.reduce(
      (sum, { headers }) => sum + Number(headers.get("X-Export-Sessions")),
      0,
    ),
    unknown: answers.flatMap(({ headers }) => headers.get("X-Export-Unknown") ?? []),
  };
}

const allOf = (...ids: SessionId[]) =>
  ids.flatMap((id) => Array.from({ length: MESSAGES[id] }, (_, n) => `${id}/${n}`));

test("every message comes once and in order, wherever answers end, and limits and unknown ids hold over all answers", async () => {
  const t = deployment();
  const ada = await person(t);
  await store(ada);
  await settle(t);
  const all = await exported(ada, "all=true");
  expect(all.answers).toBeGreaterThanOrEqual(3);
  expect(all.said).toEqual(allOf(...IDS));
  expect(all.counted).toBe(IDS.length);
  // The limit is reached in a later answer than the first.
  const two = await exported(ada, "all=true&limit=2");
  expect(two.answers).toBeGreaterThanOrEqual(2);
  expect(two.said).toEqual(allOf("third", "second"));
  expect(two.counted).toBe(2);
  const listed = await exported(ada, "sessionIds=none1,first,none2,third,first,none3,second,none4");
  expect(listed.said).toEqual(allOf("first", "third", "second"));
  expect(listed.counted).toBe(3);
  expect(listed.unknown.join(", ")).toMatch(/none1.*none2.*none3.*none4/);
  expect(listed.unknown.join(", ").match(/none\d/g)).toHaveLength(4);
  // The first answer has no whole session.
  expect((await exported(ada, "id=third")).said).toEqual(allOf("third"));
  const { headers } = await ada.post("/api/export", { sessionIds: ["third"], format: "json" });
  expect(headers.get("X-Export-Cursor")).not.toBeNull();
  // A link would lead to another export, because it has no body.
  expect(headers.get("Link")).toBeNull();
}, 60_000);

describe("one query reads a bounded part of an export, and the next one goes on there", () => {
  /** The pages of an export of everything, with the rows and bytes of text that each returned. */
  async function pagesOf(t: Deployment, who: Person) {
    const caller = { kind: "key", hash: await sha256(who.apiKey), prefix: "osk_" } as const;
    const selection = { all: true };
    const pages = await allPages(
      (position) =>
        t.query(internal.evals.exportPage, { caller, selection, position: position ?? null }),
      ({ next }) => next,
    );
    return pages.map(({ pieces }) => {
      const messages = pieces.flatMap((piece) => piece.messages);
      return {
        ids: messages.map(({ externalId }) => externalId),
        rows: messages.reduce((sum, { parts }) => sum + 1 + parts.length, 0),
        bytes: messages.reduce((sum, { textContent = "" }) => sum + textContent.length, 0),
        sessions: new Set(pieces.map(({ head }) => head.externalId)).size,
      };
    });
  }

  test("by bytes, inside a session", async () => {
    const t = deployment();
    const ada = await person(t);
    const texts = Array.from({ length: 12 }, () => "x".repeat(400_000));
    const { messages } = conversation("s", texts, { createdAt: NOW - HOUR });
    await ada.post("/sync/batch", { messages });
    const pages = await pagesOf(t, ada);
    expect(pages.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...pages.map(({ bytes }) => bytes))).toBeLessThanOrEqual(2_400_000);
    expect(pages.flatMap(({ ids }) => ids)).toEqual(messages.map(({ externalId }) => externalId));
  });

  test("by rows", async () => {
    const t = deployment();
    const ada = await person(t);
    const parts = Array.from({ length: 700 }, () => ({ type: "text", content: "x" }));
    for (const [at, id] of ["third", "second", "first"].entries()) {
      const said = [{ parts }, { parts }, { parts }, { parts }];
      await ada.post(
        "/sync/batch",
        conversation(id, said, { createdAt: NOW - HOUR - at * 60_000 }),
      );
    }
    const pages = await pagesOf(t, ada);
    expect(pages.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...pages.map(({ rows }) => rows))).toBeLessThanOrEqual(8_000);
    const all = ["third", "second", "first"].flatMap((id) => [0, 1, 2, 3].map((n) => `${id}-${n}`));
    expect(pages.flatMap(({ ids }) => ids)).toEqual(all);
  });

  test("by sessions", async () => {
    const t = deployment();
    const ada = await person(t);
    const sessions = Array.from({ length: 120 }, (_, n) => ({
      ...{ externalId: `s${n}`, createdAt: NOW - HOUR },
    }));
    const messages = sessions.map(({ externalId }) => ({
      ...{ sessionExternalId: externalId, externalId, role: "user", textContent: "x" },
    }));
    await ada.post("/sync/batch", { sessions, messages });
    const pages = await pagesOf(t, ada);
    expect(pages.map((page) => page.sessions)).toEqual([50, 50, 20]);
    const ids = pages.flatMap((page) => page.ids);
    expect([ids.length, new Set(ids).size]).toEqual([120, 120]);
  });
});

test("messages are numbered on after one that is read in portions", async () => {
  const t = deployment();
  const ada = await person(t);
  const texts = ["before", "word ".repeat(700_000), "after", "the end"];
  const { sessions, messages } = conversation("s", texts, { createdAt: NOW - HOUR });
  await ada.post("/sync/batch", { sessions, messages });
  const csv = await (await ada.get("/api/export?id=s&format=csv&bom=false")).text();
  const indexAt = csv.split("\n")[0]?.split(",").indexOf("index") ?? -1;
  const ids = messages.map(({ externalId }) => externalId);
  const rowsOf = csv.split("\n").filter((line) => ids.some((id) => line.includes(`,${id},`)));
  expect(rowsOf.map((row) => row.split(",")[indexAt])).toEqual(["0", "1", "2", "3"]);
});

test("an anonymised export has neither the owner's whole name nor a part of it", async () => {
  const t = deployment();
  const named = { email: "ada@example.com", name: "Augusta Lovelace" };
  const { apiKey } = await t.mutation(internal.users.createWithApiKey, named);
  const headers = { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" };
  const said = ["I am Augusta Lovelace", "Ask Lovelace, or call Augusta"];
  const body = JSON.stringify(conversation("s", said, { createdAt: NOW - HOUR }));
  expect((await t.fetch("/sync/batch", { method: "POST", headers, body })).status).toBe(200);
  const answer = await t.fetch("/api/export?id=s&format=json&anonymize=true", { headers });
  const text = await answer.text();
  expect(text).toContain("or call");
  expect(text).not.toMatch(/Augusta|Lovelace/);
});
