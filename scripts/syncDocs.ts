import { spawnSync } from "node:child_process";
import { askRunningServer } from "./local/http/admin.ts";
import { readPages } from "./docs/pages.ts";
import { type RunFunction, syncPages } from "./docs/sync.ts";

/**
 * `npm run docs:sync -- <folder>`: makes the documentation pages of a deployment those of a folder of
 * Markdown. Running it again changes nothing.
 *
 * The deployment is the one that `npx convex` talks to; with `CONVEX_URL` and `CONVEX_DEPLOY_KEY` set,
 * it is that one, over HTTP; with `--local <data file>`, the local engine that has this file open.
 */

const USAGE = "usage: npm run docs:sync -- <folder> [--local <data file>]";

async function main(args: readonly string[]): Promise<void> {
  const local = args.indexOf("--local");
  const dataFile = local < 0 ? undefined : args[local + 1];
  const folder = args.find((arg, i) => !arg.startsWith("--") && (local < 0 || i !== local + 1));
  if (folder === undefined || (local >= 0 && dataFile === undefined)) throw new Error(USAGE);
  const pages = readPages(folder);
  const { written, removed, unchanged } = await syncPages(pages, runnerOf(dataFile));
  console.log(`${written} written, ${removed} removed, ${unchanged} unchanged`);
}

function runnerOf(dataFile: string | undefined): RunFunction {
  if (dataFile !== undefined) return onLocalEngine(dataFile);
  const { CONVEX_URL: url, CONVEX_DEPLOY_KEY: key } = process.env;
  return url && key ? overHttp(url, key) : byCommandLine;
}

function onLocalEngine(dataFile: string): RunFunction {
  return async (path, args) => {
    const answer = await askRunningServer(dataFile, path, args);
    if (answer === null)
      throw new Error(`No local engine has ${dataFile} open; start it with npm start`);
    return JSON.parse(answer) as unknown;
  };
}

function overHttp(url: string, key: string): RunFunction {
  return async (path, args) => {
    const response = await fetch(new URL("/api/function", url), {
      method: "POST",
      headers: { Authorization: `Convex ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify({ path, args, format: "json" }),
    });
    const answer = (await response.json()) as {
      status?: string;
      value?: unknown;
      errorMessage?: string;
    };
    if (answer.status !== "success")
      throw new Error(answer.errorMessage ?? `HTTP ${response.status}`);
    return answer.value;
  };
}

const byCommandLine: RunFunction = (path, args) => {
  const { status, stdout, stderr } = spawnSync(
    "npx",
    ["convex", "run", path, JSON.stringify(args)],
    {
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  if (status !== 0) return Promise.reject(new Error(stderr || `npx convex run ${path} failed`));
  return Promise.resolve(JSON.parse(stdout) as unknown);
};

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
