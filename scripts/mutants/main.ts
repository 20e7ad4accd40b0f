import { StartError, UsageError } from "../local/failures.ts";
import { runCommand, readArguments, wholeNumber } from "../local/console/commandLine.ts";
import { readFaults, type Verdict, verdictOn } from "./planted.ts";
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
  --area <name>   only this area: "pure", which is Stryker's, or the name of a file in scripts/mutants/faults
  --file <text>   only planted faults in files whose path contains this`;

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
      file: { type: "string", default: "" },
    },
  });
  const seed = wholeNumber("--seed", values.seed, 0);
  const began = Date.now();
  const end = began + wholeNumber("--minutes", values.minutes) * 60_000;
  const { area } = values;
  const outcomes: Outcome[] = [];
  const broken: string[] = [];
  if (area !== "pure") {
    const modelEnd = area === undefined ? began + (end - began) * MODEL_SHARE : end;
    const faults = shuffled(readFaults(), seed).filter(
      (fault) => (area ?? fault.area) === fault.area && fault.file.includes(values.file),
    );
    if (faults.length === 0) throw new UsageError("No planted fault has this area and file.");
    console.log(`${faults.length} planted faults, as far as the time allows.`);
    for (const fault of faults) {
      if (Date.now() > modelEnd) break;
      const what = `${fault.file}: ${fault.from} → ${fault.to}`;
      const verdict = await verdictOn(fault);
      console.log(`${LABELS[verdict.kind]} ${what}${reasonOf(verdict)}`);
      if (verdict.kind === "broken") broken.push(what);
      else outcomes.push({ area: fault.area, what, end: verdict.kind });
    }
  }
  if (area === undefined || area === "pure") outcomes.push(...(await mutatePureCode(seed, end)));
  printScores(outcomes);
  if (broken.length > 0) throw new StartError(`Tests could not run:\n  ${broken.join("\n  ")}`);
}

const LABELS = {
  killed: "killed  ",
  timeout: "TIMEOUT ",
  survived: "SURVIVED",
  broken: "BROKEN  ",
};

/** The test that noticed the fault, or why none ran, on a line of its own. */
function reasonOf(verdict: Verdict): string {
  if (verdict.kind === "survived") return "";
  return `\n           ${verdict.kind === "broken" ? verdict.why : verdict.by}`.slice(0, 240);
}

await runCommand(USAGE, main);
