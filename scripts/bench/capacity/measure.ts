import type { CallRecord } from "../../local/callRecord.ts";
import { SILENCE_MS } from "../cost.ts";
import { liveTurn, pastMessages, pastSession } from "../payloads.ts";
import { startWorld, type World } from "../world.ts";
import type { MeasuredCost, MeasuredCosts } from "./measured.ts";

/** Measures on the local engine what the operations of a working day cost. */

const TURNS = 12;
const READS = 5;
/** Messages of the back-fill: several slices. */
const PAST = { sessions: 40, messages: 50 };

export async function measureCosts(): Promise<MeasuredCosts> {
  const world = await startWorld(1, { embeddings: true });
  try {
    await world.engine.settle(SILENCE_MS);
    return {
      date: new Date().toISOString().slice(0, 10),
      node: process.version,
      ...(await measureTurns(world)),
      search: await measureReading(world, [["/search", { query: "deployment tests", limit: 10 }]]),
      reading: await measureReading(world, [
        ["/api/sessions?limit=10"],
        ["/api/sessions/live?messages_limit=100"],
        ["/api/stats"],
      ]),
      slice: await measureSlices(world),
    };
  } finally {
    await world.stop();
  }
}

/** What the hooks of turns cost, and what follows from them on schedule. */
async function measureTurns(world: World) {
  const requests: CallRecord[] = [];
  const background: CallRecord[] = [];
  const embeddedBefore = world.embedded.length;
  for (let turn = 0; turn < TURNS; turn++) {
    const measured = await world.engine.measure(async () => {
      for (const { path, body } of liveTurn("capacity", turn)) await world.send(path, body);
      await world.engine.settle(SILENCE_MS);
    });
    requests.push(...own(measured.calls));
    background.push(...own(measured.background.calls));
  }
  const named = (name: string) => background.filter((call) => call.name === name);
  const embedding = background.filter(({ name }) => /^embed(dings)?:/.test(name));
  // A job that finds a turn unfinished asks the provider for nothing, and takes no time.
  const asked = world.embedded.length - embeddedBefore;
  return {
    hook: requestCost(requests, "mutation", TURNS),
    refresh: jobCost(named("sessions:refresh")),
    day: jobCost(named("wrapped:copyDay")),
    embedding: jobCost(named("embed:sessions"), embedding, asked),
  };
}

async function measureReading(world: World, reads: [path: string, body?: object][]) {
  const calls: CallRecord[] = [];
  for (let n = 0; n < READS; n++) {
    const { calls: more } = await world.engine.measure(async () => {
      for (const [path, body] of reads) await world.send(path, body);
    });
    calls.push(...own(more));
  }
  return requestCost(calls, "query");
}

async function measureSlices(world: World): Promise<MeasuredCost> {
  const sessions = Array.from({ length: PAST.sessions }, (_, n) => pastSession(10_000 + n));
  const messages = sessions.flatMap((session) => pastMessages(session, 0, PAST.messages));
  const { calls } = await world.engine.measure(() =>
    world.send("/sync/batch", { sessions, messages }),
  );
  const slices = own(calls).filter(({ name }) => name === "sync:upsertMany");
  const cost = requestCost(slices, "mutation");
  // The action works for its slices, and pauses between them.
  return { ...cost, actionMs: 2 * cost.functionMs };
}

const own = (calls: readonly CallRecord[]) => calls.filter(({ isNested }) => !isNested);

/** The cost of a request: its HTTP action, and the function that it calls. */
function requestCost(
  calls: readonly CallRecord[],
  type: "query" | "mutation",
  turns?: number,
): MeasuredCost {
  const actions = calls.filter((call) => call.type === "httpAction");
  const functions = calls.filter((call) => call.type === type);
  const written = calls.reduce((sum, { windowBytes }) => sum + windowBytes, 0);
  const requests = Math.max(1, actions.length || functions.length);
  return {
    ...(turns === undefined ? {} : { perTurn: rounded(actions.length / turns) }),
    ...(actions.length === 0 ? {} : { actionMs: median(actions) }),
    functionMs: median(functions),
    writes: Math.round(written / requests),
  };
}

/** The cost of a scheduled function; `calls` are those made for it, `times` how often it had work. */
function jobCost(
  jobs: readonly CallRecord[],
  calls: readonly CallRecord[] = jobs,
  times: number = jobs.length,
): MeasuredCost {
  const written = calls.reduce((sum, { windowBytes }) => sum + windowBytes, 0);
  return {
    perTurn: rounded(times / TURNS),
    functionMs: median(jobs),
    writes: Math.round(written / Math.max(1, times)),
  };
}

const rounded = (value: number) => Math.round(value * 100) / 100;

/** The median duration in milliseconds: a busy machine delays some calls. */
function median(calls: readonly CallRecord[]): number {
  const sorted = calls.map(({ ms }) => ms).sort((a, b) => a - b);
  return rounded(sorted[Math.floor(sorted.length / 2)] ?? 0);
}
