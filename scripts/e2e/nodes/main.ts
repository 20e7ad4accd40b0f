import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { StartError, UsageError } from "../../local/failures.ts";
import { readArguments, runCommand, wholeNumber } from "../../local/console/commandLine.ts";
import { ask } from "../../local/trials/ask.ts";
import { type ServerProcess, startServer } from "../../local/trials/server.ts";
import { installPackages, nodeIn, nodePackage, NotToBeHad, run } from "../packages.ts";

const USAGE = `npm run test:nodes -- [--versions 24,26]
Starts the server and runs the fast tests, and those of the data file, under other versions of Node. They must have SQLite
built in (22.13 and newer), which is what the server must use. Skips a version that the registry does not have.`;

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const VITEST = ["node_modules/vitest/vitest.mjs", "run", "--config"];
const CONFIG = "scripts/config/vitest.config.ts";

/** Tests that say of a Node version whether it runs the project: functions and pure code, and the data file. */
const TESTS = [
  ["--project", "fast"],
  ["scripts/local/store", "scripts/local/console/backUp"],
];

async function main(args: string[]): Promise<void> {
  const options = { versions: { type: "string", default: "24,26" } } as const;
  const { values } = readArguments({ args, options });
  const versions = values.versions.split(",").map((one) => wholeNumber("--versions", one, 22));
  if (versions.length === 0) throw new UsageError("--versions names none.");
  for (const version of versions) await tryVersion(version);
}

async function tryVersion(version: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `opensync-node${version}-`));
  try {
    await installPackages(folder, [nodePackage(version)]);
    const node = nodeIn(folder);
    const { output: name } = await run(node, ["--version"]);
    await serve(node, folder);
    console.log(`Node ${name.trim()}: the server keeps its data, with the SQLite built in`);
    for (const tests of TESTS) await runTests(node, name.trim(), tests);
  } catch (error) {
    if (!(error instanceof NotToBeHad)) throw error;
    console.log(`SKIPPED Node ${version}, nothing was checked: ${error.message}.`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes the library for Node 20 impossible to load, so that a server that starts does not need it. */
const WITHOUT_LIBRARY = `const Module = require("node:module");
const resolve = Module._resolveFilename;
Module._resolveFilename = (name, ...rest) => {
  if (name.startsWith("better-sqlite3")) throw new Error("better-sqlite3 was loaded");
  return resolve(name, ...rest);
};`;

/** Stores a message, and finds it by its words after a restart. */
async function serve(node: string, folder: string): Promise<void> {
  const hook = join(folder, "without.cjs");
  writeFileSync(hook, WITHOUT_LIBRARY);
  const message = { sessionExternalId: "s1", externalId: "m1", textContent: "a walrus" };
  await whileServed({ node, folder, hook }, (server) =>
    ask(server, "/sync/message", { body: message }),
  );
  await whileServed({ node, folder, hook }, async (server) => {
    const body = { query: "walrus", type: "fulltext" };
    const answer: unknown = await (await ask(server, "/search", { body })).json();
    const { results } = answer as { results: { externalId: string }[] };
    if (results[0]?.externalId !== "s1") throw new StartError("The message was not found again.");
  });
}

type Place = { node: string; folder: string; hook: string };

/** Does something while a server runs that must print no warning. */
async function whileServed(
  { node, folder, hook }: Place,
  work: (server: ServerProcess) => Promise<unknown>,
): Promise<void> {
  const env = { NODE_OPTIONS: `--require ${hook}` };
  const data = join(folder, "local.sqlite3");
  const server = await startServer(data, ["--no-embeddings"], env, { node });
  try {
    await work(server);
  } finally {
    await server.end("SIGTERM");
  }
  const [warning] = /.*Warning.*/.exec(server.output()) ?? [];
  if (warning !== undefined) throw new StartError(`The server warns: ${warning}`);
}

async function runTests(node: string, name: string, tests: readonly string[]): Promise<void> {
  const args = [...VITEST, CONFIG, ...tests];
  const { code, output } = await run(node, args, { cwd: ROOT, maxMs: 600_000 });
  const plain = stripVTControlCharacters(output);
  const [, passed] = /^ +Tests +([1-9]\d* passed.*)$/m.exec(plain) ?? [];
  if (code === 0 && passed !== undefined) {
    console.log(`Node ${name}: ${tests.join(" ")}: ${passed}`);
    return;
  }
  console.log(plain);
  throw new StartError(`Tests fail under Node ${name}.`);
}

await runCommand(USAGE, main);
