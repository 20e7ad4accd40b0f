import { spawn } from "node:child_process";
import { join } from "node:path";

/** Packages of the registry that only a check needs, installed into a folder of their own. */

/** What npm reports when the registry cannot be reached, or has no such package for this machine. */
const NOT_TO_BE_HAD =
  /\b(?:EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENOTFOUND|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENOTCACHED|E401|E403|E404|E5\d\d|ETARGET|EBADPLATFORM)\b/;

/** Thrown when packages cannot be installed through no fault of this project. */
export class NotToBeHad extends Error {}

/** Installs packages into a folder, without running their scripts. */
export async function installPackages(folder: string, packages: readonly string[]): Promise<void> {
  const quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"];
  // The reason of a failure is read from the output, which `npm --silent test` turns off for its children too.
  const options = [...quiet, "--loglevel", "error"];
  const { code, output } = await run("npm", [
    "install",
    "--prefix",
    folder,
    ...options,
    ...packages,
  ]);
  if (code === 0) return;
  const [reason] = NOT_TO_BE_HAD.exec(output) ?? [];
  if (reason === undefined) throw new Error(`npm install ended with ${code}:\n${output}`);
  throw new NotToBeHad(`${packages.join(" and ")} cannot be had from the registry (${reason})`);
}

/** The package that holds a version of Node for this machine. */
export function nodePackage(major: number): string {
  return `node-${process.platform}-${process.arch}@${major}`;
}

/** Where Node is in a folder with `nodePackage`. */
export function nodeIn(folder: string): string {
  return join(folder, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
}

type Options = { maxMs?: number; env?: NodeJS.ProcessEnv; cwd?: string };
type Ended = { code: number | null; output: string };

/** Runs a program to its end; one that takes longer than `maxMs` is killed, and has no exit code. */
export function run(
  program: string,
  args: readonly string[],
  { maxMs = 240_000, env = process.env, cwd }: Options = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const stdio = ["ignore", "pipe", "pipe"] as const;
    const child = spawn(program, args, { stdio: [...stdio], env, cwd, timeout: maxMs });
    let output = "";
    const hear = (chunk: Buffer) => (output += chunk.toString("utf8"));
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, output });
    });
  });
}
