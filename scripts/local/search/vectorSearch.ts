import type { JSONValue } from "convex/values";
import type { Call } from "../functions/context.ts";
import { literal } from "../transaction/filters.ts";
import { VectorIndex } from "./vectorIndex.ts";
import type { BetweenTransactions } from "./vectorMemory.ts";

/** `ctx.vectorSearch` as the `convex` package sends it. */
export interface VectorQuery {
  indexName: string;
  limit?: number | null;
  vector: number[];
  expressions: JSONValue;
}

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 256;
const MAX_CONDITIONS = 64;

interface Condition {
  path: string;
  value: ReturnType<typeof literal>;
}

/** Returns the equalities of a filter; Convex combines them all by OR, however they are nested. */
function conditions(expression: JSONValue): Condition[] {
  if (typeof expression === "object" && expression !== null && !Array.isArray(expression)) {
    const { $eq, $or } = expression;
    if (Array.isArray($or)) return $or.flatMap(conditions);
    if (Array.isArray($eq)) {
      const [field, value] = $eq as [{ $field: string }, { $literal: JSONValue }];
      return [{ path: field.$field, value: literal(value.$literal) }];
    }
  }
  throw new Error("Vector search filters allow only `q.eq` and `q.or`");
}

function check(query: VectorQuery, index: VectorIndex, filters: Condition[] | null): number {
  const limit = query.limit ?? DEFAULT_LIMIT;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new Error(`Vector queries must have a limit between 1 and ${MAX_LIMIT}, got ${limit}.`);
  const { dimensions, filterFields } = index.definition;
  if (query.vector.length !== dimensions)
    throw new Error(
      `Vector query against ${query.indexName} has wrong number of dimensions: expected ${dimensions}, got ${query.vector.length}.`,
    );
  if (filters !== null && filters.length > MAX_CONDITIONS)
    throw new Error(
      `Vector query against ${query.indexName} has too many conditions. Max: ${MAX_CONDITIONS} Actual: ${filters.length}`,
    );
  for (const { path } of filters ?? [])
    if (!filterFields.includes(path))
      throw new Error(
        `Vector query against ${query.indexName} filters on "${path}", which isn't in \`filterFields\`.`,
      );
  return limit;
}

/** Returns the documents nearest to a vector: `{_id, _score}`, best first, cosine from -1 to 1. */
export async function searchVectors(
  call: Call,
  query: VectorQuery,
): Promise<{ _id: string; _score: number }[]> {
  const { catalog, documents, transactor } = call.engine;
  const [tableName = "", indexName = ""] = query.indexName.split(".");
  const index = catalog.find(call.component, tableName)?.indexes.get(indexName);
  if (!(index instanceof VectorIndex))
    throw new Error(`Vector index "${query.indexName}" not found.`);
  const filters = query.expressions === null ? null : conditions(query.expressions);
  const limit = check(query, index, filters);
  // What is remembered of vectors must not depend on a commit that may fail.
  const between: BetweenTransactions = (work) => transactor.flush(work);
  const hits = await index.search(query.vector, limit, filters, between);
  return await between(() =>
    hits.flatMap(({ seq, score }) => {
      const stored = documents.getBySeq(seq);
      return stored ? [{ _id: stored.id, _score: score }] : [];
    }),
  );
}
