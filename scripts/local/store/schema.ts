import { parseJson } from "../values/json.ts";
import { readValidator, type ValidatorJson } from "../values/validate.ts";

/** The parts of `schema.export()` of `convex/server` that this engine reads. */
interface ExportedSchema {
  tables: {
    tableName: string;
    indexes: { indexDescriptor: string; fields: string[] }[];
    searchIndexes: { indexDescriptor: string; searchField: string; filterFields: string[] }[];
    vectorIndexes: {
      indexDescriptor: string;
      vectorField: string;
      dimensions: number;
      filterFields: string[];
    }[];
    documentType: ValidatorJson;
  }[];
  schemaValidation: boolean;
}

export type IndexDefinition =
  | { kind: "id" }
  | { kind: "ordered"; fields: string[] }
  | { kind: "search"; searchField: string; filterFields: string[] }
  | { kind: "vector"; vectorField: string; dimensions: number; filterFields: string[] };

export interface TableSchema {
  /** Null if documents are not validated. */
  validator: ValidatorJson | null;
  indexes: Map<string, IndexDefinition>;
}

export type Schema = Map<string, TableSchema>;

/** A schema as `defineSchema` makes it. */
export interface Exportable {
  export(): string;
}

const BUILT_IN: [string, IndexDefinition][] = [
  ["by_creation_time", { kind: "ordered", fields: ["_creationTime"] }],
  ["by_id", { kind: "id" }],
];

/** The number of indexes that every table has without declaring them. */
export const BUILT_IN_INDEXES = BUILT_IN.length;

/** Tables that Convex keeps for a component itself (`ctx.db.system`). */
const SYSTEM_TABLES: Schema = new Map(
  ["_scheduled_functions", "_storage"].map((name) => [
    name,
    { validator: null, indexes: new Map(BUILT_IN) },
  ]),
);

/** The schema of an undeclared table: no validation, and only the built-in indexes. */
export function undeclaredTable(): TableSchema {
  return { validator: null, indexes: new Map(BUILT_IN) };
}

/** Converts an exported schema into tables with their indexes; `null` means a component without a schema. */
export function readSchema(exported: Exportable | null): Schema {
  const schema: Schema = new Map(SYSTEM_TABLES);
  if (exported === null) return schema;
  const { tables, schemaValidation } = parseJson<ExportedSchema>(exported.export());
  for (const table of tables) {
    const indexes = new Map(BUILT_IN);
    for (const { indexDescriptor, fields } of table.indexes)
      indexes.set(indexDescriptor, { kind: "ordered", fields: [...fields, "_creationTime"] });
    for (const { indexDescriptor, searchField, filterFields } of table.searchIndexes)
      indexes.set(indexDescriptor, { kind: "search", searchField, filterFields });
    for (const { indexDescriptor, vectorField, dimensions, filterFields } of table.vectorIndexes)
      indexes.set(indexDescriptor, { kind: "vector", vectorField, dimensions, filterFields });
    schema.set(table.tableName, {
      validator: schemaValidation ? readValidator(table.documentType) : null,
      indexes,
    });
  }
  return schema;
}
