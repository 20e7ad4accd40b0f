import { fnv1a } from "../hash";

/** Digits of base 36 of a time; nine reach the year 5188. */
const TIME_WIDTH = 9;

/**
 * A string that sorts a session's messages as the conversation went: by source time, then by
 * arrival, then by place in the request. The hash of the plugin's id makes it unique within the
 * session, so that a page can end between any two messages.
 */
export function orderKey(at: {
  createdAt: number;
  receivedAt: number;
  index: number;
  externalId: string;
}): string {
  return (
    base36(at.createdAt, TIME_WIDTH) +
    base36(at.receivedAt, TIME_WIDTH) +
    base36(at.index, 4) +
    base36(fnv1a(at.externalId), 7)
  );
}

/** Sorts before all messages of this moment, and behind those before it. */
export function orderKeyFrom(createdAt: number): string {
  return base36(createdAt, TIME_WIDTH);
}

/** The source time in an order key, in whole milliseconds. */
export function timeOf(key: string): number {
  return parseInt(key.slice(0, TIME_WIDTH), 36);
}

/** Fixed width, so that text order is number order. */
function base36(value: number, width: number): string {
  return Math.max(0, Math.floor(value)).toString(36).padStart(width, "0");
}
