import { fileURLToPath } from "node:url";
import { sendDemo } from "./console/demo.ts";
import { readOptions, USAGE, type Options } from "./console/options.ts";
import { greeting, printLog, requestLine } from "./console/print.ts";
import { resetAfterAsking } from "./console/reset.ts";
import { startEngine, type RunningEngine } from "./engine.ts";
import { ownerKey } from "./console/ownerKey.ts";
import { StartError } from "./store/database.ts";

const PROJECT = fileURLToPath(new URL("../../convex", import.meta.url));

async function start(options: Options): Promise<void> {
  const began = performance.now();
  const { data, host, port, embeddings } = options;
  const engine = await startEngine({
    functions: PROJECT,
    ...{ data, host, port, embeddings },
    log: printLog,
    onRequest: (line) => {
      console.log(requestLine(line));
    },
  });
  endOnSignal(engine);
  const key = await ownerKey(engine);
  console.log(greeting({ url: engine.url, key, data, ms: performance.now() - began }));
  if (options.demo) console.log(await sendDemo(engine.url, key));
}

function endOnSignal(engine: RunningEngine): void {
  let isEnding = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (isEnding) process.exit(1);
      isEnding = true;
      void engine.stop().then(() => process.exit(0));
    });
}

async function main(): Promise<void> {
  process.setSourceMapsEnabled(true);
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(USAGE);
  else if (options.reset && !(await resetAfterAsking(options.data)))
    console.log("Nothing was deleted.");
  else await start(options);
}

main().catch((error: unknown) => {
  console.error(error instanceof StartError ? error.message : error);
  process.exit(1);
});
