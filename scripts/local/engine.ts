import { resolve } from "node:path";
import { assemble, type Assembled } from "./assemble.ts";
import { NOBODY } from "./auth/identity.ts";
import { startEmbeddings } from "./embeddings/server.ts";
import { runFunction } from "./functions/call.ts";
import { loadComponents } from "./functions/components.ts";
import { installGlobals, whileLoading } from "./functions/globals.ts";
import { resolveAddress } from "./functions/registry.ts";
import { close, listen, type RequestLine } from "./http/server.ts";
import type { Patience } from "./http/patience.ts";
import { ADMIN_PATH, BACKUP, removeAdminFile, serveAdmin, writeAdminFile } from "./http/admin.ts";
import type { FunctionPeak } from "./limits/peaks.ts";
import type { HeapProbe } from "./limits/heapProbe.ts";
import type { LimitsOptions } from "./limits/platformLimits.ts";
import { newTrace, type CallRecord, type Measured, type Trace } from "./meter.ts";
import type { Engine, LogLine } from "./runtime.ts";
import { openDatabase } from "./store/database.ts";
import { Durability } from "./store/durability.ts";
import { parseJson, text, type JsonObject } from "./values/json.ts";
import { convexToJson, jsonToConvex, type Value } from "convex/values";

export interface EngineOptions {
  /** The functions folder, e.g. the repository's `convex/`. */
  functions: string;
  /** The data file; made if it is not there. */
  data: string;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: a free one. */
  port?: number;
  /** The deployment's environment variables; default: those of this process. */
  env?: Record<string, string | undefined>;
  /** Serve embeddings offline when `OPENAI_API_KEY` is unset; default true. */
  embeddings?: boolean;
  /** Run scheduled functions and crons; default true. */
  schedule?: boolean;
  /** Limits of a deployment, enforced or only warned about (the default). */
  limits?: LimitsOptions;
  /** Looks at the memory in use while functions run (`limits/engineProcess.ts`). */
  heap?: HeapProbe;
  /** Lines that functions write; default: nothing is printed. */
  log?: (line: LogLine) => void;
  onRequest?: (line: RequestLine) => void;
  /** How long a client may take to send a request; default: `PATIENCE` of `http/patience.ts`. */
  patience?: Patience;
  /**
   * Send texts to the provider that `OPENAI_API_KEY` and `OPENAI_BASE_URL` of this process name; default
   * false. Where `env` is given, its variables say so.
   */
  openai?: boolean;
}

/** A running engine, as its owner holds it. */
export interface RunningEngine {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Names of the indexes that this start had to build anew. */
  readonly rebuilt: readonly string[];
  /** Run any function, internal ones too, by `module:name`; resolves to its result. */
  runFunction(path: string, args?: Record<string, Value>): Promise<Value>;
  /** Keep a line of text in the data file (the console keeps its key so). */
  note(name: string, value: string): void;
  noted(name: string): string | null;
  /** Resolve once no scheduled function runs and none is due within so many ms (default 10,000). */
  settle(withinMs?: number): Promise<void>;
  /** What functions were called and what they read and wrote while `work` ran. */
  measure<T>(work: () => Promise<T>): Promise<Measured & { result: T }>;
  /** Hear of every function call as it ends; returns how to stop. */
  onCall(listener: (call: CallRecord, trace: Trace) => void): () => void;
  /** The worst user time, memory and write burst of each function since the start or `forgetPeaks`. */
  peaks(): FunctionPeak[];
  forgetPeaks(): void;
  /** Finish what is under way, close the file, free the port. */
  stop(): Promise<void>;
}

function handleOf(
  { engine, sql, rebuilt }: Assembled,
  rest: Pick<RunningEngine, "port" | "stop">,
): RunningEngine {
  return {
    rebuilt,
    url: engine.origin,
    ...rest,
    runFunction: async (path, args = {}) =>
      jsonToConvex(parseJson(await runInternal(engine, path, convexToJson(args) as JsonObject))),
    note: (name, value) => {
      sql.run("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", `note:${name}`, value);
    },
    noted: (name) =>
      sql.one<{ value: string }>("SELECT value FROM meta WHERE name = ?", `note:${name}`)?.value ??
      null,
    settle: (withinMs = 10_000) => engine.scheduler.settle(withinMs),
    measure: (work) => engine.meter.measure(work),
    onCall: (listener) => engine.meter.onCall(listener),
    peaks: () => engine.meter.peaks.all(),
    forgetPeaks: () => {
      engine.meter.peaks.forget();
    },
  };
}

async function runInternal(engine: Engine, path: string, args: JsonObject): Promise<string> {
  const fn = engine.registry.resolve(resolveAddress("", { name: path }));
  const request = {
    ip: null,
    userAgent: null,
    requestId: "internal",
    scheduledFunctionId: null,
    authToken: null,
  };
  return await runFunction(engine, fn, args, {
    identity: NOBODY,
    request,
    trace: newTrace("internal"),
    depth: 0,
  });
}

const STOP_GRACE_MS = 5000;

/** What has to be undone when the engine stops, last things first. */
class Cleanup {
  readonly #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await step();
  }
}

/** One user's machine shares its write window with nobody: syncs are paced as for the largest class. */
const OWN_WRITE_MIB_PER_SECOND = "64";

/** This process's variables; those that send texts to somebody else only where that was asked for. */
function ownEnvironment({ openai, limits }: EngineOptions): Record<string, string | undefined> {
  const { OPENAI_API_KEY, OPENAI_BASE_URL, ...env } = process.env;
  return {
    ...(limits?.mode === "enforce" ? {} : { WRITE_MIB_PER_SECOND: OWN_WRITE_MIB_PER_SECOND }),
    ...env,
    ...(openai ? { OPENAI_API_KEY, OPENAI_BASE_URL } : {}),
  };
}

/** Variables of the deployment, with a local embeddings server where there is no key. */
async function environment(
  options: EngineOptions,
  origin: string,
  cleanup: Cleanup,
): Promise<Record<string, string | undefined>> {
  const env: Record<string, string | undefined> = {
    ...(options.env ?? ownEnvironment(options)),
    CONVEX_SITE_URL: origin,
    CONVEX_CLOUD_URL: origin,
  };
  if (options.embeddings === false || env["OPENAI_API_KEY"]) return env;
  const embeddings = await startEmbeddings();
  cleanup.add(embeddings.stop);
  return { ...env, OPENAI_BASE_URL: embeddings.url, OPENAI_API_KEY: embeddings.key };
}

/** What requests wait for. */
interface Opened {
  engine: Engine;
  backup: (to: string) => Promise<void>;
}

async function open(options: EngineOptions, cleanup: Cleanup): Promise<RunningEngine> {
  const { host = "127.0.0.1", port = 0, log = () => undefined, onRequest } = options;
  let ready: (opened: Opened) => void = () => undefined;
  let secret = "";
  const engineReady = new Promise<Opened>((resolveEngine) => (ready = resolveEngine));
  // Listening comes first: where the port is taken, no data file is left behind.
  const listening = await listen(async () => (await engineReady).engine, {
    ...{ host, port, onRequest, patience: options.patience },
    first: (request) =>
      new URL(request.url).pathname === ADMIN_PATH
        ? serveAdmin(request, secret, async (path, args) => {
            const { engine, backup } = await engineReady;
            if (path !== BACKUP) return await runInternal(engine, path, args);
            await backup(text(args["to"]));
            return "null";
          })
        : null,
  });
  let graceMs = 0;
  const closeServer = () => close(listening.server, graceMs);
  cleanup.add(closeServer);
  const origin = `http://${host.includes(":") ? `[${host}]` : host}:${listening.port}`;
  const db = openDatabase(options.data);
  cleanup.add(() => {
    db.close();
  });
  const durability = new Durability(options.data);
  cleanup.add(() => durability.close());
  const env = await environment(options, origin, cleanup);
  const components = await loadComponents(resolve(options.functions), env);
  const { limits = { mode: "warn" }, heap = null } = options;
  const built = whileLoading(env, () =>
    assemble(db, components, { env, origin, log, limits, heap, durability }),
  );
  const { scheduler } = built.engine;
  built.scrubber.start();
  cleanup.add(() => built.scrubber.stop());
  cleanup.add(() => scheduler.stop());
  if (options.schedule !== false) {
    await scheduler.start();
    secret = writeAdminFile(options.data, origin);
    cleanup.add(() => {
      removeAdminFile(options.data);
    });
  }
  // From now on requests may be under way: they are finished before anything else is undone.
  graceMs = STOP_GRACE_MS;
  cleanup.add(closeServer);
  ready({ engine: built.engine, backup: (to) => db.backup(to) });
  return handleOf(built, { port: listening.port, stop: () => cleanup.run() });
}

/**
 * Serve a functions folder over one SQLite file. Resolves once it listens; rejects with a
 * `StartError`, whose message says what to do, when it cannot.
 */
export async function startEngine(options: EngineOptions): Promise<RunningEngine> {
  installGlobals();
  const cleanup = new Cleanup();
  try {
    return await open(options, cleanup);
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}
