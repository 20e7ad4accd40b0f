import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { TestEngine } from "../testing.ts";
import type * as Bounds from "./bounds.ts";
import { newSigner, RawClient, startLive } from "./live.fixture.ts";

// Every query takes longer than this.
vi.mock("./bounds.ts", async (original) => ({
  ...(await original<typeof Bounds>()),
  MAX_BLOCKING_MS: -1,
}));

let engine: TestEngine;
let sign: Awaited<ReturnType<typeof newSigner>>["sign"];
beforeAll(async () => {
  const signer = await newSigner();
  sign = signer.sign;
  engine = await startLive({ env: signer.env });
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

test("a client that signs out while its queries run for its user receives their results for nobody", async () => {
  const client = await RawClient.open(engine.url);
  const value = await sign("ann");
  client.send({ type: "Authenticate", tokenType: "User", value, baseVersion: 0 });
  await expect.poll(() => client.transitions.at(-1)?.endVersion?.identity).toBe(1);
  const ids = Array.from({ length: 20 }, (_, queryId) => queryId);
  const me = { type: "Add", udfPath: "people:me", args: [{}] };
  let calls = 0;
  const stop = engine.onCall(({ name }) => {
    // In the turn between the first query and the others.
    if (name === "people:me" && ++calls === 1)
      client.send({ type: "Authenticate", tokenType: "None", baseVersion: 1 });
  });
  client.modify(...ids.map((queryId) => ({ ...me, queryId })));
  await expect.poll(() => client.transitions.at(-1)?.endVersion?.identity).toBe(2);
  stop();
  const values = new Map<number, unknown>();
  for (const { modifications = [] } of client.transitions)
    for (const { queryId, value: result } of modifications) values.set(queryId, result);
  expect([...values]).toEqual(ids.map((queryId) => [queryId, null]));
  client.socket.close();
});
