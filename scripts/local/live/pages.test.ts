import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { TestEngine } from "../testing.ts";
import { closeClients, connect, query, RawClient, startLive } from "./live.fixture.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startLive();
});
afterEach(closeClients);
afterAll(() => engine.stop());

let groups = 0;
/** Creates a group with these ranks. */
async function groupOf(...ranks: number[]): Promise<string> {
  const group = `group ${++groups}`;
  for (const rank of ranks) await add(group, rank);
  return group;
}

const add = (group: string, rank: number) => engine.runFunction("live:add", { group, rank });

type Page = { page: number[]; isDone: boolean; continueCursor: string };

/** Subscribes to a page as clients do; returns the socket. */
async function subscribe(
  group: string,
  more: object = {},
  {
    order = "asc",
    ...options
  }: { order?: "asc" | "desc"; numItems?: number; maximumRowsRead?: number } = {},
): Promise<RawClient> {
  const client = await RawClient.open(engine.url);
  const paginationOpts = { numItems: 2, cursor: null, ...options };
  client.add(0, "values:page", { group, order, paginationOpts }, more);
  await expect.poll(() => client.transitions).toHaveLength(1);
  return client;
}

const lastOf = (client: RawClient) => {
  const update = client.transitions.at(-1)?.modifications?.[0];
  return { page: update?.value as Page, journal: update?.journal };
};

describe("a page", () => {
  test("that runs again ends where it first ended, so that no row moves to the next page", async () => {
    const group = await groupOf(1, 2, 3, 4);
    const client = await subscribe(group);
    const first = lastOf(client);
    expect(first.page.page).toEqual([1, 2]);
    await add(group, 1.5);
    await expect.poll(() => client.transitions).toHaveLength(2);
    expect(lastOf(client).page).toMatchObject({
      page: [1, 1.5, 2],
      continueCursor: first.page.continueCursor,
    });
    await add(group, 2.5);
    await add(group, 0);
    await expect.poll(() => client.transitions).toHaveLength(3);
    expect(lastOf(client).page.page).toEqual([0, 1, 1.5, 2]);
    client.socket.close();
  });

  test("in descending order ends where it first ended too, and keeps its last row", async () => {
    const group = await groupOf(1, 2, 3, 4);
    const client = await subscribe(group, {}, { order: "desc" });
    expect(lastOf(client).page.page).toEqual([4, 3]);
    await add(group, 3.5);
    await expect.poll(() => client.transitions).toHaveLength(2);
    expect(lastOf(client).page.page).toEqual([4, 3.5, 3]);
    // Below the page.
    await add(group, 2.5);
    await add(group, 5);
    await expect.poll(() => client.transitions).toHaveLength(3);
    expect(lastOf(client).page.page).toEqual([5, 4, 3.5, 3]);
    client.socket.close();
  });

  test("that runs again reads to its end, whatever limit of rows the first run had", async () => {
    const group = await groupOf(1, 2, 3, 4);
    const client = await subscribe(group, {}, { numItems: 10, maximumRowsRead: 2 });
    const first = lastOf(client).page;
    for (const rank of [1.2, 1.4, 1.6]) await add(group, rank);
    const { continueCursor } = first;
    await expect
      .poll(() => lastOf(client).page)
      .toMatchObject({ page: [1, 1.2, 1.4, 1.6, 2], continueCursor });
    client.socket.close();
  });

  test("keeps its end over a new connection if the client sends its journal", async () => {
    const group = await groupOf(1, 2, 3, 4);
    const first = await subscribe(group);
    const { journal } = lastOf(first);
    first.socket.terminate();
    await add(group, 0);
    const second = await subscribe(group, { journal });
    expect(lastOf(second).page.page).toEqual([0, 1, 2]);
    const fresh = await subscribe(group);
    expect(lastOf(fresh).page.page).toEqual([0, 1]);
    for (const client of [second, fresh]) client.socket.close();
  });

  test("that was the last one grows, and stays the last one", async () => {
    const group = await groupOf(1);
    const client = await subscribe(group);
    expect(lastOf(client).page).toMatchObject({ page: [1], isDone: true });
    await add(group, 5);
    await add(group, 6);
    await expect.poll(() => lastOf(client).page).toMatchObject({ page: [1, 5, 6], isDone: true });
    client.socket.close();
  });

  test("that fails for a while keeps its end", async () => {
    const group = await groupOf(1, 2, 3, 4);
    const client = await RawClient.open(engine.url);
    client.add(0, "live:checkedPage", { group, paginationOpts: { numItems: 2, cursor: null } });
    await expect.poll(() => lastOf(client).page).toMatchObject({ page: [1, 2] });
    const negative = (await add(group, -1)) as string;
    const last = () => client.transitions.at(-1)?.modifications?.[0];
    await expect.poll(last).toMatchObject({ type: "QueryFailed" });
    await add(group, 0);
    await engine.runFunction("values:remove", { id: negative });
    await expect.poll(last).toMatchObject({ value: { page: [0, 1, 2] } });
    client.socket.close();
  });

  test("of a text search keeps its length when it runs again", async () => {
    const owner = await groupOf();
    const texts = Array.from({ length: 5 }, (_, n) => `heron ${n}`);
    await engine.runFunction("search:addMany", { owner, texts });
    const client = await RawClient.open(engine.url);
    const paginationOpts = { numItems: 2, cursor: null };
    client.add(0, "search:page", { query: "heron", owner, paginationOpts });
    await expect.poll(() => client.transitions).toHaveLength(1);
    const first = lastOf(client).page;
    expect(first.page).toHaveLength(2);
    await engine.runFunction("search:add", { owner, text: "heron heron" });
    await expect.poll(() => client.transitions).toHaveLength(2);
    expect(lastOf(client).page).toEqual({ ...first, page: ["heron heron", first.page[0]] });
    client.socket.close();
  });

  test("with an invalid journal fails with InvalidCursor, by which clients know that they must start again", async () => {
    const group = await groupOf(1, 2);
    const client = await subscribe(group, { journal: "nonsense" });
    expect(client.transitions[0]?.modifications?.[0]).toMatchObject({
      type: "QueryFailed",
      errorMessage: expect.stringContaining("InvalidCursor") as string,
    });
    client.socket.close();
  });
});

test("pages of a client have no gaps and no overlaps while rows come and go everywhere", async () => {
  const group = await groupOf(...Array.from({ length: 12 }, (_, n) => n * 10));
  const { client } = connect(engine.url);
  type Ranks = { results: number[]; status: string; loadMore: (count: number) => void };
  const seen: Ranks[] = [];
  const watch = client.onPaginatedUpdate_experimental(
    query("values:page"),
    { group, order: "asc" },
    { initialNumItems: 3 },
    (result) => seen.push(result as unknown as Ranks),
  );
  const last = () => seen.at(-1);
  await expect.poll(() => last()?.results).toEqual([0, 10, 20]);
  for (let pages = 2; pages <= 3; pages++) {
    last()?.loadMore(3);
    await expect.poll(() => last()?.results).toHaveLength(pages * 3);
    await expect.poll(() => last()?.status).toBe("CanLoadMore");
  }
  const inserted = [5, 15, 20.5, 25, 35, 45, 55, 65, 75, 79];
  for (const rank of inserted) await add(group, rank);
  const visible = (all: number[]) => all.filter((rank) => rank <= 80).sort((a, b) => a - b);
  const expected = visible([...inserted, 0, 10, 20, 30, 40, 50, 60, 70, 80]);
  await expect.poll(() => last()?.results).toEqual(expected);
  const rows = (await engine.runFunction("live:idsOf", { group })) as {
    id: string;
    rank: number;
  }[];
  const gone = rows.filter(({ rank }) => [20, 50, 80, 35].includes(rank));
  for (const { id } of gone) await engine.runFunction("values:remove", { id });
  const left = expected.filter((rank) => !gone.some((row) => row.rank === rank));
  await expect.poll(() => last()?.results).toEqual(left);
  // Every list on the way was sorted, and contained no row twice.
  for (const { results } of seen)
    expect(results).toEqual([...new Set(results)].sort((a, b) => a - b));
  watch();
});
