import type { FunctionPeak } from "../../local/limits/peaks.ts";
import { startTestEngine } from "../../local/testing.ts";

/** One day with many distinct projects, through the HTTP API of the local engine with a deployment's limits. */

const DATE = "2026-01-15";
const NOON = Date.parse(`${DATE}T12:00:00Z`);
const BATCH = 1_000;
/** Longer than the last copy of a day waits (`convex/model/stats/ledger.ts`). */
const CLOSED_WITHIN_MS = 15 * 60_000;

type Sums = { sessions: number; messages: number; totalTokens: number };
type Split = Sums & { project: string };

export type PlayedDay = {
  /** The numbers that the statistics show for the day, and their sums by project. */
  totals: Sums;
  byProject: Split[];
  statuses: { stats: number; wrapped: number };
  peaks: FunctionPeak[];
};

/** Syncs a session with a message for each project, lets the day close, and reads its statistics. */
export async function playProjects(projects: number): Promise<PlayedDay> {
  const engine = await startTestEngine({
    embeddings: false,
    env: { WRITE_MIB_PER_SECOND: "64", RATE_LIMIT_SYNC: "off" },
  });
  try {
    const { apiKey: key } = await engine.createUser();
    for (let from = 0; from < projects; from += BATCH) {
      const answer = await engine.request("/sync/batch", {
        key,
        json: batch(from, Math.min(projects, from + BATCH)),
      });
      const { errors } = (await answer.json()) as { errors?: string[] };
      if (answer.status !== 200 || errors?.length !== 0)
        throw new Error(`${answer.status} ${errors?.[0]}`);
      await engine.settle(CLOSED_WITHIN_MS);
    }
    const stats = await engine.request(`/api/stats?from=${DATE}&to=${DATE}`, { key });
    const wrapped = await engine.request(`/api/wrapped/${DATE}.svg`, { key });
    await wrapped.text();
    const { totals, byProject } = (await stats.json()) as Pick<PlayedDay, "totals" | "byProject">;
    const statuses = { stats: stats.status, wrapped: wrapped.status };
    return { totals, byProject, statuses, peaks: engine.peaks() };
  } finally {
    await engine.stop();
  }
}

function batch(from: number, to: number) {
  const numbers = Array.from({ length: to - from }, (_, n) => from + n);
  return {
    sessions: numbers.map((n) => ({
      ...{ externalId: `s${n}`, projectName: `project-${n}`, createdAt: NOON + n },
    })),
    messages: numbers.map((n) => ({
      ...{ sessionExternalId: `s${n}`, externalId: "m", role: "assistant", textContent: "done" },
      ...{ model: "claude-sonnet-4-5", promptTokens: 10, completionTokens: 1 },
      createdAt: NOON + n,
    })),
  };
}

/** The sum of one number over all projects. */
export function sumOf(byProject: readonly Split[], name: keyof Sums): number {
  return byProject.reduce((sum, one) => sum + one[name], 0);
}
