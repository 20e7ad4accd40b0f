import type { Document } from "./fields.ts";
import type { IndexDefinition } from "./schema.ts";

/** Operations of every kind of index; each kind adds its own queries. */
export interface TableIndex {
  readonly number: number;
  readonly definition: IndexDefinition;
  create(): void;
  drop(): void;
  /** Adds a document's entry; returns the bytes it uses of the write window. */
  add(seq: number, document: Document, size: number): number;
  remove(seq: number, document: Document): void;
  /** Replaces a document's entry by that of its new version; returns bytes like `add`. */
  change(seq: number, before: Document, after: Document, size: number): number;
}
