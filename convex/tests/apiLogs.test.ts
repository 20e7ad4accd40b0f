import { expect, test, vi } from "vitest";
import { internal } from "../_generated/api";
import { deployment, eachTestAt, person, rows, settle } from "../test.setup";

const NOW = Date.UTC(2026, 0, 22, 12);
const DAY = 86_400_000;

eachTestAt(NOW);

test.each([
  [undefined, 7],
  ["30", 30],
  ["0.5", 0.5],
  ["-1", 7],
  ["for ever", 7],
])("with API_LOG_RETENTION_DAYS=%s a line is kept for %d days", async (value, days) => {
  vi.stubEnv("API_LOG_RETENTION_DAYS", value);
  const t = deployment();
  const ada = await person(t);
  await ada.get("/api/sessions");
  for (const [passed, left] of [
    [days * DAY - 1_000, 1],
    [days * DAY + 1_000, 0],
  ] as const) {
    vi.setSystemTime(NOW + passed);
    await t.mutation(internal.apiLogs.prune, {});
    await settle(t);
    expect(await rows(t, "apiLogs")).toHaveLength(left);
  }
});

test("pruning deletes every old line, however many there are", async () => {
  const t = deployment();
  const ada = await person(t);
  const line = {
    endpoint: "/health",
    method: "GET",
    statusCode: 200,
    durationMs: 1,
    requestId: "r",
  };
  await t.run(async ({ db }) => {
    for (let i = 0; i < 2_100; i++) await db.insert("apiLogs", line);
  });
  vi.setSystemTime(NOW + 31 * DAY);
  await ada.get("/api/sessions");
  await t.mutation(internal.apiLogs.prune, {});
  await settle(t);
  expect(await rows(t, "apiLogs")).toHaveLength(1);
});
