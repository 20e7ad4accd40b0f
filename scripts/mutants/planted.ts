import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StartError } from "../local/failures.ts";
import { FAULT_VARIABLE, type Fault } from "../config/plantedFault.ts";

/** Faults written by hand: each must fail one of its tests. */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");
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
/** Far more than any test takes, so that a busy machine does not fail one. */
const TEST_TIMEOUT_MS = 120_000;

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

/**
 * Whether a test noticed a fault, and which. "timeout" if a test, or the whole run, did not end: on a busy machine the
 * fault need not be the reason. "broken" if the tests did not run, which says nothing about them.
 */
export type Verdict =
  | { kind: "killed" | "timeout"; by: string }
  | { kind: "survived" }
  | { kind: "broken"; why: string };

/** Plants the fault and runs its tests until the first one fails. */
export async function verdictOn(fault: PlantedFault): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), "planted-"));
  const report = join(folder, "report.json");
  try {
    const end = await runTests(fault, report);
    if (end === "timeout") return { kind: "timeout", by: "the whole run" };
    if (!existsSync(report)) return { kind: "broken", why: "Vitest wrote no report" };
    return readVerdict(JSON.parse(readFileSync(report, "utf8")) as Report, end === "passed");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs the tests of a fault in a process group, because an endless loop outlives Vitest in its worker. */
async function runTests(
  fault: PlantedFault,
  report: string,
): Promise<"passed" | "failed" | "timeout"> {
  const { file, from, to, tests } = fault;
  const planted: Fault = { file, from, to, at: placeOf(fault) };
  const options = ["--config", "scripts/config/vitest.config.ts", "--bail", "1"];
  const times = [
    "--testTimeout",
    String(TEST_TIMEOUT_MS),
    "--hookTimeout",
    String(TEST_TIMEOUT_MS),
  ];
  const reporting = ["--reporter", "json", "--outputFile", report];
  const args = [VITEST, "run", ...options, ...times, ...reporting, ...tests];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, [FAULT_VARIABLE]: JSON.stringify(planted) },
    stdio: "ignore",
    detached: true,
  });
  const killAll = () => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  // A group of its own does not hear the terminal's interrupt.
  const interrupted = () => {
    killAll();
    process.exit(130);
  };
  for (const signal of SIGNALS) process.once(signal, interrupted);
  const timer = setTimeout(killAll, TIMEOUT_MS);
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  clearTimeout(timer);
  for (const signal of SIGNALS) process.removeListener(signal, interrupted);
  if (code === null) return "timeout";
  return code === 0 ? "passed" : "failed";
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** How the message of a test begins that Vitest stopped because it took too long. */
const TIMED_OUT = /^Error: (STACK_TRACE_ERROR|Test timed out|Hook timed out)/;

/** The part of Vitest's JSON report that decides. A file that could not be loaded failed without a test. */
export type Report = {
  testResults: {
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
};

/** Reads a verdict from a report: only a failed test kills, not a file that could not be loaded. */
export function readVerdict({ testResults }: Report, hasPassed: boolean): Verdict {
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = all.find(({ status }) => status === "failed");
  if (failed !== undefined) {
    const message = failed.failureMessages[0]?.split("\n")[0] ?? "";
    const kind = TIMED_OUT.test(message) ? "timeout" : "killed";
    return { kind, by: `${failed.fullName}: ${message}` };
  }
  if (hasPassed && all.length > 0) return { kind: "survived" };
  const why = testResults.map(({ message }) => message).find((message) => message !== "");
  return { kind: "broken", why: why?.split("\n")[0] ?? "no test ran" };
}
