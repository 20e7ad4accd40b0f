import type { LogLine } from "../logLine.ts";

/** Limits of a deployment that a single process does not have by itself. */
export interface PlatformLimits {
  /** JavaScript time per query or mutation, in milliseconds, without database time. */
  userMs: number;
  /** Bytes that all mutations together may write per second, including index entries. */
  writeBytesPerSecond: number;
  /** Scheduled functions that run at the same time. */
  scheduledJobs: number;
  /** Actions that run at the same time, HTTP actions included; a nested one counts as well. */
  actions: number;
}

/** https://docs.convex.dev/production/state/limits, class S16; self-hosted is the same. */
export const S16: PlatformLimits = {
  userMs: 1000,
  writeBytesPerSecond: 4 << 20,
  scheduledJobs: 8,
  actions: 64,
};

/** `enforce` fails calls as a deployment would; `warn` prints one line the first time each limit is exceeded. */
export type LimitsMode = "enforce" | "warn";

/** Options for limits: the mode, and numbers that differ from S16. */
export interface LimitsOptions extends Partial<PlatformLimits> {
  mode: LimitsMode;
}

/** The limits of one engine, and what happens when one is exceeded. */
export class LimitRules {
  readonly numbers: PlatformLimits;
  readonly #mode: LimitsMode;
  readonly #log: (line: LogLine) => void;
  readonly #warned = new Set<keyof PlatformLimits>();

  constructor({ mode, ...numbers }: LimitsOptions, log: (line: LogLine) => void) {
    this.numbers = { ...S16, ...numbers };
    this.#mode = mode;
    this.#log = log;
  }

  get isEnforced(): boolean {
    return this.#mode === "enforce";
  }

  /** Warns about an exceeded limit, once per limit; a deployment would refuse every time. */
  warn(limit: keyof PlatformLimits, functionName: string, what: string): void {
    if (this.isEnforced || this.#warned.has(limit)) return;
    this.#warned.add(limit);
    const words = [`${what}. A Convex deployment refuses this; it is reported here once.`];
    this.#log({ level: "warn", function: functionName, words });
  }
}
