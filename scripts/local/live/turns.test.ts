import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { TestEngine } from "../testing.ts";
import type * as Bounds from "./bounds.ts";
import { RawClient, startLive } from "./live.fixture.ts";

// Every query takes longer than this.
vi.mock("./bounds.ts", async (original) => ({
  ...(await original<typeof Bounds>()),
  MAX_BLOCKING_MS: -1,
}));

let engine: TestEngine;
beforeAll(async () => {
  engine = await startLive();
});
afterAll(() => engine.stop());

test("a transition with many queries lets other work run between them", async () => {
  const client = await RawClient.open(engine.url);
  let calls = 0;
  let callsBeforeOtherWork = 0;
  const stop = engine.onCall(({ name }) => {
    if (name !== "people:greeting") return;
    if (++calls === 1) setImmediate(() => (callsBeforeOtherWork = calls));
  });
  const greeting = { type: "Add", udfPath: "people:greeting", args: [{}] };
  client.modify(...Array.from({ length: 20 }, (_, queryId) => ({ ...greeting, queryId })));
  await expect.poll(() => client.transitions.at(-1)?.modifications).toHaveLength(20);
  expect([callsBeforeOtherWork, calls]).toEqual([1, 20]);
  stop();
  client.socket.close();
});
