import type { Plugin } from "vite";

/**
 * convex-test examines every row of every table for each query, which is most of the time of tests with many rows.
 * This keeps its rows by table, and reads a query's bounds once and not per row. Answers are the same:
 * `scripts/local/parity` compares them with the local engine's.
 */

/** Replacements in the source of convex-test. Each text must occur there, so that a new version is noticed. */
const CHANGES: readonly (readonly [string, string])[] = [
  ["    _documents = {};\n", "    _documents = {};\n    _rowsByTable = new Map();\n"],
  [
    "                    delete this._documents[_id];\n",
    `                    delete this._documents[_id];
                    this._rowsByTable.get(tableNameFromId(_id))?.delete(_id);\n`,
  ],
  [
    "                        commitTs === null ? write : resolveCommittedValues(write, commitTs);\n",
    `                        commitTs === null ? write : resolveCommittedValues(write, commitTs);
                    const table = tableNameFromId(_id);
                    if (!this._rowsByTable.has(table)) this._rowsByTable.set(table, new Set());
                    this._rowsByTable.get(table).add(_id);\n`,
  ],
  [
    "const isInTable = (id) => tableNameFromId(id) === tableName;",
    "const isInTable = (id) => id.endsWith(tableName) && tableNameFromId(id) === tableName;",
  ],
  [
    "const ids = new Set(Object.keys(this._documents).filter(isInTable));",
    "const ids = new Set(this._rowsByTable.get(tableName));",
  ],
  [
    "            const document = this.get(tableName, id);\n            if (document !== null) {\n                callback",
    "            const document = this.get(undefined, id);\n            if (document !== null) {\n                callback",
  ],
  [
    "                this._iterateDocs(tableName, (doc) => {\n                    if (source.range.every((filter) => evaluateRangeFilter(doc, filter))) {",
    `                const range = source.range.map(({ type, fieldPath, value }) => ({ type, fieldPath, value: evaluateQueryValue(value) }));
                this._iterateDocs(tableName, (doc) => {
                    if (range.every((filter) => evaluateRangeFilter(doc, filter))) {`,
  ],
  [
    '    const value = evaluateQueryValue(expr.value);\n    switch (expr.type) {\n        case "Eq":\n            return compareValues(result, value) === 0;',
    '    const value = expr.value;\n    switch (expr.type) {\n        case "Eq":\n            return (typeof value === "string" && result === value) || compareValues(result, value) === 0;',
  ],
  [
    "function evaluateFieldPath(fieldPath, document) {\n",
    `function evaluateFieldPath(fieldPath, document) {
    if (!fieldPath.includes(".")) {
        const field = document[fieldPath];
        return typeof field === "object" && field !== null ? resolvePendingValues(field) : field;
    }\n`,
  ],
];

function changed(code: string): string {
  return CHANGES.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`convex-test no longer contains: ${from}`);
    return text.replace(from, () => to);
  }, code);
}

/** Makes the queries of convex-test take time by the rows of their table. */
export function fasterConvexTest(): Plugin {
  return {
    name: "faster-convex-test",
    transform: (code, id) =>
      /\/convex-test\/dist\/index\.js$/.test(id) ? { code: changed(code), map: null } : undefined,
  };
}
