import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { Statements } from "../store/database.ts";
import type { Catalog } from "../store/catalog.ts";
import type { Documents } from "../store/documents.ts";
import { asBuffer } from "../store/sqlite.ts";
import { writeSystem } from "../transaction/writes.ts";

interface StoredFile {
  bytes: Buffer;
  contentType: string | null;
}

interface Tables {
  sql: Statements;
  catalog: Catalog;
  documents: Documents;
}

const UPLOAD_VALID_MS = 60 * 60 * 1000;

/** File storage: bytes in a table of their own, a `_storage` row per file, and unguessable links. */
export class Files {
  readonly #tables: Tables;
  readonly #secret: string;
  readonly #clock: Clock;

  constructor(tables: Tables, secret: string, clock: Clock) {
    this.#clock = clock;
    this.#tables = tables;
    this.#secret = secret;
  }

  /** Stores bytes (inside a transaction); returns the storage id. */
  store(component: string, bytes: Buffer, contentType: string | null, sha256?: string): string {
    const digest = createHash("sha256").update(bytes);
    const hex = digest.copy().digest("hex");
    if (sha256 !== undefined && sha256 !== hex && sha256 !== digest.digest("base64"))
      throw new Error("The file does not have the SHA-256 that was announced");
    const id = writeSystem({ ...this.#tables, component }, "_storage", {
      sha256: hex,
      size: bytes.length,
      ...(contentType ? { contentType } : {}),
    });
    this.#tables.sql.run(
      "INSERT INTO files (id, content_type, bytes) VALUES (?, ?, ?)",
      id,
      contentType,
      bytes,
    );
    return id;
  }

  get(component: string, id: string): StoredFile | null {
    if (!this.#tables.catalog.isIdOf(component, "_storage", id)) return null;
    const row = this.#tables.sql.one<{ bytes: Uint8Array; contentType: string | null }>(
      "SELECT bytes, content_type AS contentType FROM files WHERE id = ?",
      id,
    );
    return row === undefined ? null : { ...row, bytes: asBuffer(row.bytes) };
  }

  has(component: string, id: string): boolean {
    return (
      this.#tables.catalog.isIdOf(component, "_storage", id) &&
      this.#tables.sql.one("SELECT 1 FROM files WHERE id = ?", id) !== undefined
    );
  }

  /** Deletes a file (inside a transaction); throws if it does not exist. */
  delete(component: string, id: string): void {
    const table = this.#tables.catalog.tableOfId(component, id);
    const stored = this.#tables.documents.get(id);
    if (table?.name !== "_storage" || stored === undefined)
      throw new Error(`storage id ${id} not found`);
    this.#tables.documents.remove(table, stored);
    this.#tables.sql.run("DELETE FROM files WHERE id = ?", id);
  }

  #sign(text: string): string {
    return createHmac("sha256", this.#secret).update(text).digest("base64url").slice(0, 32);
  }

  #isSigned(text: string, signature: string): boolean {
    const expected = Buffer.from(this.#sign(text));
    const given = Buffer.from(signature);
    return expected.length === given.length && timingSafeEqual(expected, given);
  }

  /** Returns a signed path with which anyone can read the file. */
  pathOf(component: string, id: string): string {
    return `/api/storage/${id}?signature=${this.#sign(`get:${component}:${id}`)}&component=${encodeURIComponent(component)}`;
  }

  /** Returns the file of a link from `pathOf`; null if the link is invalid. */
  fromLink(id: string, query: URLSearchParams): StoredFile | null {
    const component = query.get("component") ?? "";
    const isValid = this.#isSigned(`get:${component}:${id}`, query.get("signature") ?? "");
    return isValid ? this.get(component, id) : null;
  }

  uploadPath(component: string): string {
    const until = String(this.#clock.now() + UPLOAD_VALID_MS);
    const text = `upload:${component}:${until}`;
    return `/api/storage/upload?until=${until}&component=${encodeURIComponent(component)}&signature=${this.#sign(text)}`;
  }

  /** Returns the component of an upload link; null if the link is forged or expired. */
  uploadTarget(query: URLSearchParams): string | null {
    const until = query.get("until") ?? "";
    const component = query.get("component") ?? "";
    const isValid = this.#isSigned(`upload:${component}:${until}`, query.get("signature") ?? "");
    return isValid && Number(until) > this.#clock.now() ? component : null;
  }
}
