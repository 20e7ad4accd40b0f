import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUNDLES_VARIABLE } from "../functions/bundleCache.ts";
import { nodeArguments, SERVER_FLAGS } from "./commands.ts";

/** `npm start` as a separate process, to measure and to kill. */
export interface ServerProcess {
  url: string;
  key: string;
  pid: number;
  /** From the start of the process until it was ready, in milliseconds. */
  startMs: number;
  /** Sends a signal and waits for the end; resolves to the exit code, or null after a signal. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Everything printed so far. */
  output(): string;
}

const READY = "Requests (Ctrl-C ends):";
/** Long, for busy machines. */
const START_TIMEOUT_MS = 90_000;

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once("exit", resolve);
  });
}

/** Turns rate limits off, so that trials do not measure them. */
const NO_LIMITS = {
  RATE_LIMIT_READ: "1000000",
  RATE_LIMIT_SEARCH: "1000000",
  RATE_LIMIT_EXPORT: "1000000",
};

/** The environment of a server in a trial, without keys of this machine. */
function cleanEnv(own: Record<string, string>): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, [BUNDLES_VARIABLE]: bundles } = process.env;
  const kept = bundles === undefined ? {} : { [BUNDLES_VARIABLE]: bundles };
  return { PATH, HOME, TMPDIR, ...kept, ...NO_LIMITS, ...own };
}

/** What runs as the server: this checkout's `main.ts` on this Node, unless others are named. */
type Program = { main?: string; node?: string };

/**
 * Starts the server on a free port with its own variables. Rejects with the printed output if it does not start.
 */
export async function startServer(
  data: string,
  args: string[] = [],
  env: Record<string, string> = {},
  { main, node = process.execPath }: Program = {},
): Promise<ServerProcess> {
  const began = performance.now();
  // Without a shell or wrapper, so that the killed process is the one that has the file open.
  const program =
    main === undefined
      ? [...SERVER_FLAGS, ...nodeArguments("local/main")]
      : ["--import", "tsx", main];
  const child = spawn(node, [...program, "--data", data, "--port", "0", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: cleanEnv(env),
  });
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

/** Runs work with a data file in a temporary folder, and deletes the folder afterwards. */
export async function withDataFile<T>(work: (data: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "opensync-trial-"));
  try {
    return await work(join(folder, "local.sqlite3"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Resident memory of a process in MB, now and at its peak; null if the system does not report it. */
export function memoryOf(pid: number): { now: number; peak: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const mb = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
    return { now: mb("VmRSS"), peak: mb("VmHWM") };
  } catch {
    return null;
  }
}

/** Processor time that a process took so far, in milliseconds; 0 if the system does not report it. */
export function processorMs(pid: number): number {
  try {
    // The fields after the program's name, which may contain anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    // User and system time, in hundredths of a second.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}
