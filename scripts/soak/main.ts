import { parseArgs } from "node:util";
import { isGood, soak } from "./soak.ts";

/** `npm run soak`: ten minutes of mixed load with faults, a kill every twenty seconds. */
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    clients: { type: "string", default: "12" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
  },
});
const seconds = Number(values.minutes) * 60;
const seed = Number(values.seed);
console.log(`seed ${seed} (repeat with --seed ${seed})`);
const kills = Math.max(1, Math.floor(seconds / 20));
const report = await soak({ amount: { seconds }, kills, clients: Number(values.clients), seed });
console.log(report, `\n${kills} kills`);
console.log(isGood(report) ? "Nothing lost, nothing doubled, nothing wrong." : "FAILED");
process.exitCode = isGood(report) ? 0 : 1;
