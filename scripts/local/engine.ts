import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { Authenticator, NOBODY, type Provider } from "./auth/identity.ts";
import { startEmbeddings } from "./embeddings/server.ts";
import { runFunction } from "./functions/call.ts";
import { loadComponents, type Component } from "./functions/components.ts";
import { installGlobals, whileLoading } from "./functions/globals.ts";
import { Registry, resolveAddress } from "./functions/registry.ts";
import { close, listen, type RequestLine } from "./http/server.ts";
import { ADMIN_PATH, removeAdminFile, serveAdmin, writeAdminFile } from "./http/admin.ts";
import { Meter, newTrace, type CallRecord, type Measured, type Trace } from "./meter.ts";
import type { Engine, LogLine } from "./runtime.ts";
import { Crons } from "./scheduler/crons.ts";
import { Jobs } from "./scheduler/jobs.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import { Files } from "./storage/files.ts";
import { Catalog } from "./store/catalog.ts";
import { openDatabase, Statements, type Sqlite } from "./store/database.ts";
import { Documents } from "./store/documents.ts";
import { readSchema } from "./store/schema.ts";
import { Transactor } from "./transaction/transactor.ts";
import { parseJson, type JsonObject } from "./values/json.ts";
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
  /** Lines that functions write; default: nothing is printed. */
  log?: (line: LogLine) => void;
  onRequest?: (line: RequestLine) => void;
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
  /** Finish what is under way, close the file, free the port. */
  stop(): Promise<void>;
}

function instanceSecret(sql: Statements): string {
  sql.run(
    "INSERT OR IGNORE INTO meta (name, value) VALUES ('secret', ?)",
    randomBytes(32).toString("base64url"),
  );
  return sql.one<{ value: string }>("SELECT value FROM meta WHERE name = 'secret'")?.value ?? "";
}

function providersOf(components: Map<string, Component>): Provider[] {
  const config = components.get("")?.modules["auth.config"]?.()["default"];
  const { providers } = (config ?? {}) as { providers?: Provider[] };
  return providers ?? [];
}

interface Built {
  engine: Engine;
  sql: Statements;
  rebuilt: string[];
}

/** Put the rooms together over an open file. */
function assemble(
  db: Sqlite,
  components: Map<string, Component>,
  options: {
    env: Record<string, string | undefined>;
    origin: string;
    log: (line: LogLine) => void;
  },
): Built {
  const sql = new Statements(db);
  const { env, origin, log } = options;
  const schemas = new Map([...components].map(([path, { schema }]) => [path, readSchema(schema)]));
  const catalog = new Catalog(sql, schemas);
  const rebuilt = catalog.sync();
  catalog.checkDocuments();
  const documents = new Documents(sql);
  const tables = { sql, catalog, documents };
  const transactor = new Transactor(sql, catalog);
  const registry = new Registry(components);
  const jobs = new Jobs(tables);
  const engine: Omit<Engine, "scheduler"> & { scheduler?: Scheduler } = {
    ...{ catalog, documents, transactor, registry, jobs, env, origin, log },
    files: new Files(tables, instanceSecret(sql)),
    authenticator: new Authenticator(() => whileLoading(env, () => providersOf(components))),
    meter: new Meter(),
    commit: async (work, isRepeatable) => {
      const { result, scheduled } = await transactor.mutation(
        async (transaction) => ({
          result: await work(transaction),
          scheduled: transaction.account.used.functionsScheduled > 0,
        }),
        isRepeatable,
      );
      if (scheduled) engine.scheduler?.wake();
      return result;
    },
  };
  const scheduler = new Scheduler(engine as Engine, new Crons(sql, jobs, registry));
  return { engine: Object.assign(engine, { scheduler }), sql, rebuilt };
}

function handleOf(
  { engine, sql, rebuilt }: Built,
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

/** Variables of the deployment, with a local embeddings server where there is no key. */
async function environment(
  options: EngineOptions,
  origin: string,
  cleanup: Cleanup,
): Promise<Record<string, string | undefined>> {
  const env: Record<string, string | undefined> = {
    ...(options.env ?? process.env),
    CONVEX_SITE_URL: origin,
    CONVEX_CLOUD_URL: origin,
  };
  if (options.embeddings === false || env["OPENAI_API_KEY"]) return env;
  const embeddings = await startEmbeddings();
  cleanup.add(embeddings.stop);
  return { ...env, OPENAI_BASE_URL: embeddings.url, OPENAI_API_KEY: embeddings.key };
}

async function open(options: EngineOptions, cleanup: Cleanup): Promise<RunningEngine> {
  const { host = "127.0.0.1", port = 0, log = () => undefined, onRequest } = options;
  let ready: (engine: Engine) => void = () => undefined;
  let secret = "";
  const engineReady = new Promise<Engine>((resolveEngine) => (ready = resolveEngine));
  // Listening comes first: where the port is taken, no data file is left behind.
  const listening = await listen(() => engineReady, {
    ...{ host, port, onRequest },
    first: (request) =>
      new URL(request.url).pathname === ADMIN_PATH
        ? serveAdmin(request, secret, async (path, args) =>
            runInternal(await engineReady, path, args),
          )
        : null,
  });
  let graceMs = 0;
  const closeServer = () => close(listening.server, graceMs);
  cleanup.add(closeServer);
  const origin = `http://${host.includes(":") ? `[${host}]` : host}:${listening.port}`;
  const db = openDatabase(options.data);
  cleanup.add(() => db.close());
  const env = await environment(options, origin, cleanup);
  const components = await loadComponents(resolve(options.functions), env);
  const built = whileLoading(env, () => assemble(db, components, { env, origin, log }));
  const { scheduler } = built.engine;
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
  ready(built.engine);
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
