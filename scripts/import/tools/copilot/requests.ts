import type { Numbers } from "../../rows.ts";
import type { Request } from "./store.ts";

/**
 * Which answer each request belongs to. The database and the events have no id in common: a request is counted when
 * its answer is written. An answer takes the requests of its model up to its time, so that a request that failed or
 * that summarized the conversation is on the answer after it. Pure.
 */

/** Between the time of a request and that of the event of its answer. */
const NEAR_MS = 1_000;
/** A request that is so much older than an event has no answer that is still to come. */
const LATE_MS = 60_000;

/** What must be remembered of the requests, by model. Plain JSON. */
export type RequestsMemo = {
  [model: string]: {
    /** The last request that an answer has, or a message of its own. */
    taken: number;
    /** The answer that took requests last. */
    answer?: Answer;
  };
};

type Answer = { id: string; at: number; numbers: Numbers };

/** An answer, and what is known of its model: the name, or how it begins. */
export type Answered = {
  id: string;
  at: number;
  model: string | undefined;
  maker: string | undefined;
};

/** What an answer has taken. */
export type Booked = { id: string; model: string | undefined; numbers: Numbers };

export class Requests {
  /** All requests before this one are taken. */
  #from = 0;

  constructor(
    private readonly memo: RequestsMemo,
    private readonly all: readonly Request[],
  ) {}

  /** Whether the database counted already at this time. Before, the events alone tell what was spent. */
  covers(at: number): boolean {
    const [first] = this.all;
    return first !== undefined && at >= first.at - 2 * NEAR_MS;
  }

  /** Gives an answer its requests, and their model to an answer that names none or only its `maker`. */
  bookOn({ id, at, model, maker }: Answered): Booked {
    const waiting = this.#waitingUntil(at + NEAR_MS);
    const isMade = (request: Request) => request.model?.startsWith(maker ?? "") === true;
    const name = model ?? waiting.findLast(isMade)?.model ?? maker;
    const own = waiting.filter((request) => request.model === name);
    const numbers = sumOf(own);
    this.#take(own);
    this.#of(name).answer = { id, at, numbers };
    return { id, model: name, numbers };
  }

  /** Requests that were counted after their answer was read: what these answers have now. */
  late(): Booked[] {
    const found = new Map<string, Booked>();
    for (const request of this.#waitingUntil(Infinity)) {
      const { answer } = this.#of(request.model);
      if (answer === undefined || request.at > answer.at + NEAR_MS) continue;
      this.#take([request]);
      answer.numbers = sumOf([answer, request]);
      found.set(answer.id, { id: answer.id, model: request.model, numbers: answer.numbers });
    }
    return Array.from(found.values());
  }

  /** Takes requests to which no answer can belong that comes after this time. */
  takeAlone(at: number): Request[] {
    const found = this.#waitingUntil(at - LATE_MS);
    this.#take(found);
    return found;
  }

  /** Takes all requests up to the time when the tool ended. */
  takeRest(at: number): Request[] {
    const found = this.#waitingUntil(at + NEAR_MS);
    this.#take(found);
    return found;
  }

  #waitingUntil(at: number): Request[] {
    const isTaken = ({ id, model }: Request) => id <= this.#of(model).taken;
    for (let next = this.all[this.#from]; next && isTaken(next); next = this.all[this.#from])
      this.#from += 1;
    const found: Request[] = [];
    for (let index = this.#from; index < this.all.length; index++) {
      const request = this.all[index];
      if (request === undefined || request.at > at) break;
      if (!isTaken(request)) found.push(request);
    }
    return found;
  }

  #take(requests: readonly Request[]): void {
    for (const { id, model } of requests) this.#of(model).taken = id;
  }

  /** Also keeps models apart from names that every object has. */
  #of(model: string | undefined): RequestsMemo[string] {
    return (this.memo[`model ${model ?? ""}`] ??= { taken: 0 });
  }
}

const ZERO = {
  ...{ promptTokens: 0, completionTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
  reasoningTokens: 0,
};

/** Also says what is 0, because it replaces what the events alone told before. */
function sumOf(all: readonly { numbers: Numbers }[]): Numbers {
  const sum = { ...ZERO };
  for (const { numbers } of all) {
    sum.promptTokens += numbers.promptTokens ?? 0;
    sum.completionTokens += numbers.completionTokens ?? 0;
    sum.cacheReadTokens += numbers.cacheReadTokens ?? 0;
    sum.cacheWriteTokens += numbers.cacheWriteTokens ?? 0;
    sum.reasoningTokens += numbers.reasoningTokens ?? 0;
  }
  return sum;
}
