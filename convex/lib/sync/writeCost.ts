import type { Load } from "./slices";

/**
 * Estimates what storing rows writes, as Convex counts it against a deployment's write window: each
 * document, and an entry in each of its table's indexes. Over-estimates on purpose: a text index
 * counts as a copy of the document, because the platform's own count is unknown. Pure.
 */

/**
 * Bytes of an index entry: ids of 32 characters, an order key, times, and the position of the
 * document.
 */
const INDEX_ENTRY_BYTES = 150;

/**
 * Ordered indexes per table, including the two that Convex maintains itself (by id, by creation
 * time). `writeCost.test.ts` fails when a table of `schema.ts` has more.
 */
export const INDEXES = { sessions: 17, messages: 4, parts: 3, searchTexts: 3 } as const;

/** Bytes of a document without its text: ids, order key, hash, numbers, field names. */
const ROW_BYTES = { sessions: 1_500, messages: 900, parts: 300, searchTexts: 200 } as const;
/** The document, and its copy in the table's text index. */
const COPIES = 2;

/** Bytes written for one row with this much text. */
export function rowBytes(table: keyof typeof INDEXES, textBytes: number): number {
  return COPIES * (ROW_BYTES[table] + textBytes) + INDEXES[table] * INDEX_ENTRY_BYTES;
}

/**
 * The most that one mutation of a sync writes. Small, so that most of the 4 MiB that a deployment
 * (S16) may write per second remains for others. Larger messages take several slices
 * (`messageSlices.ts`).
 */
export const SLICE: Load = { operations: 1_500, bytes: 768 * 1024 };

/** The share of the deployment's write window that one request may take on average. */
const WINDOW_SHARE = 3 / 8;
/** MiB per second that the smallest deployment class (S16, self-hosted) may write. */
const WINDOW_MIB = 4;

/**
 * The write window in bytes per second, from `WRITE_MIB_PER_SECOND`. Invalid values mean the
 * smallest.
 */
export function writeWindow(setting: string | undefined): number {
  const mib = Number(setting?.trim() || WINDOW_MIB);
  return (mib >= 1 ? mib : WINDOW_MIB) * 1024 * 1024;
}

/** How long to wait before the next slice, after one that wrote `bytes` and took `elapsedMs`. */
export function pauseAfter(bytes: number, elapsedMs: number, windowBytes: number): number {
  const seconds = bytes / (windowBytes * WINDOW_SHARE);
  return Math.max(0, Math.round(seconds * 1_000 - elapsedMs));
}
