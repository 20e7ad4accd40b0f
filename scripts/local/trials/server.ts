import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** `npm start` as a process of its own, to be measured and killed. */
export interface ServerProcess {
  url: string;
  key: string;
  pid: number;
  /** From the start of the process until it was ready, in milliseconds. */
  startMs: number;
  /** Send a signal and wait for the end; resolves to the exit code, or null after a signal. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Everything printed so far. */
  output(): string;
}

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const READY = "Requests (Ctrl-C ends):";
/** Long, for machines on which much else runs. */
const START_TIMEOUT_MS = 90_000;

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once("exit", resolve);
  });
}

/** Trials ask more often than any person: no limit is to be what they measure. */
const NO_LIMITS = {
  RATE_LIMIT_READ: "1000000",
  RATE_LIMIT_SEARCH: "1000000",
  RATE_LIMIT_EXPORT: "1000000",
};

/** The environment of a server under trial: nothing of this machine's keys, no network. */
function cleanEnv(own: Record<string, string>): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR, ...NO_LIMITS, ...own };
}

/**
 * Start the server (that of another checkout, if its `main.ts` is given) on a free port, with variables of its own; rejects with what it printed if it
 * does not come up.
 */
export async function startServer(
  data: string,
  args: string[] = [],
  env: Record<string, string> = {},
  main = MAIN,
): Promise<ServerProcess> {
  const began = performance.now();
  // No shell and no wrapper: the process that is killed is the one that holds the file.
  const child = spawn(
    process.execPath,
    ["--import", "tsx", main, "--data", data, "--port", "0", ...args],
    { stdio: ["ignore", "pipe", "pipe"], env: cleanEnv(env) },
  );
  let output = "";
  const hear = (chunk: Buffer) => {
    output += chunk.toString("utf8");
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const exit = ended(child);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`The server was not ready in ${START_TIMEOUT_MS} ms:\n${output}`));
    }, START_TIMEOUT_MS);
    child.stdout.on("data", () => {
      if (!output.includes(READY)) return;
      clearTimeout(timer);
      resolve();
    });
    void exit.then((code) => {
      clearTimeout(timer);
      reject(new Error(`The server ended with ${code}:\n${output}`));
    });
  });
  const found = (pattern: RegExp) => pattern.exec(output)?.[1] ?? "";
  return {
    url: found(/Address\s+(\S+)/),
    key: found(/API key\s+(\S+)/),
    pid: child.pid ?? 0,
    startMs: performance.now() - began,
    end: (signal) => {
      child.kill(signal);
      return exit;
    },
    output: () => output,
  };
}

/** Does a piece of work with a data file in a temporary folder, which is gone afterwards. */
export async function withDataFile<T>(work: (data: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "opensync-trial-"));
  try {
    return await work(join(folder, "local.sqlite3"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Resident memory of a process in MB now, and at its highest; null where the system does not say. */
export function memoryOf(pid: number): { now: number; peak: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const mb = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
    return { now: mb("VmRSS"), peak: mb("VmHWM") };
  } catch {
    return null;
  }
}
