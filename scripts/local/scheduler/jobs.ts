import type { JSONValue } from "convex/values";
import { jsonToConvex } from "convex/values";
import type { Clock } from "../clock.ts";
import type { FunctionPath } from "../functions/registry.ts";
import type { Catalog } from "../store/catalog.ts";
import { LIMIT, type Statements } from "../store/database.ts";
import type { Documents } from "../store/documents.ts";
import { patchSystem, writeSystem } from "../transaction/writes.ts";
import { parseJson, type JsonObject } from "../values/json.ts";

/** A scheduled function in the queue. */
export interface Job extends FunctionPath {
  id: string;
  due: number;
  /** The component that scheduled it and can look it up. */
  owner: string;
}

type State =
  { kind: "pending" | "inProgress" | "success" | "canceled" } | { kind: "failed"; error: string };

const RETENTION_MS = 7 * 24 * 60 * 60 * 1000;
const PRUNE_BATCH = 500;
const MAX_DISTANCE_MS = 5 * 365 * 24 * 60 * 60 * 1000;

/**
 * The queue of scheduled functions: each has a `_scheduled_functions` row that functions can read, and a row
 * in `jobs` while it waits or runs. All methods write inside the caller's transaction.
 */
export class Jobs {
  constructor(
    private readonly tables: { sql: Statements; catalog: Catalog; documents: Documents },
    private readonly clock: Clock,
  ) {}

  /** Adds a job. `by` is the job whose function schedules it: what a canceled job schedules is canceled too. */
  add(
    owner: string,
    where: FunctionPath,
    args: JSONValue,
    due: number,
    by: string | null = null,
  ): string {
    if (Math.abs(due - this.clock.now()) > MAX_DISTANCE_MS)
      throw new Error("Functions can only be scheduled within 5 years of now");
    const id = writeSystem({ ...this.tables, component: owner }, "_scheduled_functions", {
      name: where.path.replace(":", ".js:"),
      args: [jsonToConvex(args)],
      scheduledTime: due,
      state: { kind: "pending" },
    });
    if (by !== null && this.#isCanceled(by)) {
      this.#set(owner, id, { kind: "canceled" }, true);
      return id;
    }
    this.tables.sql.run(
      "INSERT INTO jobs (id, due, owner, component, path) VALUES (?, ?, ?, ?, ?)",
      id,
      due,
      owner,
      where.component,
      where.path,
    );
    return id;
  }

  #isCanceled(id: string): boolean {
    const stored = this.tables.documents.get(id);
    const { state } = parseJson<{ state?: State }>(stored?.json ?? "{}");
    return state?.kind === "canceled";
  }

  /** Cancels a job that has not ended. A running action continues, but what it schedules does not run. */
  cancel(owner: string, id: string): void {
    if (!this.tables.catalog.isIdOf(owner, "_scheduled_functions", id))
      throw new Error(`Invalid scheduled function id ${JSON.stringify(id)}`);
    const { changes } = this.tables.sql.run("DELETE FROM jobs WHERE id = ?", id);
    if (changes > 0) this.#set(owner, id, { kind: "canceled" }, true);
  }

  /** Jobs that are due and not running, oldest first. */
  due(now: number, limit: number): Job[] {
    return this.tables.sql.all(
      `SELECT id, due, owner, component, path FROM jobs WHERE running = 0 AND due <= ? ORDER BY due, id ${LIMIT}`,
      now,
      limit,
    );
  }

  isPending(id: string): boolean {
    return this.tables.sql.one("SELECT 1 FROM jobs WHERE id = ?", id) !== undefined;
  }

  argsOf(job: Job): JSONValue {
    const stored = this.tables.documents.get(job.id);
    const { args } = parseJson<JsonObject>(stored?.json ?? "{}");
    return Array.isArray(args) ? (args[0] ?? {}) : {};
  }

  begin(job: Job): void {
    this.tables.sql.run("UPDATE jobs SET running = 1 WHERE id = ?", job.id);
    this.#set(job.owner, job.id, { kind: "inProgress" }, false);
  }

  /** Records how a job ended, unless it was canceled while it ran. */
  finish(job: Job, error: string | null): void {
    const { changes } = this.tables.sql.run("DELETE FROM jobs WHERE id = ?", job.id);
    if (changes === 0) return;
    const state: State = error === null ? { kind: "success" } : { kind: "failed", error };
    this.#set(job.owner, job.id, state, true);
  }

  #set(owner: string, id: string, state: State, isComplete: boolean): void {
    patchSystem({ ...this.tables, component: owner }, id, {
      state,
      // Unlike a deployment, does not keep arguments, because they may contain data that is deleted later.
      ...(isComplete ? { completedTime: this.clock.now(), args: [] } : {}),
    });
  }

  /** Marks actions that the last stop interrupted as failed, because actions run at most once. Returns how many. */
  failInterrupted(): number {
    const jobs = this.tables.sql.all<Job>(
      "SELECT id, due, owner, component, path FROM jobs WHERE running = 1",
    );
    for (const job of jobs) this.finish(job, "Transient error while executing action");
    return jobs.length;
  }

  /** Deletes a batch of results older than a week; returns whether there may be more. */
  prune(component: string): boolean {
    const { sql, catalog, documents } = this.tables;
    const table = catalog.find(component, "_scheduled_functions");
    if (table === undefined) return false;
    const rows = sql.all<{ seq: number; id: string; size: number; json: string }>(
      `SELECT d.seq, d.id, d.size, d.json FROM documents d
       WHERE d.table_number = ? AND json_extract(d.json, '$.completedTime') < ? ${LIMIT}`,
      table.number,
      this.clock.now() - RETENTION_MS,
      PRUNE_BATCH,
    );
    for (const row of rows) documents.remove(table, row);
    return rows.length === PRUNE_BATCH;
  }
}
