import type { CallRecord } from "../local/callRecord.ts";
import { totalsOf } from "../local/meter.ts";
import type { World } from "./world.ts";

/** The cost of an operation, in the units of Convex's bill and limits. */
export type Cost = {
  functionCalls: number;
  indexRanges: number;
  documentsRead: number;
  bytesRead: number;
  documentsWritten: number;
  bytesWritten: number;
};

/** One operation of the workload: what a client does, or the scheduled functions that follow. */
export type Operation = {
  name: string;
  /** Messages, sessions or days that the operation handles; its budget grows with them. */
  items: number;
  /** `request`: what the client waits for. Otherwise the scheduled functions to measure. */
  account: "request" | { background: readonly string[] };
  /** Requests per run, if they differ in what they find; the mean is measured. */
  requests?: number;
  /** Set if nothing sent is new, so that every byte written is beyond the payload. */
  storesNothing?: true;
  /** Brings the session into the state that the operation needs. */
  prepare?: (world: World) => Promise<void>;
  /** What comes just before, with no scheduled function between it and the operation. */
  begin?: (world: World) => Promise<unknown>;
  run: (world: World) => Promise<unknown>;
};

export type Measurement = {
  name: string;
  items: number;
  /** Bytes of the bodies of requests and answers. */
  bytesSent: number;
  bytesReturned: number;
  /** Bytes written, less the bytes sent to be stored. */
  bytesWrittenBeyondPayload: number;
  /** Texts sent to be embedded, and their characters. */
  embedded: { requests: number; texts: number; characters: number };
  cost: Cost;
  /** All scheduled functions that ran meanwhile. */
  background: Cost;
};

/** Longer than any of our delays: after this much silence, nothing more is scheduled. */
export const SILENCE_MS = 60_000;
/** How often an operation is repeated if scheduled functions interrupt it. */
const TRIES = 5;

/**
 * Measures an operation once, without scheduled functions running during its requests or since it began: a burst
 * that its own refresh interrupts is two bursts, so it is measured again.
 */
export async function measure(world: World, operation: Operation): Promise<Measurement> {
  for (let tries = 1; ; tries++) {
    const { measurement, isDisturbed } = await measureOnce(world, operation);
    if (!isDisturbed || tries === TRIES) return measurement;
  }
}

async function measureOnce(
  world: World,
  operation: Operation,
): Promise<{ measurement: Measurement; isDisturbed: boolean }> {
  const { name, items, account, prepare, begin, run } = operation;
  await prepare?.(world);
  let scheduled = 0;
  const stop = world.engine.onCall((_, trace) => {
    if (trace.kind === "scheduled") scheduled++;
  });
  await begin?.(world);
  const before = { ...world.traffic, embedded: world.embedded.length };
  const measured = await world.engine.measure(async () => {
    await run(world);
    stop();
    if (account !== "request") await world.engine.settle(SILENCE_MS);
  });
  const calls =
    account === "request"
      ? measured.calls
      : measured.background.calls.filter((call) => account.background.includes(call.name));
  const cost = meanOf(costOf(calls), operation.requests ?? 1);
  const bytesSent = world.traffic.bytesSent - before.bytesSent;
  const payload = operation.storesNothing || account !== "request" ? 0 : bytesSent;
  const measurement = {
    name,
    items,
    bytesSent,
    bytesReturned: world.traffic.bytesReturned - before.bytesReturned,
    bytesWrittenBeyondPayload: Math.max(0, cost.bytesWritten - payload),
    embedded: embeddedIn(world.embedded.slice(before.embedded)),
    cost,
    background: costOf(measured.background.calls),
  };
  return { measurement, isDisturbed: scheduled > 0 };
}

/** Sums the cost of calls. */
export function costOf(calls: CallRecord[]): Cost {
  const { functionCalls, indexRanges, documentsRead, bytesRead, documentsWritten, bytesWritten } =
    totalsOf(calls);
  return { functionCalls, indexRanges, documentsRead, bytesRead, documentsWritten, bytesWritten };
}

function meanOf(cost: Cost, requests: number): Cost {
  const mean = (sum: number) => Math.round(sum / requests);
  return {
    functionCalls: mean(cost.functionCalls),
    indexRanges: mean(cost.indexRanges),
    documentsRead: mean(cost.documentsRead),
    bytesRead: mean(cost.bytesRead),
    documentsWritten: mean(cost.documentsWritten),
    bytesWritten: mean(cost.bytesWritten),
  };
}

function embeddedIn(requests: string[][]) {
  const texts = requests.flat();
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  return { requests: requests.length, texts: texts.length, characters };
}
