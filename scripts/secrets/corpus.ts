import { SECRETS } from "../../convex/lib/secrets/corpus.fixture";
import { HARMLESS } from "../../convex/lib/secrets/harmless.fixture";
import { findSecrets, maskText } from "../../convex/lib/secrets/scan";

/** `npm run secrets:corpus`: how many invented secrets are found, how many harmless texts are kept, and how fast. */

const found = SECRETS.filter(({ text, secret }) => !maskText(text).includes(secret));
const kept = HARMLESS.filter((text) => maskText(text) === text);
const kinds = new Set(SECRETS.map(({ kind }) => kind)).size;

const percent = (part: number, whole: number) =>
  `${part} of ${whole} (${((100 * part) / whole).toFixed(1)} %)`;

console.log(`secrets found   ${percent(found.length, SECRETS.length)}, of ${kinds} kinds`);
console.log(`harmless kept   ${percent(kept.length, HARMLESS.length)}`);
for (const { kind } of SECRETS.filter((one) => !found.includes(one)))
  console.log(`  missed: ${kind}`);
for (const text of HARMLESS.filter((one) => !kept.includes(one))) console.log(`  changed: ${text}`);

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
