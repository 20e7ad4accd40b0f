import { readArguments, runCommand, wholeNumber } from "../local/console/commandLine.ts";
import { isGood, soak } from "./soak.ts";

const USAGE = `npm run soak -- [options]
  --minutes <n> how long (default 10)
  --clients <n> clients at a time (default 12)
  --seed <n>    repeats an earlier run`;

/** `npm run soak`: ten minutes of mixed load with faults, a kill every twenty seconds. */
await runCommand(USAGE, async (args) => {
  const { values } = readArguments({
    args,
    options: {
      minutes: { type: "string", default: "10" },
      clients: { type: "string", default: "12" },
      seed: { type: "string", default: String(Date.now() % 100_000) },
    },
  });
  const seconds = wholeNumber("--minutes", values.minutes) * 60;
  const seed = wholeNumber("--seed", values.seed, 0);
  const clients = wholeNumber("--clients", values.clients);
  console.log(`seed ${seed} (repeat with --seed ${seed})`);
  const kills = Math.max(1, Math.floor(seconds / 20));
  const report = await soak({ amount: { seconds }, kills, clients, seed });
  console.log(report, `\n${kills} kills`);
  console.log(isGood(report) ? "Nothing lost, nothing doubled, nothing wrong." : "FAILED");
  process.exitCode = isGood(report) ? 0 : 1;
});
