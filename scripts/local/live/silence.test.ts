import { once } from "node:events";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { LogLine } from "../logLine.ts";
import type { TestEngine } from "../testing.ts";
import {
  CLIENT_SILENCE_MS,
  KEEP_FINISHED_MS,
  KEEP_RESULTS_MS,
  MAX_UNREAD_TRANSITIONS,
  PING_MS,
} from "./bounds.ts";
import { CallCounter, RawClient, startLive } from "./live.fixture.ts";
import { Results } from "./results.ts";

let engine: TestEngine;
const lines: LogLine[] = [];
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "performance"] });
  engine = await startLive({ log: (line) => lines.push(line) });
});
afterAll(async () => {
  await engine.stop();
  vi.useRealTimers();
});

test("every client hears from the server every 15 s, and one that does not answer for 120 s is dropped", async () => {
  const client = await RawClient.open(engine.url);
  const silent = await RawClient.open(engine.url, undefined, { autoPong: false });
  let pings = 0;
  for (let ms = 0; ms <= CLIENT_SILENCE_MS; ms += PING_MS) {
    vi.advanceTimersByTime(PING_MS);
    pings++;
    await expect.poll(() => client.of("Ping")).toHaveLength(pings);
  }
  expect((await silent.closed).code).toBe(1006);
  expect(client.socket.readyState).toBe(client.socket.OPEN);
  client.socket.close();
});

test("a client that does not read is sent at most two transitions, and the latest state when it reads again", async () => {
  const group = "slow";
  const client = await RawClient.open(engine.url);
  // More than the operating system buffers for a connection.
  client.add(0, "live:padded", { group, size: 12_000_000 });
  await expect.poll(() => client.of("TransitionChunk")).toHaveLength(3);
  client.socket.pause();
  const calls = new CallCounter(engine);
  for (let rank = 0; rank < 6; rank++) await engine.runFunction("live:add", { group, rank });
  // After one more call, the server has finished what it began before.
  await engine.runFunction("live:ranks", { group });
  expect(calls.of("live:padded")).toBeLessThanOrEqual(MAX_UNREAD_TRANSITIONS);
  client.socket.resume();
  const isLatest = () =>
    String(client.of("TransitionChunk").at(-1)?.chunk).includes('"ranks":[0,1,2,3,4,5]');
  await expect.poll(isLatest).toBe(true);
  expect(client.of("TransitionChunk").length).toBeLessThanOrEqual(3 * (MAX_UNREAD_TRANSITIONS + 2));
  calls.stop();
  client.socket.close();
});

test("the result of a mutation is kept until its client has read it and 5 minutes have passed", async () => {
  const group = "once";
  const sendAgain = async () => {
    const client = await RawClient.open(engine.url);
    client.connect("session");
    client.mutate(0, "live:add", { group, rank: 1 });
    await expect.poll(() => client.transitions).toHaveLength(1);
    return client;
  };
  (await sendAgain()).socket.terminate();
  const client = await sendAgain();
  expect(await engine.runFunction("live:ranks", { group })).toEqual([1]);
  const answerPing = async (queryId: number) => {
    const pinged = once(client.socket, "ping");
    vi.advanceTimersByTime(PING_MS);
    await pinged;
    // The pong was sent before this message, so the server has it when it answers.
    client.add(queryId, "live:ranks", { group });
    await expect.poll(() => client.transitions).toHaveLength(queryId + 2);
  };
  const pings = KEEP_FINISHED_MS / PING_MS;
  for (let ping = 0; ping < pings - 1; ping++) await answerPing(ping);
  (await sendAgain()).socket.terminate();
  expect(await engine.runFunction("live:ranks", { group })).toEqual([1]);
  for (const ping of [pings - 1, pings]) await answerPing(ping);
  (await sendAgain()).socket.terminate();
  expect(await engine.runFunction("live:ranks", { group })).toEqual([1, 1]);
});

test("a failed deletion of old results is logged, and the server goes on", async () => {
  const failure = new Error("disk I/O error");
  vi.spyOn(Results.prototype, "hasOld").mockReturnValue(true);
  vi.spyOn(Results.prototype, "prune").mockImplementationOnce(() => {
    throw failure;
  });
  vi.advanceTimersByTime(KEEP_RESULTS_MS / 4);
  const logged = { level: "error", function: "sync", words: [failure] };
  await expect.poll(() => lines).toContainEqual(logged);
  vi.restoreAllMocks();
  expect(await engine.runFunction("live:ranks", { group: "pruned" })).toEqual([]);
});
