import { beforeEach, describe, expect, test } from "vitest";
import { conversation, deployment, eachTestAt, person, read, settle } from "../test.setup";
import { rpcClient } from "./mcp.fixture";
import type { Deployment, Person, TestSession } from "../test.setup";

/** Forks, resumes and subagents name the session that they come from. */

const NOW = Date.UTC(2026, 0, 22, 12);
eachTestAt(NOW);

let t: Deployment;
let ada: Person;

const sync = async (externalId: string, said: string, fields: TestSession = {}, who = ada) => {
  const answer = await who.post("/sync/batch", conversation(externalId, [said, "done"], fields));
  expect(answer.status).toBe(200);
};
const under = (parentExternalId: string, relation = "subagent") => ({ parentExternalId, relation });

beforeEach(async () => {
  t = deployment();
  ada = await person(t);
  await sync("main", "mend the upload", { title: "Upload", createdAt: NOW - 5_000 });
  await sync("agent-1", "find the zebra test", { ...under("main"), createdAt: NOW - 4_000 });
  await sync("agent-2", "run all tests", { ...under("main"), createdAt: NOW - 3_000 });
  await sync("log-reader", "read the log", { ...under("agent-1"), createdAt: NOW - 2_000 });
  await sync("fork", "mend it in another way", {
    ...under("main", "fork"),
    createdAt: NOW - 1_000,
  });
  await settle(t);
});

type Relative = { externalId: string; title?: string; relation?: string };
type Tree = { parent?: Relative; children?: Relative[]; hasMoreChildren?: boolean };
const treeOf = (id: string, query = "", who = ada) =>
  read<Tree>(who.get(`/api/sessions/${id}${query}`));
const namesOf = (sessions: readonly { externalId: string }[] = []) =>
  sessions.map(({ externalId }) => externalId);

describe("a session", () => {
  test("names its children in order, and none that is not its own", async () => {
    const main = await treeOf("main");
    expect(namesOf(main.children)).toEqual(["agent-1", "agent-2", "fork"]);
    expect(main.children?.[0]).toMatchObject({ relation: "subagent", messageCount: 2 });
    expect(main).toMatchObject({ hasMoreChildren: false });
    expect(main.parent).toBeUndefined();
    expect((await treeOf("agent-2")).children).toEqual([]);
  });

  test("names its parent, and none that does not exist or is another user's", async () => {
    expect((await treeOf("fork")).parent).toMatchObject({ externalId: "main", title: "Upload" });
    await sync("orphan", "alone", under("nowhere"));
    expect((await treeOf("orphan")).parent).toBeUndefined();
    const eve = await person(t, "eve@example.com");
    await sync("theirs", "hers", under("main"), eve);
    expect((await treeOf("theirs", "", eve)).parent).toBeUndefined();
    expect(namesOf((await treeOf("main")).children)).not.toContain("theirs");
  });

  test("names its parent by any id that a session can have", async () => {
    const id = "親".repeat(512);
    await sync(id, "begin", { title: "Long id" });
    await sync("child of a long id", "go on", under(id));
    expect((await treeOf("child of a long id")).parent).toMatchObject({ title: "Long id" });
  });

  test("that names itself as its parent has neither a parent nor a child", async () => {
    await sync("loop", "round", under("loop"));
    await settle(t);
    expect(await treeOf("loop")).toMatchObject({ children: [] });
    expect((await treeOf("loop")).parent).toBeUndefined();
    const { sessions } = await read<{ sessions: Relative[] }>(ada.get("/api/sessions"));
    expect(namesOf(sessions)).toContain("loop");
  });

  test("with many children says that there are more; the list has them all", async () => {
    for (let n = 0; n < 55; n += 1) await sync(`many-${n}`, "x", under("agent-2"));
    await settle(t);
    const tree = await treeOf("agent-2");
    expect([tree.children?.length, tree.hasMoreChildren]).toEqual([50, true]);
    const path = "/api/sessions?limit=100&parent_external_id=agent-2";
    expect((await read<{ sessions: Relative[] }>(ada.get(path))).sessions).toHaveLength(55);
  });

  test("repeats its relatives on no later page of messages", async () => {
    const first = await read<Tree & { messagesCursor: string }>(
      ada.get("/api/sessions/main?messages_limit=1"),
    );
    expect(first.children).toHaveLength(3);
    const query = `?messages_limit=1&messages_cursor=${first.messagesCursor}`;
    expect(await treeOf("main", query)).not.toHaveProperty("children");
  });
});

describe("GET /api/sessions", () => {
  const list = async (query = "") =>
    namesOf((await read<{ sessions: Relative[] }>(ada.get(`/api/sessions${query}`))).sessions);

  test.each(["", "?sort=updated", "?sort=tokens"])(
    "folds subagents under their parents (%s), and forks stay",
    async (query) => {
      expect((await list(query)).sort()).toEqual(["fork", "main"]);
    },
  );

  test("lists all with include_children, and the children of one session", async () => {
    expect(await list("?include_children=true")).toHaveLength(5);
    expect((await list("?parent_external_id=main")).sort()).toEqual(["agent-1", "agent-2", "fork"]);
  });

  test("lists a subagent whose parent was deleted, or is excluded by the filter", async () => {
    // Its parent was active since.
    expect(await list("?from=2026-01-22T11:59:55.500Z")).toEqual(["fork", "main"]);
    await sync("codex", "x", { ...under("main"), source: "codex" });
    await settle(t);
    expect(await list("?source=codex")).toEqual(["codex"]);
    await ada.send("DELETE", "/api/sessions/agent-1", undefined);
    expect(await list()).toContain("log-reader");
  });

  test("lists subagents whose parents lead in a circle, and folds what hangs below a chain", async () => {
    const circle = { one: "three", two: "one", three: "two", left: "right", right: "left" };
    const chain = { second: "leader", third: "second" };
    await sync("leader", "go", { source: "ring" });
    for (const [id, parent] of Object.entries({ ...circle, ...chain })) {
      await sync(id, "round", { ...under(parent), source: "ring" });
    }
    await settle(t);
    for (const sort of ["", "&sort=updated"]) {
      const listed = await list(`?source=ring${sort}`);
      expect(listed.sort()).toEqual([...Object.keys(circle), "leader"].sort());
    }
  });

  test("walks page by page to the end, each session once", async () => {
    const seen: string[] = [];
    let cursor: string | null = "";
    for (let n = 0; cursor !== null && n < 9; n += 1) {
      const page: { sessions: Relative[]; cursor: string | null } = await read(
        ada.get(`/api/sessions?limit=1${cursor === "" ? "" : `&cursor=${cursor}`}`),
      );
      seen.push(...namesOf(page.sessions));
      ({ cursor } = page);
    }
    expect(seen).toEqual(["fork", "main"]);
  });
});

test("a search result leads to its parent also beside a parent that names itself", async () => {
  await sync("loop", "giraffe", under("loop"));
  await sync("below", "giraffe too", under("loop"));
  await settle(t);
  const { results } = await read<{ results: (Relative & Tree)[] }>(
    ada.get("/api/search?q=giraffe"),
  );
  const parents = results.map(({ externalId, parent }) => [externalId, parent?.externalId]);
  expect(parents.sort()).toEqual([
    ["below", "loop"],
    ["loop", undefined],
  ]);
});

test("a search result that is a child leads to its parent", async () => {
  const { results } = await read<{ results: (Relative & Tree)[] }>(ada.get("/api/search?q=zebra"));
  expect(results).toMatchObject([
    { externalId: "agent-1", parent: { externalId: "main", title: "Upload" } },
  ]);
});

test("an export with include_children has the session and all below it, however deep", async () => {
  const exported = async (query: string) => {
    const text = await (await ada.get(`/api/export?format=jsonl&${query}`)).text();
    return Array.from(text.matchAll(/"externalId":"(main|agent-1|agent-2|log-reader|fork)"/g));
  };
  const namesIn = async (query: string) =>
    Array.from(new Set((await exported(query)).map(([, name]) => name))).sort();
  expect(await namesIn("id=agent-1")).toEqual(["agent-1"]);
  expect(await namesIn("id=agent-1&include_children=true")).toEqual(["agent-1", "log-reader"]);
  expect(await namesIn("id=main&include_children=true")).toEqual([
    "agent-1",
    "agent-2",
    "fork",
    "log-reader",
    "main",
  ]);
  expect((await ada.get("/api/export?all=true&include_children=true")).status).toBe(200);
});

describe("an agent", () => {
  const call = async (name: string, args: object) =>
    (await rpcClient((path, init) => t.fetch(path, init), ada).call(name, args)).text;

  test("is led from a subagent to the session that started it, and back", async () => {
    const { id } = await read<{ id: string }>(ada.get("/api/sessions/main"));
    const child = await read<{ id: string }>(ada.get("/api/sessions/agent-2"));
    const found = await call("search_sessions", { query: "zebra" });
    expect(found).toContain(`Part of [session:${id}]`);
    expect(await call("get_session", { session: child.id })).toContain(`Part of [session:${id}]`);
    expect(await call("get_session", { session: id })).toContain(`[session:${child.id}]`);
  });
});
