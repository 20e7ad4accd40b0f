import type { CallRecord } from "../local/callRecord.ts";
import { totalsOf } from "../local/meter.ts";
import type { Use } from "./bill.ts";
import { costOf, SILENCE_MS, type Cost } from "./cost.ts";
import { liveTurn, TURN_MESSAGES } from "./payloads.ts";
import { difference, storedIn, type Stored } from "./storage.ts";
import { startWorld, type World } from "./world.ts";

/** The cost of a session sent by claude-code's hooks, and of everything that follows from it. */
export type Live = {
  turns: number;
  messages: number;
  requests: number;
  foreground: Cost;
  background: Cost;
  /** Index entries; each counts as a copy of its row. */
  indexBytesWritten: number;
  /** The same by function. */
  functions: { [name: string]: Cost };
  embeddingRequests: number;
  embeddingTokens: number;
  stored: Stored;
};

/** Characters of English per token, as a rule of thumb. */
const CHARACTERS_PER_TOKEN = 4;

/**
 * Runs a session of this many turns. `apart`: all scheduled work of a request is done before the next one, as
 * with a slow model or slow tools. `dense`: the requests follow without a pause.
 */
export async function runLive(turns: number, rhythm: "apart" | "dense", embeddings: boolean) {
  const world = await startWorld(1, { embeddings });
  try {
    await world.engine.settle(SILENCE_MS);
    return await measureLive(world, turns, rhythm);
  } finally {
    await world.stop();
  }
}

async function measureLive(world: World, turns: number, rhythm: "apart" | "dense"): Promise<Live> {
  const { engine, embedded } = world;
  const before = { stored: storedIn(engine.data), requests: embedded.length };
  let requests = 0;
  const measured = await engine.measure(async () => {
    for (let turn = 0; turn < turns; turn++) {
      for (const { path, body } of liveTurn(`measured-${rhythm}`, turn)) {
        await world.send(path, body);
        if (rhythm === "apart") await engine.settle();
        requests += 1;
      }
    }
    await engine.settle(SILENCE_MS);
  });
  const sent = embedded.slice(before.requests);
  const characters = sent.flat().reduce((sum, text) => sum + text.length, 0);
  return {
    turns,
    messages: turns * TURN_MESSAGES,
    requests,
    foreground: costOf(measured.calls),
    background: costOf(measured.background.calls),
    indexBytesWritten:
      totalsOf(measured.calls).indexBytesWritten +
      totalsOf(measured.background.calls).indexBytesWritten,
    functions: byFunction([...measured.calls, ...measured.background.calls]),
    embeddingRequests: sent.length,
    embeddingTokens: Math.ceil(characters / CHARACTERS_PER_TOKEN),
    stored: difference(storedIn(engine.data), before.stored),
  };
}

function byFunction(calls: readonly CallRecord[]): { [name: string]: Cost } {
  const grouped = new Map<string, CallRecord[]>();
  for (const call of calls.filter(({ isNested }) => !isNested)) {
    grouped.set(call.name, [...(grouped.get(call.name) ?? []), call]);
  }
  return Object.fromEntries(Array.from(grouped, ([name, own]) => [name, costOf(own)]));
}

/** Converts the use of a session into the units of the bill. */
export function useOf(live: Live): Use {
  const { foreground, background, requests, embeddingRequests } = live;
  return {
    messages: live.messages,
    functionCalls: foreground.functionCalls + background.functionCalls,
    httpActions: requests,
    embeddingActions: embeddingRequests,
    bytesRead: foreground.bytesRead + background.bytesRead,
    bytesWritten: foreground.bytesWritten + background.bytesWritten,
    indexBytesWritten: live.indexBytesWritten,
    embeddingTokens: live.embeddingTokens,
    stored: live.stored,
  };
}
