import { convexToJson, getDocumentSize, type JSONValue, type Value } from "convex/values";
import type { Catalog, Table } from "../store/catalog.ts";
import { toDocument, type Documents, type NewVersion } from "../store/documents.ts";
import type { Document } from "../store/fields.ts";
import { BUILT_IN_INDEXES } from "../store/schema.ts";
import type { StoredDocument } from "../store/storedDocument.ts";
import { jsonValue, parseJson, type JsonObject } from "../values/json.ts";
import { afterKey, encodeKey } from "../values/keys.ts";
import { checkDocument } from "../values/limits.ts";
import { validate } from "../values/validate.ts";
import type { Transaction } from "./transaction.ts";

/** The tables that a function writes: those of its component, in its transaction. */
interface WriteTarget {
  catalog: Catalog;
  documents: Documents;
  component: string;
  transaction: Transaction;
}

interface SystemFields {
  _id: string;
  _creationTime: number;
}

/** Replaces `ctx.db.vars.commitTs` by the transaction's timestamp, which is known because transactions are serial. */
function resolveCommitTs(json: JSONValue, timestamp: bigint): JSONValue {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map((element) => resolveCommitTs(element, timestamp));
  if ("$commitTs" in json) return convexToJson(timestamp);
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, resolveCommitTs(value, timestamp)]),
  );
}

/** A document's own fields and their JSON text. The value is not used afterwards. */
interface Fields {
  value: JSONValue;
  json: string;
}

const printed = (value: JsonObject): Fields => ({ value, json: JSON.stringify(value) });

/** Whether a value is an object without system fields. */
function hasOnlyOwn(value: JSONValue): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !("_id" in value || "_creationTime" in value);
}

/** Adds the system fields to the JSON text of a document. */
function withSystem(json: string, { _id, _creationTime }: SystemFields): string {
  const own = json.slice(0, -1);
  return `${own}${own === "{" ? "" : ","}"_id":"${_id}","_creationTime":${_creationTime}}`;
}

function prepare(
  target: WriteTarget,
  table: Table,
  fields: Fields,
  system: SystemFields,
): NewVersion {
  if (fields.json.includes("$commitTs")) {
    const value = resolveCommitTs(fields.value, target.transaction.timestamp);
    fields = { value, json: JSON.stringify(value) };
  }
  const value = jsonValue(fields.json, fields.value) as Record<string, Value>;
  const size = checkDocument(table.name, value, system._id);
  const { validator } = table.schema;
  if (validator !== null)
    validate(
      validator,
      value,
      `Failed to insert or update a document in table "${table.name}" because it does not match the schema`,
      (other, id) => target.catalog.isIdOf(target.component, other, id),
    );
  target.transaction.account.spend({ documentsWritten: 1, bytesWritten: size });
  const document = Object.assign(value, system);
  return { json: withSystem(fields.json, system), document, size };
}

/** Counts a written document and its index entries, as billed and for the write window. */
function countWrite(target: WriteTarget, table: Table, size: number, entryBytes: number): void {
  const declared = table.indexes.size - BUILT_IN_INDEXES;
  target.transaction.account.countIndexes({
    indexBytesWritten: size * declared,
    windowBytes: size + entryBytes,
  });
}

function update(target: WriteTarget, { table, stored, parsed }: Found, version: NewVersion): void {
  const old = { seq: stored.seq, before: jsonValue(stored.json, parsed) as Document };
  countWrite(target, table, version.size, target.documents.update(table, old, version));
}

/** Stores a new document; returns its id. */
export function insert(target: WriteTarget, tableName: string, fields: Fields): string {
  const table = target.catalog.table(target.component, tableName);
  const system = target.documents.identify(table);
  const own = hasOnlyOwn(fields.value) ? fields : printed(withoutSystem(fields.value, null));
  const version = prepare(target, table, own, system);
  countWrite(target, table, version.size, target.documents.insert(table, system._id, version));
  return system._id;
}

/** Removes `_id` and `_creationTime`, which may be sent but not changed. */
function withoutSystem(fields: JSONValue, current: SystemFields | null): JsonObject {
  const { _id, _creationTime, ...rest } = fields as JsonObject;
  if (_id !== undefined && _id !== current?._id)
    throw new Error(
      `Provided \`_id\` field value "${JSON.stringify(_id)}" does not match the document ID`,
    );
  if (_creationTime !== undefined && _creationTime !== current?._creationTime)
    throw new Error(
      `Provided \`_creationTime\` field value does not match the document's creation time`,
    );
  return rest;
}

interface Found {
  table: Table;
  stored: StoredDocument;
  /** The document's JSON, parsed. */
  parsed: JsonObject & SystemFields;
}

/** Finds the document with this id; checks the table's name if given. */
export function locate(
  target: WriteTarget,
  id: string,
  tableName: string | undefined,
  operation: string,
): { table: Table; stored: StoredDocument | undefined } {
  const table = target.catalog.tableOfId(target.component, id);
  if (table === undefined)
    throw new Error(
      `Invalid argument \`id\` for \`db.${operation}\`: Unable to decode ID: ${JSON.stringify(id)}`,
    );
  if (tableName !== undefined && table.name !== tableName)
    throw new Error(
      `Invalid argument \`id\` for \`db.${operation}\`, expected ID in table '${tableName}' but got ID in table '${table.name}'`,
    );
  target.transaction.account.spend({ databaseQueries: 1 });
  observeDocument(target, table, id);
  const stored = target.documents.get(id);
  if (stored) target.transaction.account.spend({ documentsRead: 1, bytesRead: stored.size });
  return { table, stored };
}

/** Records that a subscribed query has read a document by its id, whether it exists or not. */
export function observeDocument(
  { transaction }: Pick<WriteTarget, "transaction">,
  table: Table,
  id: string,
): void {
  const index = table.indexes.get("by_id");
  const lower = transaction.observed === null ? null : encodeKey([id]);
  if (index !== undefined && lower !== null)
    transaction.observed?.reads.addRange(index.number, { lower, upper: afterKey(lower) });
}

function existing(
  target: WriteTarget,
  id: string,
  tableName: string | undefined,
  operation: string,
): Found {
  const { table, stored } = locate(target, id, tableName, operation);
  if (table.name.startsWith("_"))
    throw new Error("System tables (prefixed with `_`) are read-only.");
  if (stored === undefined)
    throw new Error(`${capitalized(operation)} on nonexistent document ID ${id}`);
  return { table, stored, parsed: parseJson<JsonObject & SystemFields>(stored.json) };
}

function capitalized(word: string): string {
  return word[0]?.toUpperCase() + word.slice(1);
}

function isUndefined(value: JSONValue): boolean {
  return typeof value === "object" && value !== null && "$undefined" in value;
}

/** Merges fields into a document; `{"$undefined": null}` removes a field. */
export function patch(
  target: WriteTarget,
  id: string,
  tableName: string | undefined,
  value: JSONValue,
): void {
  const found = existing(target, id, tableName, "patch");
  const { _id, _creationTime, ...fields } = found.parsed;
  const system = { _id, _creationTime };
  const merged: JsonObject = Object.assign({}, fields, withoutSystem(value, system));
  const kept = Object.fromEntries(
    Object.entries(merged).filter(([, field]) => !isUndefined(field)),
  );
  update(target, found, prepare(target, found.table, printed(kept), system));
}

export function replace(
  target: WriteTarget,
  id: string,
  tableName: string | undefined,
  value: JSONValue,
): void {
  const found = existing(target, id, tableName, "replace");
  const { _id, _creationTime } = found.parsed;
  const system = { _id, _creationTime };
  const own = printed(withoutSystem(value, system));
  update(target, found, prepare(target, found.table, own, system));
}

export function remove(target: WriteTarget, id: string, tableName: string | undefined): void {
  const { table, stored } = existing(target, id, tableName, "delete");
  target.transaction.account.spend({ documentsWritten: 1 });
  target.documents.remove(table, stored);
}

function asVersion(document: Document): NewVersion {
  const json = JSON.stringify(convexToJson(document));
  return { json, document, size: getDocumentSize(document) };
}

/** Writes a row of a system table, for jobs and files; functions may not. */
export function writeSystem(
  target: Pick<WriteTarget, "catalog" | "documents" | "component">,
  tableName: string,
  document: Document,
): string {
  const table = target.catalog.table(target.component, tableName);
  const system = target.documents.identify(table);
  target.documents.insert(table, system._id, asVersion({ ...document, ...system }));
  return system._id;
}

/** Changes fields of a row of a system table; does nothing if the row does not exist. */
export function patchSystem(
  target: Pick<WriteTarget, "catalog" | "documents" | "component">,
  id: string,
  changes: Document,
): void {
  const table = target.catalog.tableOfId(target.component, id);
  const stored = target.documents.get(id);
  if (table === undefined || stored === undefined) return;
  const before = toDocument(stored.json);
  const version = asVersion({ ...before, ...changes });
  target.documents.update(table, { seq: stored.seq, before }, version);
}
