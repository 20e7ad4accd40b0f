import { parseArgs } from "node:util";
import { playBackfill, type Tally } from "./backfill.ts";

/**
 * `npx tsx scripts/trials/backfill/main.ts [--megabytes 200]`: two users' hooks, a message each second,
 * while a third user's history comes in requests of 7 MB. Fails if anything was refused.
 */
const { values } = parseArgs({ options: { megabytes: { type: "string", default: "200" } } });

const outcome = await playBackfill({
  historyBytes: Number(values.megabytes) * 1_000_000,
  requestBytes: 7_000_000,
  hookEveryMs: 1_000,
});

const line = (name: string, { sent, refused, slowestMs }: Tally) =>
  `${name}: ${sent} requests, ${refused.length} refused, slowest ${(slowestMs / 1_000).toFixed(1)} s`;
console.log(line("hooks", outcome.hooks));
console.log(line("back-fill", outcome.backfill));
console.log(`${outcome.messagesStored} messages of history in ${outcome.seconds.toFixed(0)} s`);
const refused = [...outcome.hooks.refused, ...outcome.backfill.refused];
for (const answer of refused) console.log(`✗ ${answer}`);
process.exitCode = refused.length === 0 ? 0 : 1;
