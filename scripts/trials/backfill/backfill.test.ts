import { expect, test } from "vitest";
import { playBackfill } from "./backfill.ts";

test("no hook is refused while another user's history is filled in", async () => {
  const { hooks, backfill, messagesStored } = await playBackfill({
    historyBytes: 4_000_000,
    requestBytes: 2_000_000,
    hookEveryMs: 200,
  });
  expect(hooks.refused).toEqual([]);
  expect(backfill.refused).toEqual([]);
  expect(hooks.sent).toBeGreaterThan(4);
  expect(messagesStored).toBeGreaterThan(1_500);
});
