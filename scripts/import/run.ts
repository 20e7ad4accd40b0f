import { setTimeout as wait } from "node:timers/promises";
import { discover, type Found } from "./discover.ts";
import { importHistory, NOWHERE, type Sink } from "./importHistory.ts";
import type { Options } from "./options.ts";
import { Progress } from "./progress.ts";
import type { Places } from "./rows.ts";
import { SecretExaminer, type SecretWork } from "./secrets.ts";
import { Sender } from "./sender.ts";
import type { Refused, Sent, Server } from "./server.ts";
import type { State } from "./state.ts";
import { Tally } from "./tally.ts";
import { TOOLS } from "./tools/index.ts";

/** Time between two looks at the files in `--watch`. */
const WATCH_EVERY_MS = 500;
/** The same where looking itself takes long: a message shall arrive within three seconds. */
const WATCH_AT_LEAST_EVERY_MS = 1_000;
/** After so long a watcher looks for what is new before it reads more of what is old. */
const ROUND_MS = 1_000;

export type Result = { tallies: Tally[]; secrets: SecretExaminer; ms: number };

export type Run = {
  options: Options;
  places: Places;
  state: State;
  /** Where rows go; null in a dry run. */
  server: Server | null;
  /** Whether the server says which secrets it finds, so that they need not be looked for here too. */
  serverTellsSecrets?: boolean;
  out?: NodeJS.WriteStream;
};

/** Finds the histories of every tool; leaves out tools without any. */
export async function discoverAll({ options, places }: Run): Promise<Found[]> {
  const found: Found[] = [];
  for (const tool of TOOLS) found.push(await discover(tool, places, options.paths));
  return found.filter(({ histories }) => histories.length > 0);
}

/** Imports what is new in these histories; with `roundMs`, no other one after so long. */
export async function importAll(
  run: Run,
  found: readonly Found[],
  roundMs = Infinity,
): Promise<Result> {
  const { options, state, out } = run;
  const began = performance.now();
  const secrets = new SecretExaminer(secretWorkOf(run));
  const isNew = (history: Found["histories"][number]) =>
    !state.isDone(history) && history.modifiedAt >= (options.since ?? 0);
  const pending = found.flatMap(({ histories }) => histories.filter(isNew));
  const bytes = pending.reduce((sum, history) => sum + history.bytes, 0);
  const progress = new Progress({ files: pending.length, bytes }, out);
  const tallies: Tally[] = [];
  try {
    for (const { tool, histories } of found) {
      const tally = new Tally(tool.source, tool.label);
      tallies.push(tally);
      const sink = sinkOf(run, tally, secrets);
      const context = { sink, state, tally, secrets, onProgress: progress.message.bind(progress) };
      for (const history of histories) {
        if (state.isDone(history)) tally.unchanged += 1;
        else if (!isNew(history)) tally.tooOld += 1;
        else if (performance.now() - began < roundMs) {
          tally.files += 1;
          tally.bytes += history.bytes;
          await importHistory(history, context);
          progress.historyDone(history);
        }
      }
      await sink.flush();
    }
  } finally {
    progress.clear();
    if (run.server !== null) state.save(true);
  }
  return { tallies, secrets, ms: performance.now() - began };
}

function secretWorkOf({ options, server, serverTellsSecrets = false }: Run): SecretWork {
  if (options.redact) return "mask";
  return server !== null && serverTellsSecrets ? "leave" : "count";
}

function sinkOf({ server }: Run, tally: Tally, secrets: SecretExaminer): Sink {
  if (server === null) return NOWHERE;
  const addRefused = ({ origin, reason }: Refused) => {
    tally.addFault({ ...origin, reason });
  };
  const addSent = ({ messages, refused, secrets: told }: Sent) => {
    tally.addStored(messages);
    refused.forEach(addRefused);
    secrets.addTold(told);
  };
  return new Sender(server, addSent, addRefused);
}

/** Imports what is new again and again, until the signal. */
export async function watch(
  run: Run,
  signal: AbortSignal,
  onResult: (result: Result) => void,
): Promise<void> {
  let faultsBefore = "";
  while (!signal.aborted) {
    const began = performance.now();
    const found = await discoverAll(run);
    const looked = performance.now() - began;
    const result = await importUnlessStopped({ ...run, out: undefined }, found, signal);
    if (result === undefined) return;
    // A file that cannot be read is named once, not at each look.
    const faults = JSON.stringify(result.tallies.map((tally) => tally.faults));
    const isNew =
      result.tallies.some(({ faultCount }) => faultCount > 0) && faults !== faultsBefore;
    if (isNew || result.tallies.some(({ messages }) => messages > 0)) onResult(result);
    faultsBefore = faults;
    // Looking at thousands of files takes its time too.
    const pause = Math.max(WATCH_EVERY_MS, Math.min(4 * looked, WATCH_AT_LEAST_EVERY_MS));
    await wait(pause, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * What changed last comes first, of tools and of each tool's histories: a message that was just written does not wait
 * for a backlog.
 */
function newestFirst({ state }: Run, found: readonly Found[]): Found[] {
  const latest = ({ histories: [first] }: Found) => first?.modifiedAt ?? 0;
  const pending = found.map(({ tool, histories }) => ({
    tool,
    histories: histories
      .filter((history) => !state.isDone(history))
      .sort((a, b) => b.modifiedAt - a.modifiedAt),
  }));
  return pending.sort((a, b) => latest(b) - latest(a));
}

/** Imports what is new; undefined if the signal ended waiting for the server. */
async function importUnlessStopped(
  run: Run,
  found: readonly Found[],
  signal: AbortSignal,
): Promise<Result | undefined> {
  try {
    return await importAll(run, newestFirst(run, found), ROUND_MS);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
