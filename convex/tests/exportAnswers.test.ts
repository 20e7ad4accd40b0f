import { expect, test } from "vitest";
import { allPages, deployment, eachTestAt, person, read, settle, type Person } from "../test.setup";

/** Exports of several answers that end inside sessions. */

const NOW = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;
eachTestAt(NOW);

/** Sessions in the order in which an export has them: created at the same moment, the last one first. */
const IDS = ["third", "second", "first"];
/** Half a megabyte each; an answer holds about twenty. */
const MESSAGES = 20;
const TEXT = "é".repeat(250_000);

/** Stores sessions that all began at one moment. What was said in a later one was said hours later. */
async function store(who: Person): Promise<void> {
  for (const [hours, id] of [...IDS].reverse().entries()) {
    const sessions = [{ externalId: id, createdAt: NOW - 24 * HOUR }];
    const messages = Array.from({ length: MESSAGES }, (_, n) => ({
      sessionExternalId: id,
      externalId: `${n}`,
      role: n % 2 === 0 ? "user" : "assistant",
      textContent: TEXT,
      createdAt: NOW - 20 * HOUR + hours * HOUR + n,
    }));
    for (let at = 0; at < MESSAGES; at += 10) {
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

const allOf = (...ids: string[]) =>
  ids.flatMap((id) => Array.from({ length: MESSAGES }, (_, n) => `${id}/${n}`));

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
  const listed = await exported(ada, "sessionIds=none1,first,none2,third,first,none3,second");
  expect(listed.said).toEqual(allOf("first", "third", "second"));
  expect(listed.counted).toBe(3);
  expect(listed.unknown.join(", ")).toMatch(/none1.*none2.*none3/);
  expect(listed.unknown.join(", ").match(/none\d/g)).toHaveLength(3);
}, 60_000);
