import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { seeded } from "../random.ts";
import { printTable } from "../table.ts";
import { CLASSES } from "./classes.ts";
import { measureCosts } from "./measure.ts";
import { MEASURED_FILE, OPERATION_NAMES, readMeasured } from "./measured.ts";
import { firstToBreak, mostDevelopers, simulate } from "./simulate.ts";
import { operationsOf } from "./workload.ts";

/**
 * `npm run bench:capacity`: how many developers each class of deployment can serve, and which limit they reach
 * first, from the costs in `measured.json`. With `--measure` these are measured and written down first. Prints
 * the tables of docs/operating.md.
 */

const { values } = parseArgs({ options: { measure: { type: "boolean", default: false } } });
if (values.measure) {
  writeFileSync(MEASURED_FILE, `${JSON.stringify(await measureCosts(), null, 2)}\n`);
}
const costs = readMeasured();
const OPERATIONS = operationsOf(costs);

const SEED = 1;
const DEVELOPERS = [100, 1_000, 10_000, 100_000];
/** Operations that one simulation contains: fewer seconds for more developers. */
const EVENTS = 60_000;

function play(limits: (typeof CLASSES)[number], developers: number) {
  const perSecond = (developers * OPERATIONS.reduce((sum, one) => sum + one.perDay, 0)) / 14_400;
  const seconds = Math.max(5, Math.min(120, Math.floor(EVENTS / perSecond)));
  return simulate(limits, OPERATIONS, { developers, seconds }, seeded(SEED));
}

const percent = (share: number) => `${Math.round(share * 100)} %`;

console.log(`Measured on ${costs.date}:\n`);
const ms = (value: number | undefined) => (value === undefined ? "–" : `${value.toFixed(1)} ms`);
printTable(
  ["operation", "calls a turn", "action", "function", "bytes written"],
  OPERATION_NAMES.map((name) => {
    const { perTurn, actionMs, functionMs, writes } = costs[name];
    const kB = `${(writes / 1_000).toFixed(1)} kB`;
    return [name, String(perTurn ?? "–"), ms(actionMs), ms(functionMs), kB];
  }),
);
console.log("");

const USES = ["writes", "jobs", "embeddings", "actions", "mutations", "queries"] as const;

function rowOf(limits: (typeof CLASSES)[number], developers: number): string[] {
  const outcome = play(limits, developers);
  const { requests, refused, late, peak } = outcome;
  const share = (counts: typeof refused) =>
    percent(Object.values(counts).reduce((a, b) => a + b, 0) / requests);
  return [
    ...[limits.name, developers.toLocaleString("en-US"), share(refused), share(late)],
    ...[firstToBreak(outcome) ?? "nothing", USES.map((use) => percent(peak[use])).join(", ")],
  ];
}

printTable(
  ["class", "developers", "refused", "late", "first to break", `peak use: ${USES.join(", ")}`],
  CLASSES.flatMap((limits) => DEVELOPERS.map((developers) => rowOf(limits, developers))),
);
for (const limits of CLASSES) {
  const most = mostDevelopers((developers) => firstToBreak(play(limits, developers)) === null);
  const limit = firstToBreak(play(limits, Math.ceil(most * 1.3)));
  console.log(
    `\n${limits.name}: about ${most.toLocaleString("en-US")} developers; then ${limit ?? "nothing"} breaks`,
  );
}
