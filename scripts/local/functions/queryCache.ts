import type { Identity } from "../auth/identity.ts";
import type { CallRecord } from "../callRecord.ts";
import type { Clock } from "../clock.ts";
import type { ReadSet } from "../transaction/reads.ts";
import type { Uses } from "../transaction/transaction.ts";
import type { ResolvedFunction } from "./registry.ts";

/** The result of a query as JSON, and what it and the queries that it called used. */
export interface CachedResult {
  readonly text: string;
  readonly calls: readonly CallRecord[];
}

/** A kept result, and the subscription to what its query has read. */
interface Entry {
  readonly result: CachedResult;
  readonly size: number;
  /** Between these times, in milliseconds since 1970, the result may be used. */
  readonly from: number;
  readonly until: number;
  readonly subscription: { close(): void };
}

/** As old may a result be that depends on the time, as on a deployment. */
const MAX_AGE_MS = 5_000;
/** Characters of all names and results together; each takes one or two bytes. */
const MAX_CHARACTERS = 16 << 20;
/** A larger result would displace too many others. */
const MAX_RESULT_CHARACTERS = 1 << 20;
/** Longer arguments are seldom sent twice. */
const MAX_ARGUMENT_CHARACTERS = 4 << 10;
/** A query that calls more others has more to record than it saves. */
const MAX_CALLS = 16;
/** Each commit compares what it wrote with what the query of each kept result has read. */
const MAX_RESULTS = 128;

/** What a result depends on, beside its arguments. */
interface Dependencies {
  readonly reads: ReadSet;
  readonly uses: Uses;
}

/** Waits for the first commit that touches a read set (`live/subscriptions.ts`). */
type Subscribe = (reads: ReadSet, touched: () => void) => { close(): void };

/**
 * Keeps results of queries until a commit writes to what they have read, as a deployment does ("Automatic caching",
 * docs.convex.dev/realtime). A result that depends on the time is kept for 5 seconds (`MAX_CACHE_AGE` of
 * get-convex/convex-backend), one that depends on chance not at all. The least recently used go first.
 */
export class QueryCache {
  readonly #subscribe: Subscribe;
  readonly #clock: Pick<Clock, "now">;
  /** By name, least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #characters = 0;

  constructor(subscribe: Subscribe, clock: Pick<Clock, "now">) {
    this.#subscribe = subscribe;
    this.#clock = clock;
  }

  /** The result that a commit has not touched yet. */
  find(name: string): CachedResult | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const now = this.#clock.now();
    if (now < entry.from || now > entry.until) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry.result;
  }

  /** Keeps a result. Call this in the turn of its query, so that no commit is missed. */
  add(name: string, result: CachedResult, { reads, uses }: Dependencies): void {
    const { text, calls } = result;
    if (uses.chance || text.length > MAX_RESULT_CHARACTERS || calls.length > MAX_CALLS) return;
    this.#remove(name);
    const size = name.length + text.length;
    const subscription = this.#subscribe(reads, () => {
      this.#remove(name);
    });
    const { time } = uses;
    const [from, until] = time === null ? [-Infinity, Infinity] : [time, time + MAX_AGE_MS];
    this.#entries.set(name, { result, size, from, until, subscription });
    this.#characters += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#characters <= MAX_CHARACTERS && this.#entries.size <= MAX_RESULTS) return;
      this.#remove(oldest);
    }
  }

  #remove(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#characters -= entry.size;
    entry.subscription.close();
  }
}

/**
 * The name under which a query's result is kept: the function, who asks, and the arguments. Null if the arguments are too
 * long. To a query, whoever is not a verified user is nobody (`getUserIdentity` of `originSyscalls.ts`).
 */
export function cacheName(
  { component, path }: ResolvedFunction,
  identity: Identity,
  list: string,
): string | null {
  if (list.length > MAX_ARGUMENT_CHARACTERS) return null;
  const user = identity.kind === "user" ? identity.token : "";
  return [component, path, user, list].join("\n");
}
