import { beforeEach, describe, expect, test } from "vitest";
import { conversation, deployment, eachTestAt, person, read, rows, settle } from "../test.setup";
import type { Deployment, Person } from "../test.setup";

eachTestAt(Date.UTC(2026, 0, 22, 12));

type Result = { id: string; externalId?: string; outcome: string; message?: string };
type Answer = {
  code?: string;
  details?: { path: string }[];
  dryRun: boolean;
  results: Result[];
  counts: { [outcome: string]: number };
  cursor: string | null;
};

let t: Deployment;
let ada: Person;
let eve: Person;
beforeEach(async () => {
  t = deployment();
  ada = await person(t);
  eve = await person(t, "eve@example.com");
  for (const id of ["a", "b", "c"]) {
    const fields = { source: id === "c" ? "codex" : "claude-code" };
    await ada.post("/sync/batch", conversation(id, [`about ${id}`, "done"], fields));
  }
  await settle(t);
});

const bulk = async (body: unknown, who = ada) => {
  const answer = await who.post("/api/sessions/bulk", body);
  return { status: answer.status, ...(await read<Answer>(answer)) };
};
const tagsOf = async (id: string) =>
  (await read<{ evalTags: string[] }>(ada.get(`/api/sessions/${id}`))).evalTags;

describe("PATCH with addTags and removeTags", () => {
  test("keeps the other tags", async () => {
    await ada.send("PATCH", "/api/sessions/a", { evalTags: ["x", "y"] });
    await ada.send("PATCH", "/api/sessions/a", { addTags: ["z", "y"], removeTags: ["x"] });
    expect(await tagsOf("a")).toEqual(["y", "z"]);
    await ada.send("PATCH", "/api/sessions/a", { remove_tags: ["y", "z"] });
    expect(await tagsOf("a")).toEqual([]);
  });

  test("refuses too many tags, and changes nothing", async () => {
    const addTags = Array.from({ length: 51 }, (_, n) => `t${n}`);
    expect((await ada.send("PATCH", "/api/sessions/a", { addTags })).status).toBe(400);
    expect(await tagsOf("a")).toEqual([]);
  });
});

describe("POST /api/sessions/bulk", () => {
  test("tags sessions by both ids, and tells the outcome of each", async () => {
    const { id } = await read<{ id: string }>(ada.get("/api/sessions/b"));
    await ada.send("PATCH", "/api/sessions/a", { evalTags: ["smoke"] });
    const answer = await bulk({ sessionIds: ["a", id, "none"], addTags: ["smoke"] });
    expect(answer.results.map(({ id, outcome }) => [id, outcome])).toEqual([
      ["a", "unchanged"],
      [id, "updated"],
      ["none", "not_found"],
    ]);
    expect(answer.counts).toEqual({ unchanged: 1, updated: 1, not_found: 1 });
    expect([await tagsOf("a"), await tagsOf("b"), await tagsOf("c")]).toEqual([
      ["smoke"],
      ["smoke"],
      [],
    ]);
  });

  test("takes a filter with the names of lists, page by page", async () => {
    const filter = { source: "claude-code" };
    const first = await bulk({ filter, limit: 1, addTags: ["x"] });
    expect(first.results).toHaveLength(1);
    const second = await bulk({ filter, limit: 10, cursor: first.cursor, addTags: ["x"] });
    expect(second).toMatchObject({ counts: { updated: 1 }, cursor: null });
    expect([await tagsOf("a"), await tagsOf("b"), await tagsOf("c")]).toEqual([["x"], ["x"], []]);
  });

  test("dryRun tells what would happen, and writes nothing", async () => {
    const deletion = await bulk({ filter: { source: "codex" }, delete: true, dryRun: true });
    expect(deletion).toMatchObject({ dryRun: true, counts: { deleted: 1 } });
    const tagging = await bulk({ ids: ["a"], addTags: ["x"], dry_run: true });
    expect(tagging).toMatchObject({ dryRun: true, counts: { updated: 1 } });
    expect(await rows(t, "sessions")).toHaveLength(3);
    expect(await tagsOf("a")).toEqual([]);
  });

  test("deletes, and what was deleted stays deleted", async () => {
    const answer = await bulk({ sessionIds: ["a", "b"], delete: true });
    expect(answer.counts).toEqual({ deleted: 2 });
    await settle(t);
    expect(await rows(t, "sessions")).toHaveLength(1);
    expect(await rows(t, "messages")).toHaveLength(2);
    expect(await read(ada.post("/sync/session", { externalId: "a" }))).toMatchObject({
      deleted: true,
    });
  });

  test("tells which sessions could not be changed, and changes the others", async () => {
    const full = Array.from({ length: 50 }, (_, n) => `t${n}`);
    await ada.send("PATCH", "/api/sessions/a", { evalTags: full });
    const { results } = await bulk({ sessionIds: ["a", "b"], addTags: ["one more"] });
    expect(results.map(({ outcome }) => outcome)).toEqual(["failed", "updated"]);
    expect(results[0]?.message).toContain("more than 50 tags");
  });

  test.each([
    [{ addTags: ["x"] }, "sessionIds"],
    [{ sessionIds: ["a"], filter: { source: "x" }, addTags: ["x"] }, "sessionIds"],
    [{ sessionIds: ["a"] }, "addTags"],
    [{ sessionIds: ["a"], addTags: ["x"], delete: true }, "addTags"],
    [{ sessionIds: [], delete: true }, "sessionIds"],
    [{ filter: {}, delete: true }, "filter"],
    [{ filter: { min_tokens: 0 }, delete: true }, "filter"],
    [{ filter: { source: "" }, delete: true }, "filter"],
    [{ filter: { sorce: "codex" }, delete: true }, "filter.sorce"],
    [{ filter: { from: "yesterday" }, delete: true }, "filter.from"],
    [{ sessionIds: ["a"], delet: true }, "delet"],
    [{ sessionIds: Array.from({ length: 1_001 }, (_, n) => `s${n}`), delete: true }, "sessionIds"],
  ])("refuses what it could misread: %j", async (body, path) => {
    const { status, details } = await bulk(body);
    expect([status, details?.[0]?.path]).toEqual([400, path]);
    expect(await rows(t, "sessions")).toHaveLength(3);
  });

  test("neither changes nor names sessions of others, by id or by filter", async () => {
    const before = await rows(t, "sessions");
    const ids = before.map(({ _id }) => _id as string);
    const byId = await bulk({ sessionIds: [...ids, "a"], delete: true }, eve);
    expect(byId.counts).toEqual({ not_found: 4 });
    expect(JSON.stringify(byId)).not.toContain("externalId");
    expect((await bulk({ filter: { to: "2027-01-01" }, delete: true }, eve)).results).toEqual([]);
    expect(await rows(t, "sessions")).toEqual(before);
  });
});

describe("POST /api/export", () => {
  test("takes the same names in the body, and hundreds of ids", async () => {
    const many = Array.from({ length: 600 }, (_, n) => `no-such-session-with-a-long-id-${n}`);
    const answer = await ada.post("/api/export", {
      ...{ sessionIds: ["a", ...many, "c"], format: "jsonl", anonymise: true },
      source: "claude-code",
    });
    expect([answer.status, answer.headers.get("X-Export-Sessions")]).toEqual([200, "1"]);
    const byQuery = await ada.get("/api/export?session_ids=a&format=jsonl");
    const byBody = await ada.post("/api/export", { session_ids: ["a"], format: "jsonl" });
    const [one = "", other = ""] = [await byQuery.text(), await byBody.text()];
    expect(one).toContain("about a");
    expect(other).toBe(one);
  });

  test("has pages, by the cursor of its header", async () => {
    const body = { all: true, limit: 2, format: "jsonl" };
    expect((await ada.post("/api/export", body)).headers.get("X-Export-Sessions")).toBe("2");
    expect((await ada.post("/api/export", { ...body, cursor: "zz" })).status).toBe(400);
  });

  test("refuses unknown fields and unreadable values", async () => {
    for (const body of [{ anonimize: true }, { sessionId: "a" }, { limit: "ten" }, { all: 7 }]) {
      expect([body, (await ada.post("/api/export", body)).status]).toEqual([body, 400]);
    }
  });

  test("answers nothing of others", async () => {
    const answer = await eve.post("/api/export", { sessionIds: ["a"], format: "jsonl" });
    expect(answer.headers.get("X-Export-Sessions")).toBe("0");
    expect(await answer.text()).not.toContain("about");
  });
});

test("one request changes and deletes more sessions than one transaction does", async () => {
  const sessionIds = Array.from({ length: 55 }, (_, n) => `many-${n}`);
  await ada.post("/sync/batch", { sessions: sessionIds.map((externalId) => ({ externalId })) });
  const outcomes = async (change: object) => {
    const answer = ada.post("/api/sessions/bulk", { sessionIds, ...change });
    return (await read<{ counts: object }>(answer)).counts;
  };
  expect(await outcomes({ addTags: ["x"] })).toEqual({ updated: 55 });
  expect(await outcomes({ delete: true })).toEqual({ deleted: 55 });
  expect(await outcomes({ delete: true })).toEqual({ not_found: 55 });
});
