import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readArguments, runCommand } from "../../local/console/commandLine.ts";
import { ask } from "../../local/trials/ask.ts";
import { startServer } from "../../local/trials/server.ts";
import { installPackages, nodeIn, nodePackage, NotToBeHad, run } from "../packages.ts";
import { startProxy } from "./proxy.ts";

const USAGE = `npm run test:conformance
Runs the conformance suite of the Model Context Protocol against npm start. It passes if the checks that fail are
those of expectedFailures.yaml, each of them and no other. Skips where the suite cannot be had from the registry.`;

const SUITE = "@modelcontextprotocol/conformance";
const SUITE_VERSION = "0.2.0-alpha.12";
/** The Node version that the suite needs, which may be newer than this one. */
const SUITE_NODE = 22;

const EXPECTED = fileURLToPath(new URL("expectedFailures.yaml", import.meta.url));

/** Every version of the protocol that the server supports. */
const VERSIONS = ["2026-07-28", "2025-11-25", "2025-06-18"];

async function main(args: string[]): Promise<void> {
  readArguments({ args, options: {} });
  const folder = mkdtempSync(join(tmpdir(), "opensync-conformance-"));
  try {
    await conform(folder, await installSuite(folder));
  } catch (error) {
    if (!(error instanceof NotToBeHad)) throw error;
    console.log(`SKIPPED, nothing was checked: ${error.message}.`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Installs the suite; returns the Node that runs it. */
async function installSuite(folder: string): Promise<string> {
  const isNewEnough = Number(process.versions.node.split(".")[0]) >= SUITE_NODE;
  const node = isNewEnough ? [] : [nodePackage(SUITE_NODE)];
  await installPackages(folder, [`${SUITE}@${SUITE_VERSION}`, ...node]);
  return isNewEnough ? process.execPath : nodeIn(folder);
}

async function conform(folder: string, node: string): Promise<void> {
  const server = await startServer(join(folder, "local.sqlite3"));
  const proxy = await startProxy(server.url, server.key);
  try {
    // So that lists of resources are not empty.
    const message = {
      sessionExternalId: "s1",
      externalId: "m1",
      role: "user",
      textContent: "Hello",
    };
    await ask(server, "/sync/message", { body: message });
    const suite = join(folder, "node_modules", SUITE, "dist", "index.js");
    const asked = ["server", "--url", `${proxy.url}/mcp`, "--expected-failures", EXPECTED];
    for (const version of VERSIONS) {
      const which = ["--suite", "all", "--spec-version", version];
      const { code, output } = await run(node, [suite, ...asked, ...which], { maxMs: 120_000 });
      const isPassed = code === 0 && PASSED.test(output);
      console.log(isPassed ? `${version}: ${summaryOf(output)}` : `${version} FAILS:\n${output}`);
      if (!isPassed) process.exitCode = 1;
    }
  } finally {
    proxy.stop();
    await server.end("SIGTERM");
  }
}

/** The suite's last line but for what was expected; a suite that checked nothing has passed nothing. */
const PASSED = /^Total: ([1-9]\d*) passed/m;

/** Counts the checks that passed and those that failed as expected, and names the scenarios without a failure. */
function summaryOf(output: string): string {
  const [, passed] = PASSED.exec(output) ?? [];
  const expected = Array.from(output.matchAll(/^ +~ ([\w-]+):/gm), ([, scenario]) => scenario);
  const whole = Array.from(output.matchAll(/^✓ ([\w-]+): [1-9]/gm), ([, scenario]) => scenario);
  const named = whole.filter((scenario) => !expected.includes(scenario)).join(", ");
  return `${passed} checks passed, ${expected.length} failed as expected. Whole: ${named}.`;
}

await runCommand(USAGE, main);
