import type { Authenticator } from "./auth/identity.ts";
import type { Registry } from "./functions/registry.ts";
import type { HeapProbe } from "./limits/heapProbe.ts";
import type { LimitRules } from "./limits/platformLimits.ts";
import type { Meter } from "./meter.ts";
import type { Jobs } from "./scheduler/jobs.ts";
import type { Scheduler } from "./scheduler/scheduler.ts";
import type { Files } from "./storage/files.ts";
import type { Catalog } from "./store/catalog.ts";
import type { Documents } from "./store/documents.ts";
import type { Transaction, Transactor } from "./transaction/transactor.ts";

/** A line that a function (or the engine about one) writes to the console. */
export interface LogLine {
  level: "log" | "info" | "warn" | "error" | "debug";
  function: string;
  words: unknown[];
}

/** The rooms of one running engine, as they find each other. */
export interface Engine {
  catalog: Catalog;
  documents: Documents;
  transactor: Transactor;
  registry: Registry;
  jobs: Jobs;
  scheduler: Scheduler;
  files: Files;
  authenticator: Authenticator;
  meter: Meter;
  limits: LimitRules;
  /** Looks at the memory in use; null where nobody asked for it. */
  heap: HeapProbe | null;
  /** The deployment's environment variables. */
  env: Record<string, string | undefined>;
  /** Its own address, `http://host:port`. */
  origin: string;
  log(line: LogLine): void;
  /** Run an action, at most as many at a time as the limits allow. */
  runAction<T>(name: string, action: () => Promise<T>): Promise<T>;
  /** Run a mutation's transaction (`Transactor.mutation`), and what it scheduled afterwards. */
  commit<T>(work: (transaction: Transaction) => Promise<T>, isRepeatable?: boolean): Promise<T>;
}
