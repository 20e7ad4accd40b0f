import { readArguments, runCommand, wholeNumber } from "../console/commandLine.ts";
import { crash } from "./crash.ts";

const USAGE = `npm run soak:crash -- [options]
  --kills <n>    kills and restarts (default 20)
  --requests <n> messages sent in all (default 2000)
  --seed <n>     repeats an earlier run`;

/** `npm run soak:crash`: 2,000 parallel sync requests while the server is killed and restarted 20 times. */
await runCommand(USAGE, async (args) => {
  const { values } = readArguments({
    args,
    options: {
      kills: { type: "string", default: "20" },
      requests: { type: "string", default: "2000" },
      seed: { type: "string", default: String(Date.now() % 100_000) },
    },
  });
  const kills = wholeNumber("--kills", values.kills);
  const requests = wholeNumber("--requests", values.requests);
  const seed = wholeNumber("--seed", values.seed, 0);
  console.log(`seed ${seed} (repeat with --seed ${seed})`);
  const report = await crash({
    kills,
    requestsPerKill: Math.ceil(requests / kills),
    seed,
    onKill: (kill, acknowledged) => {
      console.log(`kill ${kill}: ${acknowledged} acknowledged so far`);
    },
  });
  console.log(report);
  const isGood = report.lost.length === 0 && report.unsettled.length === 0 && report.isSound;
  console.log(isGood ? "Nothing acknowledged was lost." : "FAILED");
  process.exitCode = isGood ? 0 : 1;
});
