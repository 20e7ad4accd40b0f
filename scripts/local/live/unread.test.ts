import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { TestEngine } from "../testing.ts";
import type * as Bounds from "./bounds.ts";
import { RawClient, startLive } from "./live.fixture.ts";

// Small bounds, so that the test need not move gigabytes.
vi.mock("./bounds.ts", async (original) => ({
  ...(await original<typeof Bounds>()),
  MAX_TRANSITION_CHARS: 100_000,
  MAX_UNREAD_BYTES: 1_000_000,
}));

let engine: TestEngine;
beforeAll(async () => {
  engine = await startLive();
});
afterAll(() => engine.stop());

test("a transition longer than a client may leave unread arrives whole", async () => {
  const client = await RawClient.open(engine.url);
  client.add(0, "live:padded", { group: "long", size: 14_000_000 });
  await expect.poll(() => client.of("TransitionChunk").length).toBeGreaterThan(0);
  const total = client.of("TransitionChunk")[0]?.totalParts;
  await expect.poll(() => client.of("TransitionChunk").length).toBe(total);
  expect(client.socket.readyState).toBe(client.socket.OPEN);
  client.socket.close();
});

test("a client that leaves more unread than it may is disconnected when more is to be sent", async () => {
  const client = await RawClient.open(engine.url);
  // At the first chunk and not later, because a busy machine may read all of them between two looks.
  client.socket.once("message", () => {
    client.socket.pause();
  });
  client.add(0, "live:padded", { group: "unread", size: 14_000_000 });
  await expect.poll(() => client.socket.isPaused).toBe(true);
  client.mutate(0, "live:add", { group: "other", rank: 1 });
  await expect.poll(() => engine.runFunction("live:ranks", { group: "other" })).toEqual([1]);
  client.socket.resume();
  expect((await client.closed).code).toBe(1006);
  expect(client.of("MutationResponse")).toEqual([]);
});
