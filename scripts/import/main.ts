import "./memory.ts";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { homedir } from "node:os";
import { runCommand } from "../local/console/commandLine.ts";
import { UsageError } from "../local/failures.ts";
import { apiKey } from "./apiKey.ts";
import { type Found, notSupported } from "./discover.ts";
import { type Options, readImportOptions, USAGE } from "./options.ts";
import { faultText, foundTable, summary } from "./print.ts";
import type { Places } from "./rows.ts";
import { discoverAll, importAll, type Result, type Run, watch } from "./run.ts";
import { Server } from "./server.ts";
import { State, stateFolder, stateName } from "./state.ts";

async function main(args: string[]): Promise<void> {
  const options = readImportOptions(args, process.env, Date.now());
  const say = options.json ? console.error : console.log;
  const places: Places = {
    home: options.home,
    // Another home has other settings: this machine's variables say nothing of it.
    env: options.home === homedir() ? process.env : {},
    host: options.host,
    isNamed: options.paths.length > 0,
  };
  const run = await prepare(options, places);
  const found = await discoverAll(run);
  for (const { label, path } of notSupported(places)) say(`${label}: not supported yet (${path})`);
  if (found.length === 0 && !options.watch) {
    say(
      `No history found${options.paths.length > 0 ? ` in ${options.paths.join(", ")}` : ` below ${options.home}`}.`,
    );
    if (options.json) console.log(JSON.stringify(report([], options)));
    return;
  }
  if (found.length > 0) say(foundTable(found));
  if (!(await isWanted(run, found))) {
    say("Nothing was sent.");
    return;
  }
  const stop = new AbortController();
  // A watcher outlives a restart of its server.
  if (options.watch) run.server?.waitForever(stop.signal, say);
  const result = await importAll(run, found);
  say(summary(result.tallies, result.secrets, said(options, result)));
  if (options.json) console.log(JSON.stringify(report([result], options)));
  if (result.tallies.some(({ faultCount }) => faultCount > 0)) process.exitCode = 1;
  if (options.watch && !options.dryRun) await watchUntilStopped(run, stop, say);
}

const said = ({ dryRun, redact }: Options, { ms }: Result) => ({
  isDryRun: dryRun,
  redacts: redact,
  ms,
});

/** The server and what it was sent already. A dry run needs no server. */
async function prepare(options: Options, places: Places): Promise<Run> {
  const folder = stateFolder(homedir(), process.env);
  const out = process.stderr.isTTY && !options.json ? process.stderr : undefined;
  const common = { options, places, ...(out ? { out } : {}) };
  if (options.dryRun && options.key === undefined)
    return { ...common, server: null, state: State.read(options.state ?? "") };
  const key = await apiKey(options, folder);
  const state = State.read(options.state ?? join(folder, stateName(options.url, key)));
  if (options.dryRun) return { ...common, server: null, state };
  const server = new Server(options.url, key);
  const held = await server.sessionIds();
  // The data was deleted, or it is another server at the same address.
  if (held.length === 0 && state.size > 0) state.clear();
  mkdirSync(folder, { recursive: true });
  return { ...common, server, state, serverTellsSecrets: await server.tellsSecrets() };
}

/** Asks, unless there is nobody to ask or nothing to ask for. */
async function isWanted(run: Run, found: readonly Found[]): Promise<boolean> {
  const { options, state } = run;
  if (options.yes || options.dryRun || found.length === 0) return true;
  const isNew = found.some(({ histories }) => histories.some((history) => !state.isDone(history)));
  if (!isNew) return true;
  if (!process.stdin.isTTY) throw new UsageError("Nobody can be asked here: say --yes to import.");
  const survey = await importAll({ ...run, server: null }, found);
  console.log(
    summary(survey.tallies, survey.secrets, { isDryRun: true, redacts: false, ms: survey.ms }),
  );
  const masks = survey.secrets.total > 0 && !options.redact ? ", m to mask the secrets first" : "";
  const ask = createInterface({ input: process.stdin, output: process.stdout });
  const answer = (await ask.question(`Send this to ${options.url}? [y/N${masks}] `))
    .trim()
    .toLowerCase();
  ask.close();
  if (answer === "m" && masks !== "") options.redact = true;
  return answer === "y" || answer === "yes" || (answer === "m" && masks !== "");
}

async function watchUntilStopped(
  run: Run,
  stop: AbortController,
  say: (text: string) => void,
): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      stop.abort();
    });
  say("Watching for what is new (Ctrl-C ends)…");
  await watch(run, stop.signal, ({ tallies }) => {
    for (const { label, messages, sessionIds, faults } of tallies) {
      if (messages > 0)
        say(
          `${new Date().toLocaleTimeString()}  ${label}: ${messages} messages of ${sessionIds.size} sessions`,
        );
      for (const fault of faults) say(`skipped ${faultText(fault)}`);
      if (faults.length > 0) process.exitCode = 1;
    }
  });
}

/** The summary for machines. */
function report(results: readonly Result[], { url, dryRun, redact }: Options) {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  return {
    ...{ url, dryRun, redact },
    ms: Math.round(results.reduce((sum, { ms }) => sum + ms, 0)),
    processorMs: Math.round((userCPUTime + systemCPUTime) / 1_000),
    peakMemoryMB: Math.round(maxRSS / 1024),
    tools: results.flatMap(({ tallies }) => tallies.map((tally) => tally.json())),
    secrets: results.flatMap(({ secrets }) => secrets.counts),
  };
}

await runCommand(USAGE, main);
