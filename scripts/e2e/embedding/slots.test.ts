import { describe, expect, test, vi } from "vitest";
import { internal } from "../../../convex/_generated/api";
import { loseScheduled, rows } from "../../../convex/test.setup";
import { respond } from "./server.fixture";
import { ada, clock, eachTestWithProvider, HOUR, MINUTE, server, t } from "./world.fixture";

/** How embedding runs share the deployment's few jobs, and what becomes of those that are lost. */

eachTestWithProvider();

async function sync(externalId: string): Promise<void> {
  const said = { role: "user", textContent: `a question about ${externalId}`, externalId: "m" };
  const response = await ada.post("/sync/message", { sessionExternalId: externalId, ...said });
  expect(response.status).toBe(200);
}

const runningJobs = () =>
  t.run(async ({ db }) => {
    const jobs = await db.system.query("_scheduled_functions").collect();
    return jobs.filter(({ state, name }) => state.kind === "inProgress" && name.includes("embed"));
  });
/** When runs were scheduled to begin, in order. */
const scheduledRuns = () =>
  t.run(async ({ db }) => {
    const jobs = await db.system.query("_scheduled_functions").collect();
    const runs = jobs.filter(({ name }) => name === "embed:sessions");
    return runs.map(({ scheduledTime }) => scheduledTime).sort((a, b) => a - b);
  });
const embedded = async () => (await rows(t, "sessionEmbeddings")).length;

describe("a provider that fails for ten minutes while 20 users sync", () => {
  test("never occupies more than two jobs, and every session is embedded afterwards", async () => {
    let asked = 0;
    let most = 0;
    server.always = (response, request) => {
      asked += 1;
      void runningJobs().then((jobs) => {
        most = Math.max(most, jobs.length);
        respond(503, {})(response, request);
      });
    };
    for (let n = 0; n < 20; n++) await sync(`s${n}`);
    await clock.advance(t, 10 * MINUTE);
    expect(asked).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
    expect(await embedded()).toBe(0);
    server.always = undefined;
    await clock.advance(t, HOUR);
    expect(await embedded()).toBe(20);
    expect(await rows(t, "embeddingSlots")).toEqual([]);
  });

  test("is asked five times with growing waits; then the session is left to the daily sweep", async () => {
    const times = new Set<number>();
    server.always = (response, request) => {
      times.add(Date.now());
      respond(503, {})(response, request);
    };
    await sync("s");
    await clock.advance(t, 6 * HOUR);
    const waits = [...times].slice(1).map((at, i) => at - ([...times][i] ?? at));
    expect(waits).toEqual([0.5, 2, 8, 32].map((minutes) => minutes * MINUTE));
    server.always = undefined;
    await clock.advance(t, 24 * HOUR);
    await t.mutation(internal.embeddings.sweep, {});
    await clock.advance(t, HOUR);
    expect(await embedded()).toBe(1);
  });

  test("is asked again no sooner than Retry-After says", async () => {
    const times: number[] = [];
    server.always = (response, request) => {
      times.push(Date.now());
      respond(429, { error: { message: "slow" } }, { "retry-after": "600" })(response, request);
    };
    await sync("s");
    await clock.advance(t, HOUR);
    const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at));
    expect(gaps.length).toBeGreaterThan(0);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(600_000);
  });
});

test("a provider that wants days is asked again after an hour", async () => {
  const times = new Set<number>();
  server.always = (response, request) => {
    times.add(Date.now());
    respond(429, {}, { "retry-after": String(3 * 86_400) })(response, request);
  };
  await sync("s");
  await clock.advance(t, 2 * HOUR);
  const [first = 0, second = 0] = times;
  expect(second - first).toBe(HOUR);
});

test("a run that finds both slots taken leaves its session due, and the run that ends takes it", async () => {
  const slots = await t.run(async ({ db }) => [
    await db.insert("embeddingSlots", { expiresAt: Date.now() + HOUR }),
    await db.insert("embeddingSlots", { expiresAt: Date.now() + HOUR }),
  ]);
  await sync("s");
  await clock.advance(t, MINUTE);
  expect(server.requests).toEqual([]);
  const before = (await scheduledRuns()).length;
  for (const slotId of slots) await t.mutation(internal.embeddings.leave, { slotId });
  // Whichever run ends first takes it, and no other one.
  expect(await scheduledRuns()).toHaveLength(before + 1);
  await clock.advance(t, MINUTE);
  expect(await embedded()).toBe(1);
});

test("slots of lost runs are free again after ten minutes", async () => {
  await t.run(async ({ db }) => {
    for (let n = 0; n < 2; n++) await db.insert("embeddingSlots", { expiresAt: Date.now() - 1 });
  });
  await sync("s");
  await clock.advance(t, HOUR);
  expect(await embedded()).toBe(1);
  expect(await rows(t, "embeddingSlots")).toEqual([]);
});

describe("new messages of a session are embedded at once", () => {
  const sendAnother = () =>
    ada.post("/sync/message", {
      ...{ sessionExternalId: "s", externalId: "later", role: "user" },
      textContent: "and another question",
    });

  test("after a run of it was lost", async () => {
    await sync("s");
    await clock.advance(t, 3_000);
    await loseScheduled(t);
    await clock.advance(t, 16 * MINUTE);
    expect(await embedded()).toBe(0);
    await sendAnother();
    await clock.advance(t, MINUTE);
    expect(await embedded()).toBe(1);
  });

  test("after the provider refused it for good", async () => {
    server.always = respond(401, {});
    await sync("s");
    await clock.advance(t, HOUR);
    server.always = undefined;
    const before = server.requests.length;
    await sendAnother();
    await clock.advance(t, MINUTE);
    expect(server.requests.length).toBeGreaterThan(before);
    expect(await embedded()).toBe(1);
  });
});

/** Stores sessions while there is no provider, and then has one. */
async function syncUnembedded(count: number): Promise<void> {
  vi.stubEnv("OPENAI_API_KEY", "");
  const messages = Array.from({ length: count }, (_, n) => {
    const said = { role: "user", textContent: `a question about s${n}`, externalId: "m" };
    return { sessionExternalId: `s${n}`, ...said };
  });
  expect((await ada.post("/sync/batch", { messages })).status).toBe(200);
  await clock.advance(t, HOUR);
  vi.stubEnv("OPENAI_API_KEY", "test");
}

test("the sweep schedules every lost run, however many were lost", async () => {
  await syncUnembedded(120);
  await t.run(async ({ db }) => {
    for (const { _id } of await db.query("sessions").collect()) {
      await db.patch("sessions", _id, { embedDueAt: 1 });
    }
  });
  await t.mutation(internal.embeddings.sweep, {});
  await clock.advance(t, HOUR);
  expect(await embedded()).toBe(120);
}, 60_000);

test("a back-fill leaves its first hundred sessions and ends with the last; with all, it embeds every session again", async () => {
  await syncUnembedded(120);
  expect(await t.mutation(internal.embeddings.backfill, {})).toEqual({
    started: 100,
    isDone: false,
  });
  // Its runs begin a second apart, because of the provider's rate limits.
  const [first = 0, ...others] = await scheduledRuns();
  expect(others.map((at) => at - first)).toEqual([1_000, 2_000, 3_000, 4_000]);
  await clock.advance(t, HOUR);
  expect(await embedded()).toBe(120);
  const hashes = async () => (await rows(t, "sessionEmbeddings")).map(({ textHash }) => textHash);
  const before = new Set(await hashes());
  vi.stubEnv("OPENAI_EMBEDDING_MODEL", "another-model");
  await t.mutation(internal.embeddings.backfill, { all: true });
  await clock.advance(t, HOUR);
  const after = await hashes();
  expect(after).toHaveLength(120);
  expect(after.filter((hash) => before.has(hash))).toEqual([]);
}, 60_000);
