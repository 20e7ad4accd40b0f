import type { DeploymentClass } from "./classes.ts";
import { DAY_SECONDS, PEAK, type Operation } from "./workload.ts";

/** Simulates the busiest minutes of a working day on a deployment, event by event. Pure and seeded. */

export type Limit = "queries" | "mutations" | "actions" | "jobs" | "embeddings" | "writes";

export type Outcome = {
  requests: number;
  /** Requests refused after the platform's retries, by the limit that refused them. */
  refused: { [limit in Limit]: number };
  /** Background operations that waited longer than `LATE_MS`, by limit. */
  late: { [limit in Limit]: number };
  /** The highest share of each limit in use. */
  peak: { [limit in Limit]: number };
};

/** The platform's back-off before it gives up, and our own retries after it. */
const REQUEST_WAIT_MS = 4_000;
/** A refresh or a vector that takes longer than this counts as late. */
const LATE_MS = 30_000;
/** The delay before the first retry; each further delay is twice as long. */
const RETRY_MS = 100;

type Try = { at: number; since: number; tries: number; operation: Operation };

const nothing = () => ({ queries: 0, mutations: 0, actions: 0, jobs: 0, embeddings: 0, writes: 0 });

/**
 * Simulates `seconds` of the busiest hour for this many developers. `random` returns numbers from 0 to 1; the
 * same numbers give the same outcome.
 */
export function simulate(
  limits: DeploymentClass,
  operations: readonly Operation[],
  { developers, seconds }: { developers: number; seconds: number },
  random: () => number,
): Outcome {
  const outcome = { requests: 0, refused: nothing(), late: nothing(), peak: nothing() };
  const held = new Held(limits);
  const queue = new Queue(arrivals(operations, developers, seconds, random));
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { at, since, tries, operation } = next;
    if (at === since) outcome.requests += 1;
    const blocked = held.take(at, operation);
    if (blocked === null) {
      for (const limit of held.shares(at)) {
        outcome.peak[limit.name] = Math.max(outcome.peak[limit.name], limit.share);
      }
      continue;
    }
    const isOver = at - since >= (operation.isBackground ? LATE_MS : REQUEST_WAIT_MS);
    if (!isOver) {
      const wait = RETRY_MS * 2 ** tries * (1 + random());
      queue.push({ ...next, at: at + wait, tries: tries + 1 });
    } else outcome[operation.isBackground ? "late" : "refused"][blocked] += 1;
  }
  return outcome;
}

/** Creates random arrivals of every operation, at the rate of the busiest hour. */
function arrivals(
  operations: readonly Operation[],
  developers: number,
  seconds: number,
  random: () => number,
): Try[] {
  return operations.flatMap((operation) => {
    const expected = (developers * operation.perDay * PEAK * seconds) / DAY_SECONDS;
    const count = Math.floor(expected) + (random() < expected % 1 ? 1 : 0);
    return Array.from({ length: count }, () => {
      const at = random() * seconds * 1_000;
      return { at, since: at, tries: 0, operation };
    });
  });
}

/** The resources in use at a time. Times must not decrease. */
class Held {
  readonly #ends = {
    queries: new Queue<{ at: number }>(),
    mutations: new Queue<{ at: number }>(),
    actions: new Queue<{ at: number }>(),
    jobs: new Queue<{ at: number }>(),
    embeddings: new Queue<{ at: number }>(),
  };
  #second = -1;
  #written = 0;

  constructor(readonly limits: DeploymentClass) {}

  /** Takes what an operation needs; if a limit has no room, takes nothing and returns that limit. */
  take(at: number, { holds, writes }: Operation): Limit | null {
    this.#release(at);
    if (writes > 0 && this.#written >= this.limits.writeBytes) return "writes";
    for (const { uses } of holds) {
      if (this.#ends[uses].size >= this.limits[uses]) return uses;
    }
    for (const { uses, ms } of holds) this.#ends[uses].push({ at: at + ms });
    this.#written += writes;
    return null;
  }

  #release(at: number): void {
    for (const ends of Object.values(this.#ends)) {
      for (let end = ends.peek(); end !== undefined && end.at <= at; end = ends.peek()) ends.pop();
    }
    const second = Math.floor(at / 1_000);
    if (second === this.#second) return;
    this.#second = second;
    this.#written = 0;
  }

  shares(at: number): { name: Limit; share: number }[] {
    this.#release(at);
    const names = ["queries", "mutations", "actions", "jobs", "embeddings"] as const;
    return [
      ...names.map((name) => ({ name, share: this.#ends[name].size / this.limits[name] })),
      { name: "writes" as const, share: this.#written / this.limits.writeBytes },
    ];
  }
}

/** A binary heap by `at`. */
class Queue<T extends { at: number }> {
  readonly #items: T[] = [];

  constructor(items: readonly T[] = []) {
    for (const item of items) this.push(item);
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent];
      if (above === undefined || above.at <= item.at) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const [first] = items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const right = items[child + 1];
      if (right !== undefined && right.at < (items[child]?.at ?? Infinity)) child += 1;
      const below = items[child];
      if (below === undefined || below.at >= last.at) break;
      items[at] = below;
      at = child;
    }
    items[at] = last;
    return first;
  }
}

/** Returns the limit that refused or delayed the most; null if none did. */
export function firstToBreak({ refused, late }: Outcome): Limit | null {
  const limits = Object.keys(refused) as Limit[];
  const worst = limits.sort((a, b) => refused[b] + late[b] - refused[a] - late[a])[0];
  return worst !== undefined && refused[worst] + late[worst] > 0 ? worst : null;
}

/** Returns the largest number of developers, within 5 %, for whom nothing is refused or late. */
export function mostDevelopers(fits: (developers: number) => boolean): number {
  let low = 1;
  let high = 2;
  while (fits(high)) {
    low = high;
    high *= 2;
    if (high > 1_000_000) return low;
  }
  while (high - low > Math.max(1, low * 0.05)) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
