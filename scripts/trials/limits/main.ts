import { parseArgs } from "node:util";
import { newTokenSigner } from "../../local/auth/tokenSigner.ts";
import { startTestEngine, type TestEngine } from "../../local/testing.ts";
import { worstInputs, type Input } from "./inputs.ts";
import { readEverything } from "./reads.ts";
import { Report } from "./report.ts";
import type { Reader } from "./steps.ts";

/**
 * `npm run trial:limits`: sends the worst inputs through every function, on the local engine with the
 * limits of a deployment and a heap of 64 MiB. Prints the worst user time, heap and write burst of each
 * function, and fails where one is beyond the budgets of `report.ts`.
 */

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    heap: { type: "string", default: "64" },
    reads: { type: "string" },
    mask: { type: "boolean", default: false },
    "write-mib": { type: "string", default: "64" },
  },
});

const signer = await newTokenSigner();
const env = {
  ...signer.env,
  // The pauses between slices, which the window decides, change no peak. The bench measures bursts of 4 MiB.
  WRITE_MIB_PER_SECOND: values["write-mib"],
  // Requests of a trial are no reason to be refused by a rate limit.
  RATE_LIMIT_SYNC: "off",
  RATE_LIMIT_READ: "off",
  RATE_LIMIT_SEARCH: "off",
  RATE_LIMIT_EXPORT: "off",
  // Parts are parsed once more to be masked.
  ...(values.mask ? { REDACT_SECRETS: "mask" } : {}),
};

const report = new Report();
const start = () =>
  startTestEngine({
    env,
    heapMiB: Number(values.heap),
    embeddings: false,
    limits: { mode: "enforce" },
  });
let engine: TestEngine = await start();
const { apiKey: key, userId } = await engine.createUser();
const reader: Reader = {
  ...{ engine: () => engine, key, userId },
  token: () => signer.tokenOf(engine.url, userId),
};

/** Runs one step; when the process runs out of memory, notes it and starts the engine again. */
async function step(name: string, work: () => Promise<string | null>): Promise<void> {
  engine.resetPeaks();
  let fault: string | null;
  try {
    fault = await work();
  } catch (error) {
    fault = `failed: ${error instanceof Error ? error.message : String(error)}`;
    const alive = await engine.request("/health").then(
      () => true,
      () => false,
    );
    if (!alive) {
      fault = "OUT OF MEMORY";
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      engine = await engine.restart();
    }
  }
  report.step(name, fault, engine.peaks());
}

async function send(input: Input): Promise<string | null> {
  const answer = await engine.request(input.path, {
    method: "POST",
    key,
    headers: { "Content-Type": "application/json" },
    body: input.body() as BodyInit,
  });
  const body = (await answer.json()) as { errors?: string[]; error?: string };
  const isStored = answer.status === 200 && (body.errors ?? []).length === 0;
  isLastStored = isStored;
  await engine.settle(300_000);
  if (answer.status >= 500) return `${answer.status} ${body.error ?? ""}`;
  if (input.expect === "stored" && !isStored)
    return `refused: ${answer.status} ${JSON.stringify(body).slice(0, 200)}`;
  if (input.expect === "refused" && isStored) return "stored";
  console.log(`    ${answer.status} ${JSON.stringify(body).slice(0, 160)}`);
  return null;
}

/** Whether the last input sent was stored, so that its session can be read. */
let isLastStored = false;

const isChosen = (name: string) => new RegExp(values.reads ?? "").test(name);
const chosen = worstInputs().filter(
  ({ name }) => !values.only || new RegExp(values.only).test(name),
);
for (const input of chosen) {
  console.log(input.name);
  // Every input meets a fresh heap, as on a deployment, so that its figures are the same when it is asked alone.
  engine = await engine.restart();
  isLastStored = false;
  await step(input.name, () => send(input));
  if (input.session === undefined || !isLastStored) continue;
  const reads = readEverything(reader, input.session).filter(({ name }) => isChosen(name));
  for (const { name, run } of reads) await step(`${input.name} → ${name}`, run);
}
await engine.stop();
report.print();
process.exitCode = report.isWithinLimits() ? 0 : 1;
