import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Registry } from "../functions/registry.ts";
import type { TestEngine } from "../testing.ts";
import { RawClient, startLive } from "./live.fixture.ts";

let engine: TestEngine;
beforeEach(async () => {
  engine = await startLive();
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await engine.stop();
});

test("a mutation that finishes after its time-out stores no result, and its client's queries continue", async () => {
  const group = "late";
  let finish: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (finish = resolve));
  let hasWritten = false;
  const resolvePublic = vi.spyOn(Registry.prototype, "resolvePublic");
  resolvePublic.mockImplementationOnce(function (this: Registry, path, type) {
    const fn = this.resolvePublic(path, type);
    const invoke = async (args: string, requestId: string) => {
      const result = await fn.invoke(args, requestId);
      hasWritten = true;
      await released;
      return result;
    };
    return { ...fn, invoke };
  });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const client = await RawClient.open(engine.url);
  client.connect("session");
  client.mutate(0, "live:add", { group, rank: 1 });
  await expect.poll(() => hasWritten).toBe(true);
  vi.advanceTimersByTime(15_000);
  await expect.poll(() => client.of("MutationResponse")).toMatchObject([{ success: false }]);
  finish();
  client.add(0, "live:ranks", { group });
  await expect.poll(() => client.transitions.at(-1)?.modifications).toMatchObject([{ value: [] }]);
  client.mutate(0, "live:add", { group, rank: 2 });
  await expect.poll(() => client.transitions.at(-1)?.modifications).toMatchObject([{ value: [2] }]);
  client.socket.close();
});
