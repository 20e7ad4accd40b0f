import { runCommand, readArguments, wholeNumber } from "../local/console/commandLine.ts";
import { readFaults, survives } from "./planted.ts";
import { printScores, type Outcome } from "./scores.ts";
import { mutatePureCode } from "./pureCode.ts";
import { shuffled } from "./sample.ts";

/**
 * `npm run mutants`: changes the code in small ways and runs the tests that exercise it. A change that no test
 * notices is one that could reach users. Pure code is changed by Stryker; the model, whose tests need the edge
 * runtime, by the faults listed in `faults/`. Both are sampled by a seed, which is the day unless given.
 */

const USAGE = `npm run mutants [-- options]
  --minutes <n>   how long it runs, roughly (20)
  --seed <n>      chooses the changes (default: the number of the day)
  --area <name>   only this area; "pure" is Stryker's`;

const DAY_MS = 86_400_000;
/** The share of the time that goes to the model; the rest is for pure code. */
const MODEL_SHARE = 0.6;

async function main(args: string[]): Promise<void> {
  const { values } = readArguments({
    args,
    options: {
      minutes: { type: "string", default: "20" },
      seed: { type: "string", default: String(Math.floor(Date.now() / DAY_MS)) },
      area: { type: "string" },
    },
  });
  const seed = wholeNumber("--seed", values.seed, 0);
  const began = Date.now();
  const end = began + wholeNumber("--minutes", values.minutes) * 60_000;
  const { area } = values;
  const outcomes: Outcome[] = [];
  if (area !== "pure") {
    const modelEnd = area === undefined ? began + (end - began) * MODEL_SHARE : end;
    const faults = shuffled(readFaults(), seed).filter(
      (fault) => (area ?? fault.area) === fault.area,
    );
    for (const fault of faults) {
      if (Date.now() > modelEnd) break;
      const outcome: Outcome = {
        area: fault.area,
        what: `${fault.file}: ${fault.from} → ${fault.to}`,
        isKilled: !(await survives(fault)),
      };
      console.log(outcome.isKilled ? "killed  " : "SURVIVED", outcome.what);
      outcomes.push(outcome);
    }
  }
  if (area === undefined || area === "pure") outcomes.push(...(await mutatePureCode(seed, end)));
  printScores(outcomes);
}

await runCommand(USAGE, main);
