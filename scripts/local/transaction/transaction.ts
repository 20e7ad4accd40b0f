import type { SearchMark } from "../search/searchWrites.ts";
import { generator } from "../values/random.ts";
import { UserClock } from "../limits/userClock.ts";
import { ReadSet } from "./reads.ts";
import { Account } from "./usage.ts";

/** Where the page of a paginated query ended: in the query's previous run, and in this one. */
export interface Journal {
  previous: string | null;
  next: string | null;
}

/** What is recorded while a query runs whose result is subscribed to, or kept. */
export interface Observed {
  reads: ReadSet;
  journal: Journal;
}

export function newObserved(previous: string | null = null): Observed {
  return { reads: new ReadSet(), journal: { previous, next: null } };
}

/** What a result may depend on, beside the arguments and what was read. */
export interface Uses {
  /** The time that it was told, in milliseconds since 1970; null if it has not asked. */
  time: number | null;
  /** Random numbers, or the number of its transaction. */
  chance: boolean;
}

/** The point in a transaction to which a nested call is rolled back if it fails. */
export interface Savepoint {
  readonly name: string;
  /** False once the nested call has ended, or a call around it has. */
  isOpen: boolean;
  /** The writes to text indexes before it. */
  readonly searchMark: SearchMark;
}

/** One running query or mutation, with everything it calls in the same transaction. */
export class Transaction {
  readonly account = new Account();
  /** Measures the time of its JavaScript. */
  readonly clock: UserClock;
  /** The value of `Date.now()` while it runs. */
  readonly #time: number;
  readonly #random = generator(Math.random() * 2 ** 32);
  readonly uses: Uses = { time: null, chance: false };
  /** False once it has ended, so that an unawaited promise cannot write into the next transaction. */
  isOpen = true;
  /** The error of the database that one of its operations met, such as a full disk; null if there was none. */
  fault: Error | null = null;
  /** Of the nested calls that are running, outermost first. */
  readonly savepoints: Savepoint[] = [];

  constructor(
    readonly isMutation: boolean,
    now: number,
    /** The commit timestamp, known in advance because transactions run one after the other. */
    readonly timestamp: bigint,
    areLimitsEnforced: boolean,
    /** Null if nobody asks what it has read. */
    readonly observed: Observed | null = null,
  ) {
    this.#time = now;
    this.clock = new UserClock(areLimitsEnforced);
  }

  /** `Date.now()` while it runs. */
  now(): number {
    this.uses.time = this.#time;
    return this.#time;
  }

  /** `Math.random()` while it runs. */
  random(): number {
    this.uses.chance = true;
    return this.#random();
  }

  assertOpen(): void {
    if (!this.isOpen) throw new EndedError();
  }
}

/** A call that nobody awaited uses the database after the function that made it has ended. */
export class EndedError extends Error {
  constructor() {
    super("The transaction has ended: await every promise of a query or mutation.");
  }
}
