import { beforeEach, describe, expect, test } from "vitest";
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
import type { SessionAnswer } from "../wire/answers";

const NOW = Date.UTC(2026, 0, 22, 12);
eachTestAt(NOW);

type List = { sessions: SessionAnswer[]; cursor: string | null };

let t: Deployment;
let ada: Person;
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
});

const ids = ({ sessions }: List) => sessions.map(({ externalId }) => externalId);
const list = (query = "", who = ada) => read<List>(who.get(`/api/sessions?${query}`));

describe("sort", () => {
  const sessions = [
    { id: "a", tokens: 50, cost: 0.5, age: 3 },
    { id: "b", tokens: 900, cost: 0.1, age: 1 },
    { id: "c", tokens: 900, cost: undefined, age: 2 },
    { id: "d", tokens: undefined, cost: undefined, age: 4 },
    { id: "e", tokens: undefined, cost: 2, age: 5 },
  ];
  beforeEach(async () => {
    for (const { id, tokens: totalTokens, cost, age } of sessions) {
      const fields = { createdAt: NOW - age * 3_600_000, totalTokens, cost, source: `tool-${id}` };
      await ada.post("/sync/batch", conversation(id, ["hello"], fields));
      await settle(t);
    }
    const eve = await person(t, "eve@example.com");
    await eve.post("/sync/batch", conversation("eve", ["hello"], { totalTokens: 5_000, cost: 9 }));
    await settle(t);
    await ada.post("/sync/session", { externalId: "d", title: "changed last" });
    await settle(t);
  });

  const orders = [
    ["created", ["b", "c", "a", "d", "e"]],
    ["tokens", ["c", "b", "a", "e", "d"]],
    ["cost", ["e", "a", "b", "d", "c"]],
    ["updated", ["d", "e", "c", "b", "a"]],
  ] as const;

  test.each(orders)(
    "by %s is the largest first, those without a value last",
    async (sort, expected) => {
      const ordered = ids(await list(`sort=${sort}`));
      expect(ordered).toEqual(expected);
    },
  );

  test.each(orders)("by %s has pages without gaps or repetitions", async (sort, expected) => {
    const pages = await allPages(
      (cursor) => list(`sort=${sort}&limit=2${cursor ? `&cursor=${cursor}` : ""}`),
      ({ cursor }) => cursor,
    );
    expect(pages.flatMap(ids)).toEqual(expected);
  });

  test("narrows by filters", async () => {
    expect(ids(await list("sort=tokens&min_tokens=60"))).toEqual(["c", "b"]);
    expect(ids(await list("sort=cost&source=tool-a"))).toEqual(["a"]);
  });

  test("refuses the cursor of another order", async () => {
    const { cursor } = await list("sort=tokens&limit=1");
    expect((await ada.get(`/api/sessions?sort=cost&cursor=${cursor}`)).status).toBe(400);
    expect((await ada.get(`/api/sessions?cursor=${cursor}`)).status).toBe(400);
    expect((await ada.get("/api/sessions?sort=length")).status).toBe(400);
  });
});

describe("sessions without messages", () => {
  beforeEach(async () => {
    await ada.post("/sync/session", { externalId: "empty", title: "opened by mistake" });
    await ada.post("/sync/batch", conversation("filled", ["hello"]));
  });

  test("are left out of lists unless asked for", async () => {
    await settle(t);
    expect(ids(await list())).toEqual(["filled"]);
    expect(ids(await list("sort=updated"))).toEqual(["filled"]);
    expect(ids(await list("include_empty=true")).sort()).toEqual(["empty", "filled"]);
    expect((await ada.get("/api/sessions/empty")).status).toBe(200);
  });

  test("are shown while their messages may not be counted yet", async () => {
    expect(ids(await list())).toContain("filled");
  });
});

describe("a session that began before `from` and was active since", () => {
  const DAY_MS = 86_400_000;
  const from = "2026-01-20";
  const began = (id: string, daysAgo: number, lastDaysAgo = daysAgo) => {
    const { sessions, messages } = conversation(id, ["question", "answer"]);
    const times = [daysAgo, lastDaysAgo].map((days) => NOW - days * DAY_MS);
    return {
      sessions: sessions.map((one) => ({ ...one, createdAt: times[0] })),
      messages: messages.map((one, at) => ({ ...one, createdAt: times[at] })),
    };
  };
  beforeEach(async () => {
    for (const batch of [
      began("old", 12),
      began("long", 10, 1),
      began("older", 11),
      began("longer", 20, 2),
      began("new", 1),
    ]) {
      await ada.post("/sync/batch", batch);
      await settle(t);
    }
    for (const id of ["old", "long"]) {
      await ada.send("PATCH", `/api/sessions/${id}`, { evalReady: true });
    }
  });

  test("is listed, in every order, on whichever page", async () => {
    const pages = await allPages(
      (cursor) => list(`from=${from}&limit=1${cursor ? `&cursor=${cursor}` : ""}`),
      ({ cursor }) => cursor,
    );
    expect(pages.flatMap(ids)).toEqual(["new", "long", "longer"]);
    const bySize = ids(await list(`from=${from}&sort=tokens`));
    expect(bySize.sort()).toEqual(["long", "longer", "new"]);
    expect(ids(await list(`from=${from}&source=opencode`))).toEqual(["new", "long", "longer"]);
    expect(ids(await list(`from=${from}&to=2026-01-12`))).toEqual(["long", "longer"]);
  });

  test("is listed also if its tool's clock is ahead of the server's", async () => {
    const { sessions, messages } = began("ahead", 15);
    const [first, last] = messages;
    const now = Date.now();
    const ahead = { ...last, createdAt: now + 540_000 };
    await ada.post("/sync/batch", { sessions, messages: [first, ahead] });
    await settle(t);
    expect(ids(await list(`from=${now + 500_000}`))).toEqual(["ahead"]);
  });

  test("is exported, and changed in bulk", async () => {
    const exported = async (query: string) => {
      const path = `/api/export?format=json&from=${from}&${query}`;
      return ids(await read<List>(ada.get(path)));
    };
    expect(await exported("all=true")).toEqual(["new", "long", "longer"]);
    expect(await exported("")).toEqual(["long"]);
    const body = { filter: { from }, addTags: ["recent"] };
    expect(await read(ada.post("/api/sessions/bulk", body))).toMatchObject({
      counts: { updated: 3 },
    });
  });
});

test("a list of what was active lately does not read the sessions that ended before, and has those that began long before", async () => {
  await ada.post("/sync/batch", conversation("new", ["a"], { createdAt: NOW }));
  await settle(t);
  await t.run(async ({ db }) => {
    const { _id, _creationTime, ...row } = (await db.query("sessions").first()) ?? expect.fail();
    for (let age = 1; age <= 1_100; age++) {
      const at = NOW - 86_400_000 - age;
      const times = { createdAt: at, updatedAt: at, activeUntil: at };
      await db.insert("sessions", { ...row, ...times, externalId: `old-${age}` });
    }
  });
  const first = await list(`from=${NOW - 3_600_000}`);
  expect([ids(first), first.cursor]).toEqual([["new"], null]);
  // More sessions were active in these two days than are read to find those that began before.
  await ada.post("/sync/batch", {
    sessions: [{ externalId: "long", source: "pi", createdAt: NOW - 20 * 86_400_000 }],
    messages: [{ sessionExternalId: "long", externalId: "m", role: "user", createdAt: NOW }],
  });
  await settle(t);
  expect(ids(await list(`from=${NOW - 2 * 86_400_000}&source=pi`))).toEqual(["long"]);
});
