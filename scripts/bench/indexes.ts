import schema from "../../convex/schema.ts";

/** Indexes of a table: each is billed as a copy of the table's rows. */
export type Indexes = { ordered: number; text: number; vector: number };

type Exported = { indexes: unknown[]; searchIndexes: unknown[]; vectorIndexes: unknown[] };

/** Counts the indexes of each table of `schema.ts`, as the CLI would push them. */
export function indexesOfTables(): { readonly [table: string]: Indexes } {
  const tables = Object.entries(schema.tables).map(([name, table]) => {
    // The CLI calls `export`, which the types of `convex/server` do not declare.
    const { export: exported } = table as unknown as { export: () => Exported };
    const { indexes, searchIndexes, vectorIndexes } = exported.call(table);
    const counts = {
      ordered: indexes.length,
      text: searchIndexes.length,
      vector: vectorIndexes.length,
    };
    return [name, counts] as const;
  });
  return Object.fromEntries(tables);
}
