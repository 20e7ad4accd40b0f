import { resolve } from "node:path";
import { ActionThread } from "./actionThread/actionThread.ts";
import { assemble, type Assembled } from "./assemble.ts";
import { NOBODY } from "./auth/identity.ts";
import { startEmbeddings } from "./embeddings/server.ts";
import { Clock } from "./clock.ts";
import { argumentsOf } from "./functions/arguments.ts";
import { runFunction } from "./functions/call.ts";
import { bundleFunctions, bundleWorker } from "./functions/bundle.ts";
import { loadComponents, type BundledFunctions } from "./functions/components.ts";
import { installGlobals, whileLoading } from "./functions/globals.ts";
import { resolveAddress } from "./functions/registry.ts";
import { engineBackend } from "./functions/syscalls.ts";
import { loadRoutes } from "./http/actions.ts";
import { fewHere, runsHere, type ActionRunner, type ServedEngine } from "./http/serveActions.ts";
import { close, listen, type RequestLine } from "./http/server.ts";
import type { ClientTimeouts } from "./http/clientTimeouts.ts";
import { ADMIN_PATH, BACKUP, removeAdminFile, serveAdmin, writeAdminFile } from "./http/admin.ts";
import type { FunctionPeak } from "./limits/peaks.ts";
import type { HeapProbe } from "./limits/heapProbe.ts";
import type { LimitsOptions } from "./limits/platformLimits.ts";
import { newTrace, type CallRecord, type Trace } from "./callRecord.ts";
import type { Measured } from "./meter.ts";
import { LiveServer } from "./live/server.ts";
import type { LiveParts } from "./live/session.ts";
import type { LogLine } from "./logLine.ts";
import type { Engine } from "./runtime.ts";
import { openDatabase } from "./store/database.ts";
import { copyWhileRunning } from "./store/copyWhileRunning.ts";
import { Durability } from "./store/durability.ts";
import { parseJson, text, type JsonObject } from "./values/json.ts";
import { convexToJson, jsonToConvex, type Value } from "convex/values";

export interface EngineOptions {
  /** The functions folder, such as the repository's `convex/`. */
  functions: string;
  /** The data file; created if it does not exist. */
  data: string;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** The deployment's environment variables; default: those of this process. */
  env?: Record<string, string | undefined>;
  /** Serve embeddings offline when `OPENAI_API_KEY` is unset; default true. */
  embeddings?: boolean;
  /** Variables of the deployment that are added to `env`, or override it. */
  variables?: Record<string, string>;
  /** Answers requests to a path, in place of the project's router. */
  route?: { path: string; serve: (request: Request) => Promise<Response> };
  /** Run scheduled functions and crons; default true. */
  schedule?: boolean;
  /** Whether limits of a deployment are enforced, or only warned about (the default). */
  limits?: LimitsOptions;
  /** Default: the machine's time. */
  clock?: Clock;
  /** Measures the memory in use while functions run (`limits/engineProcess.ts`). */
  heap?: HeapProbe;
  /** Whether stack traces show the files of functions (`BundleOptions`); default true. */
  sourceMaps?: boolean;
  /** Whether results of queries are kept until something that they read is written (`QueryCache`); default true. */
  keepsResults?: boolean;
  /** Receives lines that functions log; by default they are discarded. */
  log?: (line: LogLine) => void;
  onRequest?: (line: RequestLine) => void;
  /** Whether `http.ts` is evaluated right after the start, so that the first request does not wait for it. */
  loadsRoutes?: boolean;
  /** When HTTP actions run in a thread of their own (`actionThread/`): never (the default), if several run, or always. */
  actionThread?: "never" | "if several" | "always";
  /** How long a client may take to send a request; default: `CLIENT_TIMEOUTS` of `http/clientTimeouts.ts`. */
  clientTimeouts?: ClientTimeouts;
  /** How long running requests and scheduled actions may take to end once the engine stops; default 5,000. */
  stopGraceMs?: number;
  /**
   * Send texts to the provider of `OPENAI_API_KEY` and `OPENAI_BASE_URL` of this process; default false. If
   * `env` is given, its variables decide instead.
   */
  openai?: boolean;
}

/** A running engine. */
export interface RunningEngine {
  /** `http://host:port`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Names of the indexes that were rebuilt at this start. */
  readonly rebuilt: readonly string[];
  /** Runs any function, including internal ones, by `module:name`; resolves to its result. */
  runFunction(path: string, args?: Record<string, Value>): Promise<Value>;
  /** Stores a named text in the data file, such as the console's key. */
  writeNote(name: string, value: string): void;
  readNote(name: string): string | null;
  /** Resolves once no scheduled function is running or due within `withinMs` (default 10,000). */
  settle(withinMs?: number): Promise<void>;
  /** Measures the functions called, and what they read and wrote, while `work` runs. */
  measure<T>(work: () => Promise<T>): Promise<Measured & { result: T }>;
  /** Calls a listener after every function call; returns a function that removes it. */
  onCall(listener: (call: CallRecord, trace: Trace) => void): () => void;
  /** The highest user time, memory and write burst of each function since the start or `resetPeaks`. */
  peaks(): FunctionPeak[];
  resetPeaks(): void;
  /**
   * Waits up to `stopGraceMs` for running requests, and as long for scheduled functions; closes the file and frees the
   * port. What a function writes after that fails.
   */
  stop(): Promise<void>;
}

function handleOf(
  { engine, scheduler, sql, rebuilt }: Assembled,
  rest: Pick<RunningEngine, "port" | "stop">,
): RunningEngine {
  return {
    rebuilt,
    url: engine.origin,
    ...rest,
    runFunction: async (path, args = {}) =>
      jsonToConvex(parseJson(await runInternal(engine, path, convexToJson(args) as JsonObject))),
    writeNote: (name, value) => {
      sql.run("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", `note:${name}`, value);
    },
    readNote: (name) =>
      sql.one<{ value: string }>("SELECT value FROM meta WHERE name = ?", `note:${name}`)?.value ??
      null,
    settle: (withinMs = 10_000) => scheduler.settle(withinMs),
    measure: (work) => engine.meter.measure(work),
    onCall: (listener) => engine.meter.onCall(listener),
    peaks: () => engine.meter.peaks.all(),
    resetPeaks: () => {
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
  return await runFunction(engine, fn, argumentsOf(args), {
    identity: NOBODY,
    request,
    trace: newTrace("internal"),
    depth: 0,
  });
}

const STOP_GRACE_MS = 5000;

/** Cleanup steps for when the engine stops, run in reverse order. */
class Cleanup {
  readonly #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await step();
  }
}

/** A local engine shares its write window with no one, so syncs are paced as on the largest class. */
const OWN_WRITE_MIB_PER_SECOND = "64";

/** Variables of this process, without those of the embedding provider unless `openai` is set. */
function ownEnvironment({ openai, limits }: EngineOptions): Record<string, string | undefined> {
  const { OPENAI_API_KEY, OPENAI_BASE_URL, ...env } = process.env;
  return {
    ...(limits?.mode === "enforce" ? {} : { WRITE_MIB_PER_SECOND: OWN_WRITE_MIB_PER_SECOND }),
    ...env,
    ...(openai ? { OPENAI_API_KEY, OPENAI_BASE_URL } : {}),
  };
}

/** Variables of the deployment; starts a local embeddings server if no key is set. */
async function environment(
  options: EngineOptions,
  origin: string,
  cleanup: Cleanup,
): Promise<Record<string, string | undefined>> {
  const env: Record<string, string | undefined> = {
    ...(options.env ?? ownEnvironment(options)),
    ...options.variables,
    CONVEX_SITE_URL: origin,
    CONVEX_CLOUD_URL: origin,
  };
  if (options.embeddings === false || env["OPENAI_API_KEY"]) return env;
  const embeddings = await startEmbeddings();
  cleanup.add(embeddings.stop);
  return { ...env, OPENAI_BASE_URL: embeddings.url, OPENAI_API_KEY: embeddings.key };
}

/** The opened engine, for which early requests wait. */
interface Opened extends LiveParts, ServedEngine {
  backup: (to: string) => Promise<void>;
}

/** The engine's own routes: the admin route, and that of the options. */
function ownRoutes(
  { route }: EngineOptions,
  opened: Promise<Opened>,
  secret: () => string,
): Map<string, (request: Request) => Promise<Response>> {
  const routes = new Map<string, (request: Request) => Promise<Response>>();
  if (route !== undefined) routes.set(route.path, route.serve);
  return routes.set(ADMIN_PATH, (request) =>
    serveAdmin(request, secret(), async (path, args) => {
      const { engine, backup } = await opened;
      if (path !== BACKUP) return await runInternal(engine, path, args);
      await backup(text(args["to"]));
      return "null";
    }),
  );
}

/** Loads HTTP actions, and starts their thread if they have one; returns what runs them. */
async function placeHttpActions(
  { actionThread = "never", loadsRoutes }: EngineOptions,
  engine: Engine,
  functions: BundledFunctions,
  cleanup: Cleanup,
): Promise<ActionRunner> {
  if (loadsRoutes) setImmediate(loadRoutes, engine);
  const here = runsHere(engine);
  if (actionThread === "never") return here;
  const { env, clock } = engine;
  const { startsAt, shared } = clock;
  const data = { functions, env, clock: { startsAt, shared } };
  const thread = new ActionThread(await bundleWorker(), data, engine);
  cleanup.add(() => thread.stop());
  const there: ActionRunner = (incoming, who) => thread.run(incoming, who);
  return actionThread === "always" ? there : fewHere(here, there);
}

/** Opens the data file, loads the functions and builds the engine over them. */
async function build(
  options: EngineOptions,
  origin: string,
  cleanup: Cleanup,
): Promise<Assembled & Opened> {
  const db = openDatabase(options.data);
  cleanup.add(() => {
    db.close();
  });
  const durability = new Durability(options.data);
  cleanup.add(() => durability.close());
  const env = await environment(options, origin, cleanup);
  const { limits = { mode: "warn" }, heap = null, clock = new Clock() } = options;
  const { log = () => undefined, sourceMaps = true, stopGraceMs = STOP_GRACE_MS } = options;
  const { keepsResults = true } = options;
  const bundled = await bundleFunctions(resolve(options.functions), { sourceMaps });
  const components = loadComponents(bundled, env);
  const built = whileLoading(env, () =>
    assemble(db, components, { env, origin, log, limits, heap, durability, clock, keepsResults }),
  );
  const { engine, scheduler, scrubber } = built;
  cleanup.add(() => engine.transactor.close());
  scrubber.start();
  cleanup.add(() => scrubber.stop());
  cleanup.add(() => scheduler.stop(stopGraceMs));
  const runHttpAction = await placeHttpActions(options, engine, bundled, cleanup);
  const backup = (to: string) => copyWhileRunning(db, engine.transactor, to);
  return { ...built, runHttpAction, backup };
}

async function open(options: EngineOptions, cleanup: Cleanup): Promise<RunningEngine> {
  const { host = "127.0.0.1", port = 0, onRequest, stopGraceMs = STOP_GRACE_MS } = options;
  let ready: (opened: Opened) => void = () => undefined;
  let secret = "";
  const engineReady = new Promise<Opened>((resolveEngine) => (ready = resolveEngine));
  const live = new LiveServer(engineReady);
  // Listens first, so that no data file is created if the port is in use.
  const listening = await listen(() => engineReady, {
    ...{ host, port, onRequest, clientTimeouts: options.clientTimeouts },
    acceptUpgrade: (message, socket, head) => live.upgrade(message, socket, head),
    routes: ownRoutes(options, engineReady, () => secret),
  });
  let graceMs = 0;
  const closeServer = () => close(listening.server, graceMs);
  const stopLive = () => live.stop(graceMs);
  cleanup.add(closeServer);
  cleanup.add(stopLive);
  const origin = `http://${host.includes(":") ? `[${host}]` : host}:${listening.port}`;
  const built = await build(options, origin, cleanup);
  if (options.schedule !== false) {
    await built.scheduler.start();
    secret = writeAdminFile(options.data, origin);
    cleanup.add(() => removeAdminFile(options.data));
  }
  // Requests may be running from now on; they finish before the other cleanup steps.
  graceMs = stopGraceMs;
  cleanup.add(closeServer);
  cleanup.add(stopLive);
  ready(built);
  return handleOf(built, { port: listening.port, stop: () => cleanup.run() });
}

/**
 * Serves a functions folder over one SQLite file. Resolves once it listens; otherwise rejects with a
 * `StartError` whose message says what to do.
 */
export async function startEngine(options: EngineOptions): Promise<RunningEngine> {
  installGlobals(engineBackend);
  const cleanup = new Cleanup();
  try {
    return await open(options, cleanup);
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}
