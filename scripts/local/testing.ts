import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Clock } from "./clock.ts";
import { startEngineProcess } from "./limits/engineProcess.ts";
import { startEngine, type EngineOptions, type RunningEngine } from "./engine.ts";

/** A user with a key, from `users:createWithApiKey`. */
export interface TestUser {
  userId: string;
  apiKey: string;
  email: string;
}

interface TestOptions extends EngineOptions {
  /** Runs the functions in a process with a heap of this many MiB; a deployment has 64. */
  heapMiB?: number;
  /** Whether an engine with `heapMiB` measures how much of it is used; it ends beyond the limit either way. */
  measuresHeap?: boolean;
}

function start({ heapMiB, measuresHeap, ...options }: TestOptions): Promise<RunningEngine> {
  if (heapMiB === undefined) return startEngine(options);
  return startEngineProcess(options, heapMiB, measuresHeap);
}

/** An engine for one test file, with a temporary data file, on a free loopback port. */
export interface TestEngine extends RunningEngine {
  readonly data: string;
  /** Creates another user with a key. */
  createUser(email?: string): Promise<TestUser>;
  /**
   * Sends a request over real HTTP; `key` becomes the bearer token, `json` the body. Asks for no compression, because
   * this process would both compress and decompress the answer (`http/compression.test.ts` tests compression).
   */
  request(path: string, init?: RequestInit & { key?: string; json?: unknown }): Promise<Response>;
  /** Stops and starts again with the same data. */
  restart(): Promise<TestEngine>;
}

/** The write window of `npm start`, so that tests do not wait. Tests of pauses count them instead of waiting. */
const WINDOW = { WRITE_MIB_PER_SECOND: "64" };

const PROJECT = fileURLToPath(new URL("../../convex", import.meta.url));

function asUser(value: unknown, email: string): TestUser {
  const { userId, apiKey } = value as { userId: string; apiKey: string };
  return { userId, apiKey, email };
}

let users = 0;

function wrap(engine: RunningEngine, folder: string, options: TestOptions): TestEngine {
  return {
    ...engine,
    data: options.data,
    createUser: async (email = `user${++users}@example.com`) =>
      asUser(await engine.runFunction("users:createWithApiKey", { email }), email),
    request: (path, { key, json, ...init } = {}) => {
      const headers = new Headers(init.headers);
      if (key !== undefined) headers.set("Authorization", `Bearer ${key}`);
      if (!headers.has("Accept-Encoding")) headers.set("Accept-Encoding", "identity");
      if (json === undefined) return fetch(engine.url + path, { ...init, headers });
      headers.set("Content-Type", "application/json");
      return fetch(engine.url + path, {
        method: "POST",
        ...init,
        headers,
        body: JSON.stringify(json),
      });
    },
    stop: async () => {
      await engine.stop();
      rmSync(folder, { recursive: true, force: true });
    },
    restart: async () => {
      await engine.stop();
      return wrap(await start(options), folder, options);
    },
  };
}

/**
 * Starts the whole project (or another functions folder) for a test. Uses only the given environment, none of
 * this machine's variables. Serves embeddings offline unless a key is set, and enforces a deployment's limits
 * (with a wide write window, where `env` names none).
 * `settle` does not wait for what is due later: it moves the engine's clock there.
 */
export async function startTestEngine(options: Partial<TestOptions> = {}): Promise<TestEngine> {
  const folder = mkdtempSync(join(tmpdir(), "opensync-test-"));
  const complete: TestOptions = {
    functions: PROJECT,
    data: join(folder, "local.sqlite3"),
    limits: { mode: "enforce" },
    clock: new Clock(true),
    ...options,
    env: { ...(options.functions === undefined ? WINDOW : {}), ...options.env },
  };
  try {
    return wrap(await start(complete), folder, complete);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
