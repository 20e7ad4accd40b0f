import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StartError } from "../local/failures.ts";
import { FAULT_VARIABLE, type Fault } from "../config/plantedFault.ts";

/** Faults written by hand: each must fail one of its tests. */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FAULTS = fileURLToPath(new URL("faults", import.meta.url));

/** A change of the `nth` occurrence (0) of a text in a file, and the test files that must notice it. */
export type PlantedFault = {
  area: string;
  file: string;
  from: string;
  to: string;
  nth?: number;
  tests: string[];
};

/** Longer than the slowest test file takes. A fault that causes an endless loop is noticed by this limit. */
const TIMEOUT_MS = 300_000;

/** All faults, by the files of their areas. */
export function readFaults(): PlantedFault[] {
  return readdirSync(FAULTS).flatMap((name) => {
    const faults = JSON.parse(readFileSync(join(FAULTS, name), "utf8")) as PlantedFault[];
    return faults.map((fault) => ({ ...fault, area: name.replace(/\.json$/, "") }));
  });
}

/** The offset of the fault's text in its file; throws if the file no longer contains it. */
export function placeOf({ file, from, nth = 0 }: PlantedFault): number {
  const text = readFileSync(join(ROOT, file), "utf8");
  let at = -1;
  for (let found = 0; found <= nth; found++) {
    at = text.indexOf(from, at + 1);
    if (at < 0) throw new StartError(`${file} no longer contains: ${from}`);
  }
  return at;
}

/** Whether all tests of the fault pass although it is planted. */
export async function survives(fault: PlantedFault): Promise<boolean> {
  const { file, from, to, tests } = fault;
  const planted: Fault = { file, from, to, at: placeOf(fault) };
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const options = [
    "--config",
    "scripts/config/vitest.config.ts",
    "--bail",
    "1",
    "--reporter",
    "dot",
  ];
  const child = spawn(process.execPath, [vitest, "run", ...options, ...tests], {
    cwd: ROOT,
    env: { ...process.env, [FAULT_VARIABLE]: JSON.stringify(planted) },
    stdio: "ignore",
    timeout: TIMEOUT_MS,
  });
  return await new Promise((resolve) => child.once("exit", (code) => resolve(code === 0)));
}
