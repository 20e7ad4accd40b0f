import { setTimeout as pause } from "node:timers/promises";
import { NOBODY } from "../auth/identity.ts";
import { argumentsOf } from "../functions/arguments.ts";
import { runFunction } from "../functions/call.ts";
import { outside, type RequestMetadata } from "../functions/context.ts";
import { toFunctionError } from "../functions/errors.ts";
import type { ResolvedFunction } from "../functions/registry.ts";
import { TooManyWritesError } from "../limits/writeWindow.ts";
import { newTrace } from "../callRecord.ts";
import type { Engine } from "../runtime.ts";
import type { Crons } from "./crons.ts";
import { sqliteCode } from "../store/sqlite.ts";
import type { Job } from "./jobs.ts";
import { pauseAfter, Retries } from "./retries.ts";

/** The longest delay of `setTimeout`. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const RETRY_MS = 500;
const HOUSEKEEPING_MS = 60 * 60 * 1000;

/**
 * Runs due functions. A scheduled mutation runs exactly once, because it and the record that it ran are one
 * transaction. An action runs at most once, because it is recorded before it starts. What fails because of the disk, and
 * not of the function, is tried again after growing pauses, as a deployment retries its own errors.
 */
export class Scheduler {
  readonly #engine: Engine;
  readonly #crons: Crons;
  readonly #running = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #housekeeping: NodeJS.Timeout | undefined;
  #isStopped = true;
  /** Ends pauses when the engine stops. */
  readonly #stopping = new AbortController();
  readonly #retries = new Retries();
  /** Looks at the queue and housekeeping that are under way; `stop` waits for them, because they write. */
  readonly #background = new Set<Promise<void>>();
  /** Scheduled functions that run at the same time; more wait. */
  readonly #slots: number;

  constructor(engine: Engine, crons: Crons) {
    this.#slots = engine.limits.numbers.scheduledJobs;
    this.#engine = engine;
    this.#crons = crons;
  }

  /** Handles jobs that a restart interrupted, and starts. */
  async start(): Promise<void> {
    this.#isStopped = false;
    await this.#engine.transactor.mutation(() => {
      this.#engine.jobs.failInterrupted();
      this.#crons.sync();
      return Promise.resolve();
    });
    this.#housekeeping = setInterval(() => {
      this.#inBackground("housekeeping", this.#prune());
    }, HOUSEKEEPING_MS);
    this.#housekeeping.unref();
    this.#engine.clock.onSkip(() => {
      this.wake();
    });
    this.wake();
  }

  /** Checks the queue again, because something was scheduled or ended. */
  wake(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    outside(() => {
      this.#timer = setTimeout(() => {
        this.#inBackground("scheduler", this.#tick());
      }, this.#delay());
    });
  }

  /** Keeps track of work that nobody waits for, and logs why it failed. */
  #inBackground(name: string, work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => {
        this.#engine.log({ level: "error", function: name, words: [error] });
      })
      .finally(() => this.#background.delete(done));
    this.#background.add(done);
  }

  #delay(): number {
    if (this.#running.size >= this.#slots) return MAX_TIMER_MS;
    const next = Math.min(this.#nextJob(), this.#crons.nextDue() ?? Infinity);
    return Math.min(Math.max(0, next - this.#engine.clock.now()), MAX_TIMER_MS);
  }

  /** Returns when the next job that is not running may run; `Infinity` if there is none. */
  #nextJob(): number {
    // One more than those that cannot run now: beyond it, no job is due earlier.
    const first = this.#engine.jobs.due(Infinity, this.#running.size + this.#retries.size + 1);
    const waiting = first.filter((job) => !this.#running.has(job.id));
    return Math.min(...waiting.map((job) => this.#retries.timeOf(job)));
  }

  /** Starts what is due; tries again after a pause if the queue cannot be read or written. */
  async #tick(): Promise<void> {
    try {
      await this.#startDue();
    } catch (error) {
      await pause(RETRY_MS);
      throw error;
    } finally {
      this.wake();
    }
  }

  async #startDue(): Promise<void> {
    await this.#engine.transactor.between(() => undefined);
    if (this.#isStopped) return;
    const now = this.#engine.clock.now();
    if ((this.#crons.nextDue() ?? Infinity) <= now)
      await this.#engine.transactor.mutation(() => {
        this.#crons.enqueueDue(now, (id) => this.#running.has(id));
        return Promise.resolve();
      });
    // It may have been stopped while the transaction waited; what is due runs after the next start.
    if (this.#isStopped) return;
    const room = this.#slots - this.#running.size;
    this.#retries.keepOnly((id) => this.#engine.jobs.isPending(id));
    const due = this.#engine.jobs
      .due(now, this.#slots * 2 + this.#retries.size)
      .filter((job) => !this.#running.has(job.id) && this.#retries.timeOf(job) <= now)
      .slice(0, Math.max(0, room));
    for (const job of due) this.#launch(job);
  }

  #launch(job: Job): void {
    const done = this.#run(job)
      .then(
        () => {
          this.#retries.forget(job.id);
        },
        (error: unknown) => {
          this.#retries.postpone(job, this.#engine.clock.now());
          this.#engine.log({ level: "error", function: job.path, words: [error] });
        },
      )
      .finally(() => {
        this.#running.delete(job.id);
        this.wake();
      });
    this.#running.set(job.id, done);
  }

  /** Runs a job and records how it ended. Rejects if it is to be tried again. */
  async #run(job: Job): Promise<void> {
    const { registry } = this.#engine;
    let fn: ResolvedFunction;
    try {
      fn = registry.resolve(job);
    } catch (error) {
      await this.#finish(job, this.#logged(job, error));
      return;
    }
    await (fn.type === "mutation" ? this.#runMutation(job, fn) : this.#runAction(job, fn));
  }

  async #runMutation(job: Job, fn: ResolvedFunction): Promise<void> {
    const { jobs } = this.#engine;
    const args = argumentsOf(jobs.argsOf(job));
    try {
      await runFunction(this.#engine, fn, args, this.#caller(job), {
        within: async (transaction, run) => {
          if (!jobs.isPending(job.id)) throw new CanceledError();
          jobs.begin(job);
          const result = await run();
          // After its time-out, the mutation is rolled back, although it still runs until here.
          transaction.assertOpen();
          jobs.finish(job, null);
          return result;
        },
        // The fact that it ran is committed with it. If both are lost, it runs again.
        isRepeatable: true,
      });
    } catch (error) {
      const { cause } = toFunctionError(error);
      if (cause instanceof TooManyWritesError) {
        // A deployment retries scheduled mutations indefinitely if it was too busy.
        await pause(RETRY_MS);
        await this.#runMutation(job, fn);
        return;
      }
      if (cause instanceof CanceledError) return;
      if (sqliteCode(cause) !== null) throw error;
      await this.#finish(job, this.#logged(job, error));
    }
  }

  async #runAction(job: Job, fn: ResolvedFunction): Promise<void> {
    const { jobs, transactor } = this.#engine;
    const begun = await transactor.mutation(() => {
      if (!jobs.isPending(job.id)) return Promise.resolve(false);
      jobs.begin(job);
      return Promise.resolve(true);
    });
    if (!begun) return;
    let failure: string | null = null;
    try {
      await runFunction(this.#engine, fn, argumentsOf(jobs.argsOf(job)), this.#caller(job));
    } catch (error) {
      failure = this.#logged(job, error);
    }
    await this.#finishAction(job, failure);
  }

  /** Records how an action ended. Tries until the disk takes it, because the action must not run again. */
  async #finishAction(job: Job, failure: string | null): Promise<void> {
    for (let failures = 1; ; failures++)
      try {
        await this.#finish(job, failure);
        return;
      } catch (error) {
        // The next start records it as interrupted.
        if (this.#isStopped) throw error;
        this.#engine.log({ level: "error", function: job.path, words: [error] });
        const { signal } = this.#stopping;
        await pause(pauseAfter(failures), undefined, { signal }).catch(() => undefined);
      }
  }

  /** Logs a function's error and returns its message. */
  #logged(job: Job, error: unknown): string {
    const { message, stack } = toFunctionError(error);
    this.#engine.log({ level: "error", function: job.path, words: [stack ?? message] });
    return message;
  }

  async #finish(job: Job, failure: string | null): Promise<void> {
    await this.#engine.transactor.mutation(() => {
      this.#engine.jobs.finish(job, failure);
      return Promise.resolve();
    });
  }

  #caller(job: Job) {
    const request: RequestMetadata = {
      ip: null,
      userAgent: null,
      requestId: job.id.slice(0, 16),
      scheduledFunctionId: job.id,
      authToken: null,
    };
    return { identity: NOBODY, request, trace: newTrace("scheduled"), depth: 0 };
  }

  async #prune(): Promise<void> {
    for (const { path } of this.#engine.registry.components)
      while (
        !this.#isStopped &&
        (await this.#engine.transactor.mutation(() =>
          Promise.resolve(this.#engine.jobs.prune(path)),
        ))
      );
  }

  /** Resolves once nothing is running or due within `withinMs` (except crons). */
  async settle(withinMs: number): Promise<void> {
    for (;;) {
      await this.#engine.transactor.between(() => undefined);
      const { clock } = this.#engine;
      const next = this.#nextJob();
      const isFar = next === Infinity || next > clock.now() + withinMs;
      if (this.#running.size === 0 && isFar) return;
      if (this.#running.size === 0 && clock.skips) clock.skipTo(next);
      const wait = Math.max(0, next - clock.now());
      const pause = new Promise((resolve) => setTimeout(resolve, Math.min(wait, 20) + 1));
      await Promise.race([...this.#running.values(), pause]);
    }
  }

  /**
   * Starts nothing more, and waits for what is under way, but up to `graceMs` for functions: an action may never end.
   * The next start marks those that have not ended as failed.
   */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    this.#stopping.abort();
    clearTimeout(this.#timer);
    clearInterval(this.#housekeeping);
    await Promise.all(this.#background);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)));
    await Promise.race([Promise.all(this.#running.values()), late]);
    clearTimeout(timer);
  }
}

/** The job was canceled after it was due and before it ran. */
class CanceledError extends Error {}
