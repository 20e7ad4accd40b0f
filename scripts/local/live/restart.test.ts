import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { once } from "node:events";
import { Clock } from "../clock.ts";
import { startEngine, type RunningEngine } from "../engine.ts";
import { closeClients, connect, functions, RawClient, timeOf } from "./live.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "opensync-live-"));
afterEach(closeClients);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
const newFile = () => join(folder, `${++files}.sqlite3`);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const start = (data: string, port: number, clock = new Clock()): Promise<RunningEngine> =>
  startEngine({ functions, data, port, clock, env: {}, embeddings: false });

/** A clock that can be set back. */
class SettableClock extends Clock {
  aheadMs = 0;
  override now(): number {
    return super.now() + this.aheadMs;
  }
}

async function observed(engine: RunningEngine): Promise<{ ts: string }> {
  const client = await RawClient.open(engine.url);
  client.add(0, "live:ranks", { group: "a" });
  await expect.poll(() => client.transitions).toHaveLength(1);
  client.socket.close();
  return client.transitions[0]?.endVersion ?? { ts: "" };
}

describe("a server that stops and starts again", () => {
  test("is found again by its clients: subscriptions resume, and a waiting mutation runs once", async () => {
    const [data, port] = [newFile(), await freePort()];
    const first = await start(data, port);
    const ann = connect(first.url);
    const seen = ann.watch("live:ranks", { group: "a" });
    const other = ann.watch("live:ranks", { group: "b" });
    await ann.mutate("live:add", { group: "a", rank: 1 });
    expect(seen.values.at(-1)).toEqual([1]);
    await first.stop();
    const waiting = ann.mutate("live:add", { group: "a", rank: 2 });
    const second = await start(data, port);
    await second.runFunction("live:add", { group: "b", rank: 7 });
    await waiting;
    await expect.poll(() => seen.values.at(-1)).toEqual([1, 2]);
    await expect.poll(() => other.values.at(-1)).toEqual([7]);
    expect(await second.runFunction("live:ranks", { group: "a" })).toEqual([1, 2]);
    await closeClients();
    await second.stop();
  });

  test("gives the result of a mutation to a client that did not get it, and does not run it again", async () => {
    const [data, port] = [newFile(), await freePort()];
    const first = await start(data, port);
    const before = await RawClient.open(first.url);
    before.connect("session");
    before.mutate(3, "live:add", { group: "a", rank: 1 });
    await expect.poll(() => before.of("MutationResponse")).toHaveLength(1);
    await first.stop();
    const second = await start(data, port);
    const after = await RawClient.open(second.url);
    after.connect("session", { maxObservedTimestamp: before.of("MutationResponse")[0]?.ts });
    after.mutate(3, "live:add", { group: "a", rank: 1 });
    await expect.poll(() => after.of("MutationResponse")).toHaveLength(1);
    expect(after.of("MutationResponse")).toEqual(before.of("MutationResponse"));
    expect(await second.runFunction("live:ranks", { group: "a" })).toEqual([1]);
    await second.stop();
  });

  test("never lowers its timestamps, even if the machine's clock was set back", async () => {
    const [data, port] = [newFile(), await freePort()];
    const clock = new SettableClock();
    const first = await start(data, port, clock);
    await first.runFunction("live:add", { group: "a", rank: 1 });
    const early = await observed(first);
    clock.aheadMs = -3_600_000;
    await first.runFunction("live:add", { group: "a", rank: 2 });
    const late = await observed(first);
    expect(timeOf(late)).toBeGreaterThan(timeOf(early));
    await first.stop();
    const second = await start(data, port, clock);
    const client = await RawClient.open(second.url);
    client.connect("session", { maxObservedTimestamp: late.ts });
    client.add(0, "live:ranks", { group: "a" });
    await expect.poll(() => client.transitions).toHaveLength(1);
    expect(timeOf(client.transitions[0]?.endVersion)).toBeGreaterThanOrEqual(timeOf(late));
    await second.stop();
  });

  test("closes its sockets when it stops, and does not wait for clients that do not answer", async () => {
    const engine = await start(newFile(), await freePort());
    const client = await RawClient.open(engine.url);
    const silent = await RawClient.open(engine.url);
    silent.socket.pause();
    const began = performance.now();
    await engine.stop();
    expect(performance.now() - began).toBeLessThan(4000);
    expect(await client.closed).toMatchObject({ code: 1001 });
    silent.socket.terminate();
  });
});
