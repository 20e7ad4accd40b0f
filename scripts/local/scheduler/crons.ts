import type { JSONValue } from "convex/values";
import type { Clock } from "../clock.ts";
import type { Registry } from "../functions/registry.ts";
import type { Statements } from "../store/database.ts";
import { parseJson } from "../values/json.ts";
import { nextRun, type CronSchedule } from "./cronTimes.ts";
import type { Jobs } from "./jobs.ts";

/** A cron as exported by `crons.export()`. */
interface CronDefinition {
  name: string;
  args: JSONValue[];
  schedule: CronSchedule;
}

interface Exporting {
  isCrons: true;
  export(): string;
}

/** A stored cron, with the job of its last run, to check whether it is still running. */
interface CronRow {
  name: string;
  definition: string;
  next: number;
}

function isCrons(value: unknown): value is Exporting {
  return typeof value === "object" && value !== null && "isCrons" in value;
}

/** The crons of `crons.ts`. Stores when each is next due, so that a restart neither repeats nor skips a run. */
export class Crons {
  readonly #sql: Statements;
  readonly #jobs: Jobs;
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #lastJob = new Map<string, string>();

  constructor(sql: Statements, jobs: Jobs, registry: Registry, clock: Clock) {
    this.#clock = clock;
    this.#sql = sql;
    this.#jobs = jobs;
    this.#registry = registry;
  }

  #declared(): Map<string, { component: string; definition: CronDefinition }> {
    const declared = new Map<string, { component: string; definition: CronDefinition }>();
    for (const { path, modules } of this.#registry.components) {
      const crons = modules["crons"]?.()["default"];
      if (!isCrons(crons)) continue;
      for (const [name, definition] of Object.entries(
        parseJson<Record<string, CronDefinition>>(crons.export()),
      ))
        declared.set(`${path}:${name}`, { component: path, definition });
    }
    return declared;
  }

  /** Updates the stored crons to match `crons.ts`; a changed schedule starts over. */
  sync(): void {
    const stored = this.#sql.all<CronRow>("SELECT name, definition, next FROM crons");
    const declared = this.#declared();
    for (const { name, definition } of stored) {
      if (JSON.stringify(declared.get(name)) === definition) declared.delete(name);
      else this.#sql.run("DELETE FROM crons WHERE name = ?", name);
    }
    for (const [name, cron] of declared)
      this.#sql.run(
        "INSERT INTO crons (name, definition, next) VALUES (?, ?, ?)",
        name,
        JSON.stringify(cron),
        nextRun(cron.definition.schedule, this.#clock.now()),
      );
  }

  nextDue(): number | null {
    return (
      this.#sql.one<{ next: number | null }>("SELECT min(next) AS next FROM crons")?.next ?? null
    );
  }

  /** Adds jobs for due crons; skips a cron whose last run has not ended. */
  enqueueDue(now: number, isRunning: (job: string) => boolean): void {
    for (const row of this.#sql.all<CronRow>(
      "SELECT name, definition, next FROM crons WHERE next <= ?",
      now,
    )) {
      const { component, definition } = parseJson<{
        component: string;
        definition: CronDefinition;
      }>(row.definition);
      const last = this.#lastJob.get(row.name);
      if (last === undefined || !(isRunning(last) || this.#jobs.isPending(last))) {
        const where = { component, path: definition.name };
        this.#lastJob.set(
          row.name,
          this.#jobs.add(component, where, definition.args[0] ?? {}, now),
        );
      }
      const next = nextRun(definition.schedule, now, row.next);
      this.#sql.run("UPDATE crons SET next = ? WHERE name = ?", next, row.name);
    }
  }
}
