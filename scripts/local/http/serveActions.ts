import { newRecord, type Trace } from "../callRecord.ts";
import type { Call, Origin } from "../functions/context.ts";
import { TooManyConcurrentError } from "../limits/permits.ts";
import type { Engine } from "../runtime.ts";
import { newRunningCall, runHttpAction, type RouteName, type Served } from "./actions.ts";
import { answerOf, type Answer } from "./answers.ts";
import { jsonResponse, type Incoming } from "./messages.ts";

/** Who sends a request, and where the calls that it causes are recorded. */
export interface Requester extends Origin {
  trace: Trace;
}

/** The call of an HTTP action whose syscalls this thread answers. */
export function newActionCall(engine: Engine, route: RouteName, who: Requester): Call {
  return {
    ...newRunningCall(engine, route, who),
    ...{ engine, trace: who.trace, parent: null, isOpen: true, depth: 0 },
    ...{ paginated: false, scans: new Map(), nested: null },
  };
}

/** Runs the HTTP action that answers a request. */
export type ActionRunner = (incoming: Incoming, who: Requester) => Promise<Served>;

/** Runs HTTP actions in the thread of the engine. */
export function runsHere(engine: Engine): ActionRunner {
  return (incoming, who) =>
    runHttpAction(engine, incoming, (route) => newActionCall(engine, route, who));
}

/** A longer body keeps the thread of the engine from others for a while. */
const SHORT_BODY_MAX_BYTES = 64 << 10;

const isShort = ({ body }: Incoming) =>
  body === null || (body instanceof Uint8Array && body.length <= SHORT_BODY_MAX_BYTES);

/**
 * So many requests at once are answered as fast here, for half to four fifths of the CPU: to wake another thread takes as
 * long as most requests run (`bench:engine`).
 */
const HERE_MAX = 8;

/** Runs requests with `here` while they are few and their bodies short, otherwise with `elsewhere`. */
export function fewHere(here: ActionRunner, elsewhere: ActionRunner): ActionRunner {
  let running = 0;
  return async (incoming, who) => {
    const run = running < HERE_MAX && isShort(incoming) ? here : elsewhere;
    running++;
    try {
      return await run(incoming, who);
    } finally {
      running--;
    }
  };
}

/** An engine with what runs its HTTP actions. */
export interface ServedEngine {
  engine: Engine;
  runHttpAction: ActionRunner;
}

/** Answers a request with the project's own routes and records the call. */
export async function serveHttpAction(
  { engine, runHttpAction: run }: ServedEngine,
  incoming: Incoming,
  who: Requester,
): Promise<Answer> {
  const start = performance.now();
  try {
    const name = `${incoming.method} ${incoming.pathname}`;
    const served = await engine.runAction(name, () => run(incoming, who));
    record(engine, served, performance.now() - start, who.trace);
    return served.answer;
  } catch (error) {
    if (!(error instanceof TooManyConcurrentError)) throw error;
    const { message } = error;
    return await answerOf(jsonResponse(503, { code: "TooManyConcurrentRequests", message }));
  }
}

function record(
  engine: Engine,
  { route, error, heapBytes }: Served,
  ms: number,
  trace: Trace,
): void {
  if (route === null) return;
  const call = newRecord({ ...route, type: "httpAction", isNested: false });
  Object.assign(call, { ms, error, heapBytes, endedAt: performance.now() });
  engine.meter.record(call, trace);
}
