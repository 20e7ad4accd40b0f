import type { Authenticator } from "./auth/identity.ts";
import type { Clock } from "./clock.ts";
import type { QueryCache } from "./functions/queryCache.ts";
import type { Registry } from "./functions/registry.ts";
import type { HeapProbe } from "./limits/heapProbe.ts";
import type { LimitRules } from "./limits/platformLimits.ts";
import type { LogLine } from "./logLine.ts";
import type { Meter } from "./meter.ts";
import type { Jobs } from "./scheduler/jobs.ts";
import type { Files } from "./storage/files.ts";
import type { Catalog } from "./store/catalog.ts";
import type { Documents } from "./store/documents.ts";
import type { Transaction } from "./transaction/transaction.ts";
import type { Transactor } from "./transaction/transactor.ts";

/** What a running function needs, in the thread of the engine and in that of HTTP actions (`actionThread/`). */
export interface FunctionHost {
  clock: Clock;
  registry: Registry;
  /** Measures the memory in use; null if not requested. */
  heap: HeapProbe | null;
  /** The deployment's environment variables. */
  env: Record<string, string | undefined>;
  log(line: LogLine): void;
}

/** The parts of one running engine. */
export interface Engine extends FunctionHost {
  catalog: Catalog;
  documents: Documents;
  transactor: Transactor;
  jobs: Jobs;
  files: Files;
  authenticator: Authenticator;
  meter: Meter;
  /** Null if results are not kept. */
  queryCache: QueryCache | null;
  limits: LimitRules;
  /** The engine's own address, `http://host:port`. */
  origin: string;
  /** Runs an action, as soon as the limit of concurrent actions allows. */
  runAction<T>(name: string, action: () => Promise<T>): Promise<T>;
  /** Runs a mutation's transaction (`Transactor.mutation`), and wakes the scheduler afterwards. */
  commit<T>(work: (transaction: Transaction) => Promise<T>, isRepeatable?: boolean): Promise<T>;
}
