/** A stored document: its JSON with the system fields, and its size as Convex measures it. */
export interface StoredDocument {
  seq: number;
  id: string;
  size: number;
  json: string;
}

/** A row of an ordered index with the document it points to. */
export interface IndexedDocument extends StoredDocument {
  key: Buffer;
}
