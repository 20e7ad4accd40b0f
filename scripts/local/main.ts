import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { importHint } from "../import/hint.ts";
import { DEV_TOKEN_PATH, newDevSignIn, type DevAccount } from "./auth/devSignIn.ts";
import { sendDemo } from "./console/demo.ts";
import { runCommand } from "./console/commandLine.ts";
import { readOptions, USAGE, type Options } from "./console/options.ts";
import { exposureWarning, greeting, printLog, requestLine, whereTextsGo } from "./console/print.ts";
import { whenNpmEnds } from "./console/parent.ts";
import { resetAfterAsking } from "./console/reset.ts";
import { startEngine, type RunningEngine } from "./engine.ts";
import { surviveRejections } from "./strayRejections.ts";
import { ownerAccount, ownerKey, signInLink } from "./console/ownerKey.ts";

const PROJECT = fileURLToPath(new URL("../../convex", import.meta.url));

async function start(options: Options): Promise<void> {
  const began = performance.now();
  surviveRejections(printLog);
  const { data, host, port, embeddings, openai } = options;
  const devSignIn = options.devSignIn ? await newDevSignIn(process.env["JWKS"]) : null;
  let resolveAccount: (account: DevAccount) => void = () => undefined;
  const account = new Promise<DevAccount>((resolve) => (resolveAccount = resolve));
  const engine = await startEngine({
    functions: PROJECT,
    ...(devSignIn === null
      ? {}
      : {
          variables: { JWKS: devSignIn.jwks },
          route: {
            path: DEV_TOKEN_PATH,
            serve: (request: Request) => devSignIn.serve(request, account),
          },
        }),
    ...{ data, host, port, embeddings, openai },
    limits: { mode: options.strict ? "enforce" : "warn" },
    log: printLog,
    loadsRoutes: true,
    actionThread: availableParallelism() > 1 ? "if several" : "never",
    onRequest: (line) => {
      console.log(requestLine(line));
    },
  });
  endOnSignal(engine);
  const warning = exposureWarning(host);
  if (warning !== null) console.warn(warning);
  // The printed key must be the one that signs in: `ownerAccount` may have to make another than `ownerKey` returns.
  const owner = devSignIn === null ? null : await ownerAccount(engine);
  if (owner !== null) resolveAccount({ url: engine.url, ...owner });
  const key = owner?.key ?? (await ownerKey(engine));
  const texts = whereTextsGo(options, process.env);
  const signIn = await signInLink(engine);
  const ms = performance.now() - began;
  console.log(greeting({ url: engine.url, key, signIn, data, texts, ms }));
  if (options.demo) console.log(await sendDemo(engine.url, key));
  else if (process.stdout.isTTY) {
    const hint = await importHint({ url: engine.url, key, data });
    if (hint !== null) console.log(hint);
  }
}

/** The terminal and `tsx` may both forward one Ctrl-C; only a later one means "stop at once". */
const FORCE_STOP_AFTER_MS = 1000;

function endOnSignal(engine: RunningEngine): void {
  let since: number | null = null;
  const stop = () => {
    since = performance.now();
    engine.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  whenNpmEnds(stop);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (since !== null) {
        if (performance.now() - since > FORCE_STOP_AFTER_MS) process.exit(1);
        return;
      }
      stop();
    });
}

async function main(args: string[]): Promise<void> {
  process.setSourceMapsEnabled(true);
  const options = readOptions(args);
  if (options.reset && !(await resetAfterAsking(options.data))) console.log("Nothing was deleted.");
  else await start(options);
}

await runCommand(USAGE, main);
