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
