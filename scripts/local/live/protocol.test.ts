import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { TestEngine } from "../testing.ts";
import {
  MAX_MESSAGE_BYTES,
  MAX_PENDING_CALLS,
  MAX_QUERIES,
  MAX_TRANSITION_CHARS,
} from "./bounds.ts";
import { CallCounter, RawClient, startLive, timeOf } from "./live.fixture.ts";

let engine: TestEngine;
const open: RawClient[] = [];

beforeAll(async () => {
  engine = await startLive();
});
afterAll(async () => {
  for (const client of open) client.socket.terminate();
  await engine.stop();
});

let groups = 0;
const newGroup = () => `group ${++groups}`;
let sessions = 0;
const newSession = () => `session ${++sessions}`;

async function raw(...args: [path?: string, options?: { origin: string }]): Promise<RawClient> {
  const client = await RawClient.open(engine.url, ...args);
  open.push(client);
  return client;
}

describe("versions", () => {
  test("of each transition begin where those of the previous one ended", async () => {
    const group = newGroup();
    const client = await raw();
    client.connect(newSession());
    client.add(0, "live:ranks", { group });
    client.add(1, "live:isEmpty", { group });
    for (let rank = 0; rank < 5; rank++) client.mutate(rank, "live:add", { group, rank });
    client.modify({ type: "Remove", queryId: 1 });
    client.send({ type: "Authenticate", tokenType: "None", baseVersion: 0 });
    await expect
      .poll(() => client.transitions.at(-1)?.endVersion)
      .toMatchObject({ querySet: 3, identity: 1 });
    await expect.poll(() => client.of("MutationResponse")).toHaveLength(5);
    let version = { querySet: 0, identity: 0, ts: "AAAAAAAAAAA=" };
    for (const { startVersion, endVersion } of client.transitions) {
      expect(startVersion).toEqual(version);
      version = endVersion ?? version;
      expect(timeOf(endVersion)).toBeGreaterThanOrEqual(timeOf(startVersion));
    }
    expect(client.transitions.flatMap(({ modifications }) => modifications)).toContainEqual({
      type: "QueryRemoved",
      queryId: 1,
    });
  });

  test("reach a mutation's timestamp in a transition after its response, even if no query changed", async () => {
    const client = await raw();
    client.connect(newSession());
    client.mutate(0, "live:add", { group: newGroup(), rank: 1 });
    await expect.poll(() => client.transitions).toHaveLength(1);
    const types = client.received.map(({ type }) => type);
    expect(types).toEqual(["MutationResponse", "Transition"]);
    const [response, transition] = client.received;
    expect(timeOf(transition?.endVersion)).toBeGreaterThanOrEqual(
      timeOf({ ts: response?.ts ?? "" }),
    );
    expect(transition?.modifications).toEqual([]);
  });
});

test("no transition shows a mutation's effect before its response, whatever else the client sends", async () => {
  const group = newGroup();
  const client = await raw();
  client.connect(newSession());
  client.add(0, "live:ranks", { group });
  await expect.poll(() => client.transitions).toHaveLength(1);
  for (let n = 0; n < 10; n++) {
    client.mutate(n, "live:add", { group, rank: n });
    // Makes the server begin a transition while the mutation runs.
    client.add(n + 1, "people:greeting");
  }
  await expect.poll(() => client.of("MutationResponse")).toHaveLength(10);
  await expect.poll(() => client.transitions.at(-1)?.endVersion?.querySet).toBe(11);
  let answered = 0;
  for (const { type, modifications = [] } of client.received) {
    if (type === "MutationResponse") answered++;
    for (const { queryId, value } of modifications)
      if (queryId === 0) expect((value as number[]).length).toBeLessThanOrEqual(answered);
  }
});

describe("a message that the server cannot accept ends its socket, and no other", () => {
  const cases: [string, (client: RawClient) => void, string][] = [
    [
      "text that is not JSON",
      ({ socket }) => socket.send("{"),
      "Received Invalid JSON on websocket",
    ],
    ["an unknown type", (client) => client.send({ type: "Hello" }), "Invalid JSON on websocket"],
    ["a binary message", ({ socket }) => socket.send(Buffer.of(1, 2)), "Unexpected message type"],
    [
      "a wrong base version of the queries",
      (client) =>
        client.send({ type: "ModifyQuerySet", baseVersion: 7, newVersion: 8, modifications: [] }),
      "BaseVersionMismatch",
    ],
    [
      "a wrong base version of the identity",
      (client) => client.send({ type: "Authenticate", tokenType: "None", baseVersion: 3 }),
      "BaseVersionMismatch",
    ],
    [
      "a query that exists",
      (client) => {
        client.add(0, "live:ranks", { group: "a" });
        client.add(0, "live:ranks", { group: "b" });
      },
      "Duplicate query 0",
    ],
    [
      "the removal of a query that does not exist",
      (client) => client.modify({ type: "Remove", queryId: 5 }),
      "There is no query 5",
    ],
    [
      "more queries than allowed",
      (client) =>
        client.modify(
          ...Array.from({ length: MAX_QUERIES + 1 }, (_, queryId) => ({
            ...{ type: "Add", queryId, udfPath: "people:greeting", args: [{}] },
          })),
        ),
      `More than ${MAX_QUERIES} queries`,
    ],
    [
      "a function of a component",
      (client) => client.add(0, "lib:getValue", { name: "a" }, { componentPath: "rateLimiter" }),
      "Only admins",
    ],
  ];

  test.each(cases)("%s", async (_, misbehave, reason) => {
    const bystander = await raw();
    bystander.connect(newSession());
    const client = await raw();
    client.connect(newSession());
    misbehave(client);
    expect(await client.closed).toEqual({ code: 1008, reason: "BadRequest" });
    expect(client.received.at(-1)).toEqual({
      type: "FatalError",
      error: expect.stringContaining(reason) as string,
    });
    bystander.add(0, "people:greeting");
    await expect.poll(() => bystander.transitions).toHaveLength(1);
    bystander.socket.close();
  });

  test("more mutations than may wait, and the dropped ones never run", async () => {
    const group = newGroup();
    const client = await raw();
    for (let n = 0; n < MAX_PENDING_CALLS + 10; n++)
      client.mutate(n, "live:add", { group, rank: n });
    expect(await client.closed).toEqual({ code: 1013, reason: "TooManyConcurrentRequests" });
    const made = await engine.runFunction("live:ranks", { group });
    expect((made as number[]).length).toBeLessThan(MAX_PENDING_CALLS);
    // During these calls, a mutation that still waited would run.
    for (let n = 0; n < 5; n++) await engine.runFunction("jobs:tick");
    expect(await engine.runFunction("live:ranks", { group })).toEqual(made);
  });

  test("too many bytes", async () => {
    const client = await raw();
    client.socket.on("error", () => undefined);
    client.socket.send("x".repeat(MAX_MESSAGE_BYTES + 1));
    expect((await client.closed).code).toBe(1009);
  });

  test("an admin's key, because this server has none", async () => {
    const client = await raw();
    client.send({ type: "Authenticate", tokenType: "Admin", value: "key", baseVersion: 0 });
    expect((await client.closed).reason).toBe("Unauthenticated");
    expect(client.received.at(-1)).toMatchObject({ type: "AuthError", authUpdateAttempted: true });
  });

  test("a timestamp later than the latest commit", async () => {
    const client = await raw();
    client.connect(newSession(), { maxObservedTimestamp: "/////////38=" });
    expect(await client.closed).toMatchObject({ code: 1011, reason: "InternalServerError" });
  });
});

test("a client that has observed the latest commit is served", async () => {
  const first = await raw();
  first.mutate(0, "live:add", { group: newGroup(), rank: 1 });
  await expect.poll(() => first.of("MutationResponse")).toHaveLength(1);
  const client = await raw();
  client.connect(newSession(), { maxObservedTimestamp: first.of("MutationResponse")[0]?.ts });
  client.add(0, "people:greeting");
  await expect.poll(() => client.transitions).toHaveLength(1);
});

test("an event is ignored", async () => {
  const client = await raw();
  client.send({ type: "Event", eventType: "ClientConnect", event: {} });
  client.add(0, "people:greeting");
  await expect.poll(() => client.transitions).toHaveLength(1);
});

describe("a mutation that its client sends again", () => {
  test("over another socket does not run twice, and gets the first result", async () => {
    const group = newGroup();
    const session = newSession();
    const first = await raw();
    first.connect(session);
    first.mutate(4, "live:add", { group, rank: 1 });
    await expect.poll(() => first.of("MutationResponse")).toHaveLength(1);
    first.socket.terminate();
    const second = await raw();
    second.connect(session, { connectionCount: 1 });
    second.mutate(4, "live:add", { group, rank: 1 });
    second.mutate(5, "live:add", { group, rank: 2 });
    await expect.poll(() => second.of("MutationResponse")).toHaveLength(2);
    expect(second.of("MutationResponse")[0]).toEqual(first.of("MutationResponse")[0]);
    await expect.poll(() => second.transitions.length).toBeGreaterThan(0);
    expect(await engine.runFunction("live:ranks", { group })).toEqual([1, 2]);
  });

  test("while it still runs does not run twice", async () => {
    const group = newGroup();
    const session = newSession();
    const both = [await raw(), await raw()];
    for (const client of both) {
      client.connect(session);
      client.mutate(0, "live:add", { group, rank: 1 });
    }
    for (const client of both)
      await expect.poll(() => client.of("MutationResponse")).toHaveLength(1);
    expect(both[0]?.of("MutationResponse")).toEqual(both[1]?.of("MutationResponse"));
    expect(await engine.runFunction("live:ranks", { group })).toEqual([1]);
  });

  test("runs again if it failed, because it changed nothing", async () => {
    const session = newSession();
    const calls = new CallCounter(engine);
    const client = await raw();
    client.connect(session);
    client.mutate(0, "nested:refuses");
    client.mutate(0, "nested:refuses");
    await expect.poll(() => client.of("MutationResponse")).toHaveLength(2);
    expect(calls.of("nested:refuses")).toBe(2);
    calls.stop();
  });

  test("under the same number in another session runs", async () => {
    const group = newGroup();
    for (const session of [newSession(), newSession()]) {
      const client = await raw();
      client.connect(session);
      client.mutate(0, "live:add", { group, rank: 1 });
      await expect.poll(() => client.of("MutationResponse")).toHaveLength(1);
    }
    expect(await engine.runFunction("live:ranks", { group })).toEqual([1, 1]);
  });
});

describe("a transition that is too long for one message", () => {
  const count = MAX_TRANSITION_CHARS / 2;

  test("comes in chunks, in order, to clients that read them", async () => {
    const client = await raw("/api/1.28.0/sync");
    client.add(0, "live:faces", { count });
    await expect.poll(() => client.of("TransitionChunk")).toHaveLength(2);
    const chunks = client.of("TransitionChunk");
    expect(chunks.map(({ partNumber, totalParts }) => [partNumber, totalParts])).toEqual([
      [0, 2],
      [1, 2],
    ]);
    expect(new Set(chunks.map(({ transitionId }) => transitionId)).size).toBe(1);
    expect(chunks.every(({ chunk }) => String(chunk).length <= MAX_TRANSITION_CHARS)).toBe(true);
  });

  test("comes whole to older clients", async () => {
    const client = await raw("/api/1.27.5/sync");
    client.add(0, "live:faces", { count });
    await expect.poll(() => client.transitions).toHaveLength(1);
  });
});

describe("the connection", () => {
  test("is accepted from a page of any origin", async () => {
    const client = await raw("/api/sync", { origin: "https://elsewhere.example" });
    client.add(0, "people:greeting");
    await expect.poll(() => client.transitions).toHaveLength(1);
  });

  test("is refused on every other path", async () => {
    for (const path of ["/sync", "/api/sync/more", "/api/a/b/sync", "/exact/"]) {
      const socket = new WebSocket(engine.url.replace("http", "ws") + path);
      const [error] = (await once(socket, "error")) as [Error];
      expect(error.message).toBe("Unexpected server response: 404");
    }
  });

  /** Sends bytes and returns everything that the server answers until it closes the connection. */
  async function exchange(request: string): Promise<string> {
    const socket = connectTcp(engine.port, "127.0.0.1");
    let answer = "";
    socket.on("data", (data) => (answer += data.toString("latin1")));
    socket.write(request);
    await once(socket, "close");
    return answer;
  }

  test("of an ordinary request that offers another protocol continues without the upgrade", async () => {
    const offer =
      "Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n";
    const last = "GET /exact HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    const get = await exchange(`GET /exact HTTP/1.1\r\n${offer}\r\n${last}`);
    expect(get.match(/HTTP\/1.1 200/g)).toHaveLength(2);
    const post = await exchange(
      `POST /exact HTTP/1.1\r\n${offer}Content-Length: 5\r\n\r\nhello${last}`,
    );
    expect(post).toContain('"body":"hello"');
    expect(post.match(/HTTP\/1.1 200/g)).toHaveLength(2);
  });
});
