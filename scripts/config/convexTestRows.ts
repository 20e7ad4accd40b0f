import {
  compareValues,
  convexToJson,
  getDocumentSize,
  type GenericId,
  type Value,
} from "convex/values";

/** Code that `fasterConvexTest` adds to convex-test: an index of its rows, and caches of their JSON and sizes. */

type Row = { [field: string]: Value };
type Id = GenericId<string>;
/** A bound of an index range, with its value evaluated. */
type Bound = { type: string; fieldPath: string; value: Value | undefined };
type EqualText = Bound & { value: string };
/** Ids of rows by the texts in some of their fields. */
type IdsByTexts = { fields: readonly string[]; ids: Map<string, Set<Id>> };
type Table = { ids: Set<Id>; byFields: Map<string, IdsByTexts> };

/** Returns the table name in an id, where it follows a number; null if the text is not an id. */
export function tableNameFromId(id: string): string | null {
  let at = 0;
  while (id.charCodeAt(at) >= 0x30 && id.charCodeAt(at) <= 0x39) at += 1;
  return at === 0 || at === id.length ? null : id.slice(at);
}

/** Returns the leading bounds of a range that require a field to equal a text. */
export function equalTexts(range: readonly Bound[]): readonly EqualText[] {
  const isEqualText = (bound: Bound): bound is EqualText =>
    bound.type === "Eq" && typeof bound.value === "string" && !bound.fieldPath.includes(".");
  const other = range.findIndex((bound) => !isEqualText(bound));
  return range.slice(0, other < 0 ? undefined : other).filter(isEqualText);
}

/** Finds the ids of rows by table, and by the texts in the fields that queries compare. */
export class RowIndex {
  readonly #tables = new Map<string | null, Table>();
  readonly #rowOf: (id: Id) => Row | null | undefined;

  /** `rowOf` must return the latest version of a row. */
  constructor(rowOf: (id: Id) => Row | null | undefined) {
    this.#rowOf = rowOf;
  }

  /** Indexes the next version of a row; null if it is deleted. Call it while `rowOf` still returns the previous one. */
  set(id: Id, next: Row | null): void {
    const name = tableNameFromId(id);
    const table = this.#tables.get(name) ?? { ids: new Set(), byFields: new Map() };
    this.#tables.set(name, table);
    table.ids.add(id);
    this.#move(table, id, next);
  }

  /** Removes a row. Call it while `rowOf` still returns the row. */
  delete(id: Id): void {
    const table = this.#tables.get(tableNameFromId(id));
    if (table === undefined) return;
    table.ids.delete(id);
    this.#move(table, id, null);
  }

  /** Returns the ids of all rows whose fields have these texts, and possibly ids of other rows. */
  candidates(name: string, equal: readonly EqualText[]): Iterable<Id> {
    const table = this.#tables.get(name);
    if (table === undefined || equal.length === 0) return table?.ids ?? [];
    const fields = equal.map(({ fieldPath }) => fieldPath);
    const shape = fields.join();
    let found = table.byFields.get(shape);
    if (found === undefined) {
      found = { fields, ids: new Map() };
      for (const id of table.ids) addTo(found.ids, keyOf(this.#rowOf(id), fields), id);
      table.byFields.set(shape, found);
    }
    return found.ids.get(equal.map(({ value }) => value).join("\n")) ?? [];
  }

  #move(table: Table, id: Id, next: Row | null): void {
    const before = this.#rowOf(id);
    for (const { fields, ids } of table.byFields.values()) {
      const from = keyOf(before, fields);
      const to = keyOf(next, fields);
      if (from === to) continue;
      if (from !== undefined) ids.get(from)?.delete(id);
      addTo(ids, to, id);
    }
  }
}

/** Joins the texts of these fields; undefined if one is not a text. Different texts may give the same key. */
function keyOf(row: Row | null | undefined, fields: readonly string[]): string | undefined {
  const texts = fields.map((field) => row?.[field]);
  return texts.every((text) => typeof text === "string") ? texts.join("\n") : undefined;
}

function addTo(ids: IdsByTexts["ids"], key: string | undefined, id: Id): void {
  if (key === undefined) return;
  const some = ids.get(key);
  if (some === undefined) ids.set(key, new Set([id]));
  else some.add(id);
}

/** Compares like `compareValues`, but creates no objects for two numbers or two equal texts. */
export function compareQuickly(a: Value | undefined, b: Value | undefined): number {
  if (typeof a === "string" && a === b) return 0;
  // `compareValues` decides about zeros and NaN: Convex distinguishes 0 from -0, and orders NaN.
  if (typeof a === "number" && typeof b === "number" && a !== 0 && b !== 0) {
    if (a === b) return 0;
    if (a < b) return -1;
    if (a > b) return 1;
  }
  return compareValues(a, b);
}

const jsonOfRows = new WeakMap<Row, string>();
const sizesOfRows = new WeakMap<Row, number>();

/** Returns the JSON of a row. Cached by object, because each new version of a row is a new object. */
export function jsonOfRow(row: Row | null): string {
  if (row === null) return "null";
  let json = jsonOfRows.get(row);
  if (json === undefined) jsonOfRows.set(row, (json = JSON.stringify(convexToJson(row))));
  return json;
}

/** Returns the size of a row in bytes, as Convex counts it. Cached like its JSON. */
export function sizeOfRow(row: Row): number {
  let size = sizesOfRows.get(row);
  if (size === undefined) sizesOfRows.set(row, (size = getDocumentSize(row)));
  return size;
}
