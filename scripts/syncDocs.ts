import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { readArguments, runCommand } from "./local/console/commandLine.ts";
import { StartError, unreachable, UsageError } from "./local/failures.ts";
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

const USAGE = `npm run docs:sync -- <folder> [options]
  --local <data file> the local engine that has this file open
  --remove-all        let a folder without Markdown remove every page`;

async function main(args: string[]): Promise<void> {
  const { values, positionals } = readArguments({
    args,
    allowPositionals: true,
    options: { local: { type: "string" }, "remove-all": { type: "boolean", default: false } },
  });
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0)
    throw new UsageError("Name one folder of Markdown: npm run docs:sync -- <folder>");
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new StartError(`${folder} is not a folder.`);
  const pages = readPages(folder);
  // More likely the wrong folder than the wish to have no documentation.
  if (pages.length === 0 && !values["remove-all"])
    throw new StartError(
      `${folder} holds no Markdown: nothing was changed. To remove every page, add --remove-all.`,
    );
  const { written, removed, unchanged } = await syncPages(pages, runnerOf(values.local));
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
      throw new StartError(`No local engine has ${dataFile} open: start it with npm start.`);
    return JSON.parse(answer) as unknown;
  };
}

function overHttp(url: string, key: string): RunFunction {
  return async (path, args) => {
    const response = await fetch(new URL("/api/function", url), {
      method: "POST",
      headers: { Authorization: `Convex ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify({ path, args, format: "json" }),
    }).catch((error: unknown) => {
      throw unreachable(url, error);
    });
    const answer = (await response.json()) as {
      status?: string;
      value?: unknown;
      errorMessage?: string;
    };
    if (answer.status !== "success")
      throw new StartError(answer.errorMessage ?? `${url} answered HTTP ${response.status}.`);
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
  if (status !== 0)
    return Promise.reject(new StartError(stderr.trim() || `npx convex run ${path} failed`));
  return Promise.resolve(JSON.parse(stdout) as unknown);
};

await runCommand(USAGE, main);
