import { jsonToConvex, type JSONValue } from "convex/values";
import { jsonValue, parseJson } from "../values/json.ts";
import { SearchWrites } from "../search/searchWrites.ts";
import { tableNumberOf } from "../values/ids.ts";
import { StartError } from "../failures.ts";
import type { Statements } from "./database.ts";
import { indexOf } from "./indexes.ts";
import type { TableIndex } from "./tableIndex.ts";
import { ownFields, type Document } from "./fields.ts";
import { undeclaredTable, type IndexDefinition, type Schema, type TableSchema } from "./schema.ts";
import { validate, validatorText } from "../values/validate.ts";

/** One table of one component: its number in ids, its schema, its indexes. */
export interface Table {
  component: string;
  name: string;
  number: number;
  schema: TableSchema;
  indexes: Map<string, TableIndex>;
}

/** Numbers below are Convex's own tables; with these, an id has 32 characters. */
const FIRST_TABLE_NUMBER = 10001;

/**
 * The tables and indexes that exist. On start, compares the schema with the file: builds new and changed
 * indexes, drops removed ones and keeps the others.
 */
export class Catalog {
  /** What text indexes still have to write. */
  readonly searchWrites: SearchWrites;
  readonly #sql: Statements;
  readonly #schemas: Map<string, Schema>;
  readonly #byName = new Map<string, Table>();
  readonly #byNumber = new Map<number, Table>();

  constructor(sql: Statements, schemas: Map<string, Schema>) {
    this.searchWrites = new SearchWrites(sql);
    this.#sql = sql;
    this.#schemas = schemas;
  }

  /** Updates the file to match the schema, in one transaction; returns the rebuilt indexes. */
  sync(): string[] {
    const rebuilt: string[] = [];
    this.#sql.run("BEGIN IMMEDIATE");
    try {
      this.#load();
      for (const [component, schema] of this.#schemas)
        for (const name of schema.keys()) this.table(component, name);
      for (const table of this.#byNumber.values()) rebuilt.push(...this.#syncIndexes(table));
      this.#sql.run("COMMIT");
    } catch (error) {
      this.#sql.run("ROLLBACK");
      throw error;
    }
    return rebuilt;
  }

  #load(): void {
    this.#byName.clear();
    this.#byNumber.clear();
    const rows = this.#sql.all<{ number: number; component: string; name: string }>(
      "SELECT number, component, name FROM tables",
    );
    for (const row of rows) this.#add(row);
  }

  /** Discards tables that a rolled-back transaction created. */
  reload(): void {
    this.#load();
    for (const table of this.#byNumber.values()) this.#syncIndexes(table);
  }

  #add(row: { number: number; component: string; name: string }): Table {
    const schema = this.#schemas.get(row.component)?.get(row.name) ?? undeclaredTable();
    const table: Table = { ...row, schema, indexes: new Map() };
    this.#byName.set(`${row.component}:${row.name}`, table);
    this.#byNumber.set(row.number, table);
    return table;
  }

  /** Number of tables, including those that an open transaction created. */
  get size(): number {
    return this.#byNumber.size;
  }

  /** Returns the table with this name, or undefined if it was never declared or written. */
  find(component: string, name: string): Table | undefined {
    return this.#byName.get(`${component}:${name}`);
  }

  /** Returns the table with this name; creates it if necessary. */
  table(component: string, name: string): Table {
    const known = this.find(component, name);
    if (known !== undefined) return known;
    const { last } = this.#sql.one<{ last: number | null }>(
      "SELECT max(number) AS last FROM tables",
    ) ?? { last: null };
    const number = last === null ? FIRST_TABLE_NUMBER : last + 1;
    this.#sql.run(
      "INSERT INTO tables (number, component, name) VALUES (?, ?, ?)",
      number,
      component,
      name,
    );
    const table = this.#add({ number, component, name });
    this.#syncIndexes(table);
    return table;
  }

  /** Returns the table of an id, if the id is valid and the component owns the table. */
  tableOfId(component: string, id: string): Table | undefined {
    const number = tableNumberOf(id);
    const table = number === null ? undefined : this.#byNumber.get(number);
    return table?.component === component ? table : undefined;
  }

  indexesOf(tableNumber: number): TableIndex[] {
    return [...(this.#byNumber.get(tableNumber)?.indexes.values() ?? [])];
  }

  #syncIndexes(table: Table): string[] {
    const stored = new Map(
      this.#sql
        .all<{ number: number; name: string; definition: string }>(
          "SELECT number, name, definition FROM indexes WHERE table_number = ?",
          table.number,
        )
        .map((row) => [row.name, row]),
    );
    const wanted = table.schema.indexes;
    for (const row of stored.values())
      if (JSON.stringify(wanted.get(row.name)) !== row.definition) {
        this.#drop(table, row.number, parseJson<IndexDefinition>(row.definition));
        stored.delete(row.name);
      }
    const created: TableIndex[] = [];
    for (const [name, definition] of wanted) {
      const number = stored.get(name)?.number ?? this.#create(table, name, definition);
      const index = this.#indexOf(table, number, definition);
      table.indexes.set(name, index);
      if (!stored.has(name)) created.push(index);
    }
    if (created.length === 0 || !this.#hasDocuments(table)) return [];
    this.#build(table, created);
    return created.map((index) => `${table.name} #${index.number}`);
  }

  #create(table: Table, name: string, definition: IndexDefinition): number {
    const { lastInsertRowid } = this.#sql.run(
      "INSERT INTO indexes (table_number, name, definition) VALUES (?, ?, ?)",
      table.number,
      name,
      JSON.stringify(definition),
    );
    const index = this.#indexOf(table, Number(lastInsertRowid), definition);
    index.create();
    return index.number;
  }

  #indexOf(table: Table, number: number, definition: IndexDefinition): TableIndex {
    const stores = { sql: this.#sql, searchWrites: this.searchWrites };
    return indexOf(stores, table.number, number, definition);
  }

  #drop(table: Table, number: number, definition: IndexDefinition): void {
    this.#indexOf(table, number, definition).drop();
    this.#sql.run("DELETE FROM indexes WHERE number = ?", number);
  }

  #hasDocuments(table: Table): boolean {
    return (
      this.#sql.one("SELECT 1 FROM documents WHERE table_number = ? LIMIT 1", table.number) !==
      undefined
    );
  }

  #build(table: Table, indexes: TableIndex[]): void {
    // Reads in batches, because an open read statement would lock the connection that writes use.
    for (let last = 0; ;) {
      const rows = this.#sql.all<{ seq: number; json: string }>(
        "SELECT seq, json FROM documents WHERE table_number = ? AND seq > ? ORDER BY seq LIMIT 1000",
        table.number,
        last,
      );
      for (const { seq, json } of rows) {
        const document = jsonValue(json, parseJson(json)) as Document;
        for (const index of indexes) index.add(seq, document, 0);
        last = seq;
      }
      this.searchWrites.apply();
      this.searchWrites.ended();
      if (rows.length < 1000) return;
    }
  }

  /** Throws if stored documents do not match a changed validator, as a push would. */
  checkDocuments(): void {
    for (const table of this.#byNumber.values()) {
      const { validator } = table.schema;
      if (validator === null || validator.type === "any") continue;
      const name = `schema:${table.component}:${table.name}`;
      const text = validatorText(validator);
      const seen = this.#sql.one<{ value: string }>("SELECT value FROM meta WHERE name = ?", name);
      if (seen?.value === text) continue;
      this.#checkTable(table, (document) => {
        validate(validator, document, table.name, (other, id) =>
          this.isIdOf(table.component, other, id),
        );
      });
      this.#sql.run("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", name, text);
    }
  }

  #checkTable(table: Table, check: (document: Document) => void): void {
    for (const { json, id } of this.#sql.iterate<{ json: string; id: string }>(
      "SELECT json, id FROM documents WHERE table_number = ?",
      table.number,
    )) {
      const fields = ownFields(parseJson<Record<string, JSONValue>>(json));
      try {
        check(jsonToConvex(fields) as Document);
      } catch (error) {
        throw new StartError(
          `The document ${id} of table "${table.name}" does not fit the schema: change the schema, or begin anew with --reset. ${String(error)}`,
        );
      }
    }
  }

  /** Whether a string is an id of this component's table. */
  isIdOf(component: string, table: string, id: string): boolean {
    return this.tableOfId(component, id)?.name === table;
  }
}
