import { expect, test } from "vitest";
import { soak } from "./soak.ts";

test("mixed load with kills, failing embeddings and clients that hang up: all is there once, and counts and search agree", async () => {
  const report = await soak({ amount: { actions: 300 }, kills: 1, clients: 6, seed: 11 });
  expect(report).toMatchObject({
    ...{ lost: [], doubled: [], damaged: [], miscounted: [], misfound: [], wrong: [] },
    isSound: true,
  });
  expect(report.acknowledged).toBeGreaterThan(100);
}, 150_000);
