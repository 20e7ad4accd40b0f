import type { Doc, TableNames } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { hasRoom, spend, type ReadBudget } from "../readBudget";

/** Where a migration resumes; null before its first step. */
export type MigrationCursor = string | number | null;

/** The result of one step: the rows it changed, and where the next step resumes unless this was the last. */
export type StepResult =
  { kind: "more"; cursor: string | number; changed: number } | { kind: "end"; changed: number };

/**
 * Changes rows that an earlier version stored, in bounded steps while the deployment serves requests. Until
 * it is done, the code must work with changed and unchanged rows. A step may run again after a failure, so
 * it must be safe to change a row twice.
 */
export type Migration = {
  /** Identifies the migration in the `migrations` table; never changes once released. */
  name: string;
  step: (ctx: MutationCtx, cursor: MigrationCursor, budget: ReadBudget) => Promise<StepResult>;
};

/**
 * Builds a migration that visits every row of a table, in order of creation. `change` returns whether it
 * changed the row, and should deduct its own reads from the budget.
 */
export function everyRow<Table extends TableNames>(
  name: string,
  table: Table,
  change: (ctx: MutationCtx, row: Doc<Table>, budget: ReadBudget) => Promise<boolean>,
): Migration {
  return {
    name,
    step: async (ctx, cursor, budget) => {
      let changed = 0;
      let last = typeof cursor === "number" ? cursor : -Infinity;
      const rows = ctx.db
        .query(table)
        // TypeScript cannot see that every table has this index, and that its field is a number.
        .withIndex("by_creation_time", (q) =>
          q.gt("_creationTime", last as never),
        ) as AsyncIterable<Doc<Table> & { _creationTime: number }>;
      for await (const row of rows) {
        // Rows with the same creation time stay in one step, because the cursor is a creation time.
        if (!hasRoom(budget) && row._creationTime !== last) {
          return { kind: "more", cursor: last, changed };
        }
        spend(budget, row);
        last = row._creationTime;
        if (await change(ctx, row, budget)) changed += 1;
      }
      return { kind: "end", changed };
    },
  };
}
