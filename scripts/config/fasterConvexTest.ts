import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

/**
 * Makes convex-test faster without changing its answers (but for one error, below), which `scripts/local/parity` compares with the local engine's.
 * Unchanged, convex-test examines every row of every table for each query and converts each row that it returns; tests
 * with many rows spend most of their time on that. With these changes it indexes rows by table and by the fields that
 * queries compare, evaluates a query's bounds once, and caches the JSON and size of each row, because rows are never
 * changed in place.
 */

const ROWS = fileURLToPath(new URL("convexTestRows.ts", import.meta.url));

/** Replacements in the source of convex-test. A text that is missing is an error, so that a new version is noticed. */
const CHANGES: readonly (readonly [string, string])[] = [
  [
    'import { AsyncLocalStorage } from "node:async_hooks";\n',
    `import { AsyncLocalStorage } from "node:async_hooks";
import { compareQuickly, equalTexts, jsonOfRow, RowIndex, sizeOfRow, tableNameFromId } from ${JSON.stringify(ROWS)};\n`,
  ],
  // Finds committed rows, and those written at each level of a transaction, by table and by fields.
  [
    "    _documents = {};\n",
    "    _documents = {};\n    _index = new RowIndex((id) => this._documents[id]);\n",
  ],
  [
    "        this._writes.push({});\n",
    `        const level = {};
        this._writes.push(Object.defineProperty(level, INDEX, { value: new RowIndex((id) => level[id]) }));\n`,
  ],
  [
    "        this._writes[this._writes.length - 1][id] = newValue;\n",
    `        const level = this._writes[this._writes.length - 1];
        level[INDEX].set(id, newValue);
        level[id] = newValue;\n`,
  ],
  [
    "                    delete this._documents[_id];\n",
    "                    this._index.delete(_id);\n                    delete this._documents[_id];\n",
  ],
  [
    `                    this._documents[_id] =
                        commitTs === null ? write : resolveCommittedValues(write, commitTs);\n`,
    `                    const committed = commitTs === null ? write : resolveCommittedValues(write, commitTs);
                    this._index.set(_id, committed);
                    this._documents[_id] = committed;\n`,
  ],
  [
    `    _iterateDocs(tableName, callback) {
        const isInTable = (id) => tableNameFromId(id) === tableName;
        const ids = new Set(Object.keys(this._documents).filter(isInTable));
        for (let i = 0; i < this._writes.length; i++) {
            for (const id of Object.keys(this._writes[i]).filter(isInTable)) {
                ids.add(id);
            }
        }
        for (const id of ids) {
            const document = this.get(tableName, id);
            if (document !== null) {
                callback(document);
            }
        }\n`,
    `    _iterateDocs(tableName, callback, range = []) {
        const equal = equalTexts(range);
        const ids = new Set(this._index.candidates(tableName, equal));
        for (const level of this._writes) {
            for (const id of level[INDEX].candidates(tableName, equal)) ids.add(id);
        }
        for (const id of ids) {
            const document = this.get(undefined, id);
            if (document !== null) {
                callback(document);
            }
        }\n`,
  ],
  [
    "function tableNameFromId(id) {\n    const match = id.match(/^[0-9]+/);\n    if (!match || match[0].length === id.length) {\n        return null;\n    }\n    return id.slice(match[0].length);\n}\n",
    `const INDEX = Symbol("index");
const signaturesOfFunctions = new WeakMap();
/** Whether validateValidator would accept the value. Throwing for each member of a union that does not match is slow. */
function isValidFor(validator, value) {
    switch (validator.type) {
        case "null": return value === null;
        case "number": case "bigint": case "boolean": case "string": return typeof value === validator.type;
        case "any": return true;
        case "literal": return value === validator.value;
        case "array": return Array.isArray(value) && value.every((one) => isValidFor(validator.value, one));
        case "union": return validator.value.some((one) => isValidFor(one, value));
        case "object": return typeof value === "object" && value !== null && isSimpleObject(value)
            && Object.entries(validator.value).every(([name, { fieldType, optional }]) => value[name] === undefined ? optional : isValidFor(fieldType, value[name]))
            && Object.keys(value).every((name) => validator.value[name] !== undefined);
        default:
            try {
                validateValidator(validator, value);
                return true;
            }
            catch {
                return false;
            }
    }
}\n`,
  ],
  [
    `                try {
                    validateValidator(v, value);
                    isValid = true;
                    break;
                }
                catch {
                    // Ignore
                }\n`,
    "                if (isValidFor(v, value)) {\n                    isValid = true;\n                    break;\n                }\n",
  ],
  // Evaluates a query's bounds once. Sorts rows by keys made once, without the fields that are equal in all rows.
  [
    "                this._iterateDocs(tableName, (doc) => {\n                    if (source.range.every((filter) => evaluateRangeFilter(doc, filter))) {\n                        results.push(doc);\n                    }\n                });\n",
    `                const range = source.range.map(({ type, fieldPath, value }) => ({ type, fieldPath, value: evaluateQueryValue(value) }));
                this._iterateDocs(tableName, (doc) => {
                    if (range.every((filter) => evaluateRangeFilter(doc, filter))) {
                        results.push(doc);
                    }
                }, range);\n`,
  ],
  [
    '    const value = evaluateQueryValue(expr.value);\n    switch (expr.type) {\n        case "Eq":\n            return compareValues(result, value) === 0;\n        case "Gt":\n            return compareValues(result, value) > 0;\n        case "Gte":\n            return compareValues(result, value) >= 0;\n        case "Lt":\n            return compareValues(result, value) < 0;\n        case "Lte":\n            return compareValues(result, value) <= 0;\n',
    '    const value = expr.value;\n    switch (expr.type) {\n        case "Eq":\n            return compareQuickly(result, value) === 0;\n        case "Gt":\n            return compareQuickly(result, value) > 0;\n        case "Gte":\n            return compareQuickly(result, value) >= 0;\n        case "Lt":\n            return compareQuickly(result, value) < 0;\n        case "Lte":\n            return compareQuickly(result, value) <= 0;\n',
  ],
  [
    `        results.sort((a, b) => {
            const orderMultiplier = order === "asc" ? 1 : -1;
            let v = 0;
            for (const fp of fieldPathsToSortBy) {
                v = compareValues(evaluateFieldPath(fp, a), evaluateFieldPath(fp, b));
                if (v !== 0) {
                    return v * orderMultiplier;
                }
            }
            return v * orderMultiplier;
        });\n`,
    `        if (results.length > 1) {
            const orderMultiplier = order === "asc" ? 1 : -1;
            const isEqual = (fp) => source.type === "IndexRange" && source.range.some(({ type, fieldPath }) => type === "Eq" && fieldPath === fp);
            const compared = fieldPathsToSortBy.filter((fp) => !isEqual(fp));
            const keyed = results.map((doc) => ({ doc, keys: compared.map((fp) => evaluateFieldPath(fp, doc)) }));
            keyed.sort((a, b) => {
                for (let i = 0; i < compared.length; i++) {
                    const v = compareQuickly(a.keys[i], b.keys[i]);
                    if (v !== 0) return v * orderMultiplier;
                }
                return 0;
            });
            for (let i = 0; i < keyed.length; i++) results[i] = keyed[i].doc;
        }\n`,
  ],
  [
    "function evaluateFieldPath(fieldPath, document) {\n",
    `function evaluateFieldPath(fieldPath, document) {
    if (!fieldPath.includes(".")) {
        const field = document[fieldPath];
        return typeof field === "object" && field !== null ? resolvePendingValues(field) : field;
    }\n`,
  ],
  // Converts each row to JSON, and measures it, only once.
  [
    "                tracker?.trackRead(getDocumentSize(doc));\n            }\n            return doc;\n",
    "                tracker?.trackRead(sizeOfRow(doc));\n            }\n            return doc;\n",
  ],
  [
    "                const doc = getAndTrack(table, id);\n                return JSON.stringify(convexToJson(doc));\n",
    "                const doc = getAndTrack(table, id);\n                return jsonOfRow(doc);\n",
  ],
  [
    "                    tracker?.trackRead(getDocumentSize(value));\n                }\n                return JSON.stringify(convexToJson({ value, done }));\n",
    '                    tracker?.trackRead(sizeOfRow(value));\n                }\n                return `{"value":${jsonOfRow(value)},"done":${done}}`;\n',
  ],
  [
    "    const args = JSON.parse(func.exportArgs());\n",
    "    const known = signaturesOfFunctions.get(func);\n    if (known !== undefined) return { func, functionPath, handler, ...known };\n    const args = JSON.parse(func.exportArgs());\n",
  ],
  [
    "    const returns = JSON.parse(func.exportReturns());\n",
    "    const returns = JSON.parse(func.exportReturns());\n    signaturesOfFunctions.set(func, { returns, args });\n",
  ],
  // Leaves a row without the searched field out of the index, as a deployment does. Unchanged, convex-test throws.
  [
    "            const documentWords = result\n",
    '            if (typeof result !== "string") return false;\n            const documentWords = result\n',
  ],
  // Reads a global directly if no handler has replaced it.
  [
    "        const get = () => {\n            const store = globalOverridesStorage.getStore();\n",
    "        const get = () => {\n            const store = REPLACED.has(key) ? globalOverridesStorage.getStore() : undefined;\n",
  ],
  [
    "            if (store) {\n                store[key] = value;\n",
    "            if (store) {\n                REPLACED.add(key);\n                store[key] = value;\n",
  ],
  [
    "function installGlobalProxies() {\n",
    "const REPLACED = new Set(Object.keys(transactionGlobalOverrides()));\nfunction installGlobalProxies() {\n",
  ],
];

function changed(code: string): string {
  return CHANGES.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`convex-test no longer contains: ${from}`);
    return text.replace(from, () => to);
  }, code);
}

/** Makes the time of a query in convex-test depend on the rows that may match it, instead of on all rows. */
export function fasterConvexTest(): Plugin {
  return {
    name: "faster-convex-test",
    transform: (code, id) =>
      /\/convex-test\/dist\/index\.js$/.test(id) ? { code: changed(code), map: null } : undefined,
  };
}
