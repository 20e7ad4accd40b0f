import { SECRETS } from "../../convex/lib/secrets/corpus.fixture";
import { HARMLESS } from "../../convex/lib/secrets/harmless.fixture";
import { HELD_OUT, HELD_OUT_HARMLESS } from "../../convex/lib/secrets/heldOut.fixture";
import { findSecrets, maskText } from "../../convex/lib/secrets/scan";
import { THIRD_HARMLESS, THIRD_SECRETS } from "../../convex/lib/secrets/thirdDraw.fixture";
import { UNSEEN_HARMLESS } from "../../convex/lib/secrets/unseenHarmless.fixture";
import { UNSEEN_SECRETS } from "../../convex/lib/secrets/unseenSecrets.fixture";

/** `npm run secrets:corpus`: how many invented secrets are found, how many harmless texts are kept, and how fast. */

const SETS = [
  { name: "written with the rules", secrets: SECRETS, harmless: HARMLESS },
  { name: "held out, first", secrets: HELD_OUT, harmless: HELD_OUT_HARMLESS },
  { name: "held out, second", secrets: UNSEEN_SECRETS, harmless: UNSEEN_HARMLESS },
  { name: "held out, third", secrets: THIRD_SECRETS, harmless: THIRD_HARMLESS },
];

const percent = (part: number, whole: number) =>
  `${part} of ${whole} (${((100 * part) / whole).toFixed(1)} %)`;

for (const { name, secrets, harmless } of SETS) {
  const missed = secrets.filter(({ text, secret }) => maskText(text).includes(secret));
  const changed = harmless.filter((text) => maskText(text) !== text);
  const kinds = new Set(secrets.map(({ kind }) => kind)).size;
  console.log(name);
  console.log(
    `  secrets found   ${percent(secrets.length - missed.length, secrets.length)}, of ${kinds} kinds`,
  );
  console.log(`  harmless kept   ${percent(harmless.length - changed.length, harmless.length)}`);
  for (const { kind } of missed) console.log(`    missed: ${kind}`);
  for (const text of changed) console.log(`    changed: ${text}`);
}

const text = [...HARMLESS, ...SECRETS.map((one) => one.text)].join("\n").repeat(100);
const speedOf = (sample: string) => {
  findSecrets(sample);
  const start = process.cpuUsage();
  findSecrets(sample);
  const { user, system } = process.cpuUsage(start);
  return (Buffer.byteLength(sample) / (user + system)).toFixed(0);
};
console.log(`speed           ${speedOf(text)} MB/s of CPU on this corpus`);
console.log(
  `                ${speedOf("The quick brown fox reads a file.\n".repeat(100_000))} MB/s on plain prose`,
);
