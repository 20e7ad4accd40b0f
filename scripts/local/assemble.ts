import { randomBytes } from "node:crypto";
import { Authenticator, type Provider } from "./auth/identity.ts";
import type { Clock } from "./clock.ts";
import type { Component } from "./functions/components.ts";
import { whileLoading } from "./functions/globals.ts";
import { QueryCache } from "./functions/queryCache.ts";
import { Registry } from "./functions/registry.ts";
import { Permits } from "./limits/permits.ts";
import type { HeapProbe } from "./limits/heapProbe.ts";
import { LimitRules, type LimitsOptions } from "./limits/platformLimits.ts";
import { writeWindow } from "../../convex/lib/sync/writeCost.ts";
import { TooManyWritesError, WriteWindow } from "./limits/writeWindow.ts";
import { Results } from "./live/results.ts";
import { Subscriptions } from "./live/subscriptions.ts";
import { Meter } from "./meter.ts";
import type { LogLine } from "./logLine.ts";
import type { Engine } from "./runtime.ts";
import { Crons } from "./scheduler/crons.ts";
import { Jobs } from "./scheduler/jobs.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import { Files } from "./storage/files.ts";
import { Catalog } from "./store/catalog.ts";
import { Statements } from "./store/database.ts";
import type { Durability } from "./store/durability.ts";
import type { Sqlite } from "./store/sqlite.ts";
import { Documents } from "./store/documents.ts";
import { readSchema } from "./store/schema.ts";
import { Scrubber } from "./store/scrubber.ts";
import type { ReadSet } from "./transaction/reads.ts";
import { Transactor } from "./transaction/transactor.ts";

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

/** Limits how many actions run at once, as a deployment does. */
function actionRunner(limits: LimitRules): Engine["runAction"] {
  const { actions } = limits.numbers;
  const permits = new Permits(limits.isEnforced ? actions : Infinity);
  let running = 0;
  return (name, action) =>
    permits.hold(async () => {
      if (++running > actions)
        limits.warn("actions", name, `More than ${actions} actions ran at once`);
      try {
        return await action();
      } finally {
        running--;
      }
    });
}

/** Runs mutations, counting what they write against the write window. */
function committer(
  transactor: Transactor,
  limits: LimitRules,
  clock: Clock,
  wake: () => void,
): Engine["commit"] {
  const { writeBytesPerSecond } = limits.numbers;
  const window = new WriteWindow(writeBytesPerSecond, clock);
  const checkWindow = () => {
    try {
      window.assertOpen();
    } catch (error) {
      if (limits.isEnforced || !(error instanceof TooManyWritesError)) throw error;
      const what = `More than ${writeBytesPerSecond} bytes were written in a second`;
      limits.warn("writeBytesPerSecond", "mutation", what);
    }
  };
  return async (work, isRepeatable) => {
    const { result, scheduled, windowBytes } = await transactor.mutation(async (transaction) => {
      checkWindow();
      return {
        result: await work(transaction),
        scheduled: transaction.account.used.functionsScheduled > 0,
        windowBytes: transaction.account.indexes.windowBytes,
      };
    }, isRepeatable);
    window.record(windowBytes);
    if (scheduled) wake();
    return result;
  };
}

export interface Assembled {
  engine: Engine;
  subscriptions: Subscriptions;
  results: Results;
  scheduler: Scheduler;
  sql: Statements;
  scrubber: Scrubber;
  /** Names of the indexes that were rebuilt. */
  rebuilt: string[];
}

/** Builds the parts of an engine over an open data file. */
export function assemble(
  db: Sqlite,
  components: Map<string, Component>,
  options: {
    env: Record<string, string | undefined>;
    origin: string;
    log: (line: LogLine) => void;
    limits: LimitsOptions;
    heap: HeapProbe | null;
    durability: Durability;
    clock: Clock;
    keepsResults: boolean;
  },
): Assembled {
  const sql = new Statements(db);
  const { env, origin, log, heap, clock } = options;
  const writeBytesPerSecond = writeWindow(env["WRITE_MIB_PER_SECOND"]);
  const limits = new LimitRules({ writeBytesPerSecond, ...options.limits }, log);
  const schemas = new Map([...components].map(([path, { schema }]) => [path, readSchema(schema)]));
  const catalog = new Catalog(sql, schemas);
  const rebuilt = catalog.sync();
  catalog.checkDocuments();
  const documents = new Documents(sql, clock);
  const tables = { sql, catalog, documents };
  const transactor = new Transactor(sql, catalog, options.durability, clock, limits.isEnforced);
  const scrubber = new Scrubber(sql, catalog, transactor, (error) => {
    log({ level: "error", function: "scrubber", words: [error] });
  });
  const results = new Results(sql, clock);
  documents.onRemove = results.onRemove = () => {
    scrubber.deleted();
  };
  const registry = new Registry(components);
  const jobs = new Jobs(tables, clock);
  const subscriptions = new Subscriptions(catalog, documents, transactor);
  const subscribe = (reads: ReadSet, touched: () => void) => subscriptions.open(reads, touched);
  const engine: Engine = {
    ...{ catalog, documents, transactor, registry, jobs, env, origin, log, limits, heap, clock },
    files: new Files(tables, instanceSecret(sql), clock),
    authenticator: new Authenticator(() => whileLoading(env, () => providersOf(components)), clock),
    meter: new Meter(),
    queryCache: options.keepsResults ? new QueryCache(subscribe, clock) : null,
    runAction: actionRunner(limits),
    commit: committer(transactor, limits, clock, () => {
      scheduler.wake();
    }),
  };
  const scheduler = new Scheduler(engine, new Crons(sql, jobs, registry, clock));
  return { engine, subscriptions, results, scheduler, sql, scrubber, rebuilt };
}
