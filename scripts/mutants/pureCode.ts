import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LONG_UNITS } from "../config/vitest.config.ts";
import { shuffled } from "./sample.ts";
import type { Outcome } from "./scores.ts";

/** Runs Stryker over a sample of the pure code. */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const STRYKER = join(ROOT, "node_modules/@stryker-mutator/core/bin/stryker.js");
const REPORT = join(ROOT, "node_modules/.cache/stryker/report.json");

/** Rooms of pure code. Only files with a quick unit test beside them are changed, because only those tests run. */
const ROOMS = ["convex/lib", "convex/exports", "convex/wire"];
/** About 25 changes, each tested in two to three seconds; the first minutes run all tests unchanged. */
const LINES_PER_MINUTE = 50;

type Report = {
  files: { [path: string]: { mutants: Mutant[] } };
};
type Mutant = {
  status: string;
  mutatorName: string;
  replacement?: string;
  location: { start: { line: number } };
};

/** Statuses of changes that a test noticed. Static, ignored and invalid ones are not counted. */
/** How a change ended, by Stryker's name for it. Changes that do not compile or were left out have other names. */
const ENDS = new Map<string, Outcome["end"]>([
  ["Killed", "killed"],
  ["Timeout", "timeout"],
  ["Survived", "survived"],
  ["NoCoverage", "survived"],
]);

/** Files with a quick unit test beside them, in an order that depends on the seed, as many as have so many lines. */
export function sampled(seed: number, lines: number): string[] {
  const files = ROOMS.flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => `${room}/${name}`),
  ).filter((path) => {
    const test = path.replace(/\.ts$/, ".test.ts");
    return existsSync(join(ROOT, test)) && !LONG_UNITS.includes(test);
  });
  let left = lines;
  return shuffled(files.sort(), seed).filter((path) => {
    const own = readFileSync(join(ROOT, path), "utf8").split("\n").length;
    if (own > left) return false;
    left -= own;
    return true;
  });
}

/** Changes a sample of files that fits in the time until `end` (ms); returns the outcome of each change. */
export async function mutatePureCode(seed: number, end: number): Promise<Outcome[]> {
  const minutes = Math.max(2, (end - Date.now()) / 60_000);
  const files = sampled(seed, minutes * LINES_PER_MINUTE);
  console.log(`Stryker changes ${files.join(", ")}`);
  rmSync(REPORT, { force: true });
  const args = [STRYKER, "run", "scripts/config/stryker.config.js", "--mutate", files.join(",")];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
  await new Promise((resolve) => child.once("exit", resolve));
  if (!existsSync(REPORT)) return [{ area: "pure", what: "Stryker has failed", end: "survived" }];
  const { files: reported } = JSON.parse(readFileSync(REPORT, "utf8")) as Report;
  return files.flatMap((path) => (reported[path]?.mutants ?? []).flatMap(outcomeIn(path)));
}

const outcomeIn =
  (path: string) =>
  ({ status, mutatorName, replacement = "", location }: Mutant): Outcome[] => {
    const end = ENDS.get(status);
    if (end === undefined) return [];
    const what = `${path}:${location.start.line} ${mutatorName} → ${replacement}`;
    return [{ area: "pure", what, end }];
  };
