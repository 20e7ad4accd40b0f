import { beforeEach, expect, test } from "vitest";
import {
  allPages,
  conversation,
  deployment,
  eachTestAt,
  person,
  read,
  settle,
} from "../test.setup";
import type { Deployment, Person } from "../test.setup";

/** Lists over more rows than a page shows, and their text, which is written by hand: neither must show. */

const NOW = Date.UTC(2026, 0, 22, 12);
eachTestAt(NOW);

let t: Deployment;
let ada: Person;
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
});

/** Fields that only the answer of one session has. */
const ONLY_OF_ONE = ["usage", "models", "evalNotes", "expectedOutput"];

type Page = { sessions: { externalId: string }[]; cursor: string | null };

test.each(["created", "updated", "tokens", "cost"])(
  "a list by %s goes on behind sessions that its filter leaves out, on every page, each session once",
  async (sort) => {
    // A page of those that match reads four times as many.
    const wanted = Array.from({ length: 5 }, (_, n) => `wanted-${n}`);
    for (const [n, externalId] of wanted.entries()) {
      const others = Array.from({ length: 3 }, (_, other) => `other-${n}-${other}`);
      for (const [at, id] of [externalId, ...others].entries()) {
        // Some are equal in what sorts them.
        const numbers = { totalTokens: 10 + n, cost: n > 2 ? undefined : 1 };
        const fields = { ...numbers, projectName: id === externalId ? "p" : "q" };
        await ada.post(
          "/sync/batch",
          conversation(id, ["Hi"], { ...fields, createdAt: NOW - n * 60_000 - (at % 2) * 30_000 }),
        );
      }
    }
    await settle(t);
    const limits = [1, 2, 3, 4, 5];
    const filters = [
      ["project=p", 5],
      ["project=none", 0],
      ["", 20],
    ] as const;
    for (const [filter, count, limit] of filters.flatMap((one) =>
      limits.map((limit) => [...one, limit] as const),
    )) {
      const pages = await allPages(
        (cursor) => {
          const from = cursor ? `&cursor=${cursor}` : "";
          return read<Page>(ada.get(`/api/sessions?${filter}&limit=${limit}&sort=${sort}${from}`));
        },
        ({ cursor }) => cursor,
      );
      const found = pages.flatMap(({ sessions }) => sessions.map(({ externalId }) => externalId));
      expect(found).toHaveLength(count);
      expect(new Set(found).size).toBe(count);
      for (const { sessions } of pages.slice(0, -1)) expect(sessions).toHaveLength(limit);
    }
  },
);

test("a page for which few sessions match ends after a thousand rows, and the next one goes on", async () => {
  await ada.post("/sync/batch", conversation("p", ["Hi"], { projectName: "p" }));
  await settle(t);
  await t.run(async (ctx) => {
    const stored = await ctx.db.query("sessions").first();
    if (stored === null) throw new Error("No session");
    const { _id, _creationTime, ...row } = stored;
    for (let n = 0; n < 1_200; n++) {
      const other = { externalId: `q-${n}`, projectName: "q", createdAt: row.createdAt + n };
      await ctx.db.insert("sessions", { ...row, ...other });
    }
    expect([_id, _creationTime]).toHaveLength(2);
  });
  const page = (cursor: string) =>
    read<Page>(ada.get(`/api/sessions?project=p&limit=2&cursor=${cursor}`));
  const first = await read<Page>(ada.get("/api/sessions?project=p&limit=2"));
  expect(first.sessions).toEqual([]);
  const { sessions, cursor } = await page(first.cursor ?? "");
  expect(sessions.map(({ externalId }) => externalId)).toEqual(["p"]);
  expect(cursor).toBeNull();
});

test("a sum of 0 is unknown, so that a list leaves it out", async () => {
  const { sessions, messages } = conversation("a", ["Hi", "Hello"]);
  const counted = messages.map((message) => ({ ...message, promptTokens: 5, reasoningTokens: 0 }));
  await ada.post("/sync/batch", { sessions, messages: counted });
  await settle(t);
  const [listed] = (await read<Page>(ada.get("/api/sessions"))).sessions;
  expect(listed).toMatchObject({ promptTokens: 10 });
  expect(listed).not.toHaveProperty("reasoningTokens");
});

test("an export of several sessions with many parts has all of them", async () => {
  const texts: string[] = [];
  for (const id of ["a", "b", "c"]) {
    const messages = Array.from({ length: 2 }, (_, n) => {
      const parts = Array.from({ length: 4 }, (_part, m) => ({
        type: "text",
        content: `part ${id}${n}${m}`,
      }));
      texts.push(...parts.map(({ content }) => content));
      return { parts };
    });
    await ada.post("/sync/batch", conversation(id, messages));
  }
  await settle(t);
  const answer = await ada.get("/api/export?all=true&format=openai");
  expect(answer.status).toBe(200);
  const body = await answer.text();
  for (const text of texts) expect(body).toContain(text);
});

test("a list is written as a deployment writes values: without what is missing, its fields in order", async () => {
  const fields = { title: 'Mend "it" \u2028 ünïcödé', cost: 0.1, projectPath: "/home/ada/p" };
  await ada.post("/sync/batch", conversation("a", ["key AKIAIOSFODNN7EXAMPLE", "ok"], fields));
  await ada.post("/sync/batch", conversation("b", ["Hi"]));
  await settle(t);
  const changes = { evalTags: ["x"], isPublic: true };
  expect((await ada.send("PATCH", "/api/sessions/a", changes)).status).toBe(200);
  const text = await (await ada.get("/api/sessions?limit=1")).text();
  const { sessions, cursor } = JSON.parse(text) as { sessions: object[]; cursor: string };
  const ordered = sessions.map((session) =>
    Object.fromEntries(Object.entries(session).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
  expect(text).toBe(JSON.stringify({ sessions: ordered, cursor }));
  // The session's own answer has all fields of a list, with the same values.
  const all = await read<Page>(ada.get("/api/sessions"));
  for (const listed of all.sessions) {
    const { session: own } = await read<{ session: { [field: string]: unknown } }>(
      ada.get(`/api/sessions/${listed.externalId}`),
    );
    for (const field of ONLY_OF_ONE) Reflect.deleteProperty(own, field);
    expect(listed).toEqual(own);
  }
});
