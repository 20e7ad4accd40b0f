import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What the operations of a working day cost, as `npm run bench:capacity -- --measure` wrote it down. */

/** Medians of one operation; bytes count against the write window, index entries included. */
export type MeasuredCost = {
  /** Calls for each turn of a conversation; absent where the operation does not follow from one. */
  perTurn?: number;
  /** Milliseconds on the local engine. */
  actionMs?: number;
  functionMs: number;
  writes: number;
};

export const OPERATION_NAMES = [
  "hook",
  "refresh",
  "day",
  "embedding",
  "search",
  "reading",
  "slice",
] as const;
export type OperationName = (typeof OPERATION_NAMES)[number];

export type MeasuredCosts = { date: string; node: string } & {
  [name in OperationName]: MeasuredCost;
};

export const MEASURED_FILE = fileURLToPath(new URL("measured.json", import.meta.url));

/** Reads the file; the tests of this folder fail where an operation is missing in it. */
export function readMeasured(): MeasuredCosts {
  return JSON.parse(readFileSync(MEASURED_FILE, "utf8")) as MeasuredCosts;
}
