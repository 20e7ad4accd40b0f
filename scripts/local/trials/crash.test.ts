import { expect, test } from "vitest";
import { crash } from "./crash.ts";

test("what was acknowledged survives kill -9: whole, once; scheduled work resumes; the file is sound", async () => {
  const report = await crash(2, 60, 7);
  expect(report).toMatchObject({ lost: [], unsettled: [], isSound: true });
  expect(report.acknowledged).toBeGreaterThan(0);
  expect(report.acknowledged).toBeLessThanOrEqual(report.requests);
});
