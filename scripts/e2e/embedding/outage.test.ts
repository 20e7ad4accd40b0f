import { afterAll, beforeAll, expect, test } from "vitest";
import { read } from "../../../convex/test.setup";
import type { SearchAnswer } from "../../../convex/wire/search";
import type { ServerResponse } from "node:http";
import { Clock } from "../../local/clock.ts";
import { startTestEngine, type TestEngine, type TestUser } from "../../local/testing.ts";
import { type Provider, respond, startProvider } from "./server.fixture";

/**
 * Ten minutes without a provider of embeddings, on an engine with a deployment's eight jobs. The clock is
 * the test's: a request hangs for a minute and a half of it, and then fails.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const USERS = 20;
/** Our limit of embedding jobs at a time (`convex/model/embedding/slots.ts`). */
const POOL = 2;
const HANGS_MS = 1.5 * MINUTE;
/** What a session may wait for its refresh. */
const REFRESHED_MS = 5 * SECOND;

const clock = new Clock(true);
let provider: Provider;
let engine: TestEngine;
let users: TestUser[];

type Hanging = { since: number; response: ServerResponse };
let hanging: Hanging[] = [];
let mostHanging = 0;

beforeAll(async () => {
  provider = await startProvider();
  const env = { OPENAI_API_KEY: "test", OPENAI_BASE_URL: provider.url };
  engine = await startTestEngine({ env, clock, log: () => undefined });
  users = [];
  for (let n = 0; n < USERS; n++) users.push(await engine.createUser());
});
afterAll(async () => {
  await engine.stop();
  await provider.close();
});

function skip(ms: number): void {
  clock.skipTo(clock.now() + ms);
  const fails = ({ since }: Hanging) => since + HANGS_MS <= clock.now();
  const failed = hanging.filter(fails);
  hanging = hanging.filter((one) => !fails(one));
  for (const { response } of failed) respond(503, {})(response, { input: [], model: "" });
}

async function sendHook({ apiKey }: TestUser, n: number): Promise<number> {
  const said = { role: "user", textContent: `question ${n} about the deployment` };
  const json = { sessionExternalId: "s", externalId: `m${n}`, ...said };
  return (await engine.request("/sync/message", { key: apiKey, json })).status;
}

async function messageCount({ apiKey }: TestUser): Promise<number | undefined> {
  const answer = await engine.request("/api/sessions", { key: apiKey });
  const { sessions } = await read<{ sessions: { messageCount?: number }[] }>(answer);
  return sessions[0]?.messageCount;
}

/** The users whose session does not have so many messages, when the engine has done what is due now. */
async function unrefreshed(messages: number): Promise<number> {
  const patience = Date.now() + 10 * SECOND;
  for (;;) {
    const counts = await Promise.all(users.map(messageCount));
    const late = counts.filter((count) => count !== messages).length;
    if (late === 0 || Date.now() > patience) return late;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("the provider hangs and fails for ten minutes while 20 users sync: refreshes are in time, no hook is refused, and later everything is embedded", async () => {
  provider.always = (response) => {
    hanging.push({ since: clock.now(), response });
    mostHanging = Math.max(mostHanging, hanging.length);
  };
  for (let minute = 1; minute <= 10; minute++) {
    const statuses = await Promise.all(users.map((user) => sendHook(user, minute)));
    expect(statuses).toEqual(users.map(() => 200));
    skip(REFRESHED_MS);
    expect([minute, await unrefreshed(minute)]).toEqual([minute, 0]);
    skip(MINUTE - REFRESHED_MS);
  }
  expect(provider.requests.length).toBeGreaterThan(POOL);
  expect(mostHanging).toBe(POOL);
  provider.always = undefined;
  skip(HANGS_MS);
  await engine.settle(60 * MINUTE);
  for (const { apiKey } of users) {
    const json = { query: "question 10 deployment", type: "semantic" };
    const found = await read<SearchAnswer>(engine.request("/search", { key: apiKey, json }));
    expect(found.results.map(({ externalId }) => externalId)).toEqual(["s"]);
  }
}, 120_000);
