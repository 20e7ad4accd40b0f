import { parseArgs } from "node:util";
import { crash } from "./crash.ts";

/** `npm run soak:crash`: 2,000 parallel sync requests, the server killed and restarted 20 times. */
const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "20" },
    requests: { type: "string", default: "2000" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
  },
});
const kills = Number(values.kills);
console.log(`seed ${values.seed} (repeat with --seed ${values.seed})`);
const report = await crash({
  kills,
  requestsPerKill: Math.ceil(Number(values.requests) / kills),
  seed: Number(values.seed),
  onKill: (kill, acknowledged) => {
    console.log(`kill ${kill}: ${acknowledged} acknowledged so far`);
  },
});
console.log(report);
const isGood = report.lost.length === 0 && report.unsettled.length === 0 && report.isSound;
console.log(isGood ? "Nothing acknowledged was lost." : "FAILED");
process.exitCode = isGood ? 0 : 1;
