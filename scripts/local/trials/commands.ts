import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * Names a folder in which the commands of `package.json` are bundled, so that tests need not compile them for every
 * process. Unset outside of tests.
 */
export const COMMANDS_VARIABLE = "OPENSYNC_TEST_COMMANDS";

const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const SCRIPTS = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Flags of Node with which `npm start` runs the server. Requests leave much garbage and little else; with a young
 * generation of twice the usual size, less of it is copied. A request runs much code once, which is compiled without
 * optimisation at once, because V8 would otherwise interpret it the first hundred times.
 */
export const SERVER_FLAGS = ["--max-semi-space-size=32", "--always-sparkplug"];

/** The arguments with which Node runs a command, which is named by its file in `scripts/`: `local/main`. */
export function nodeArguments(command: string): string[] {
  const bundled = process.env[COMMANDS_VARIABLE];
  return bundled === undefined
    ? ["--import", TSX, join(SCRIPTS, `${command}.ts`)]
    : [join(bundled, `${command}.mjs`)];
}
