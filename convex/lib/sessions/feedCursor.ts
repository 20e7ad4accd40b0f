import { readCursor, writeCursor } from "../cursor";
import { fnv1a } from "../hash";

/**
 * The cursor of a feed of changes. Changes are in order of their time, but a change may be committed after a
 * later one: its time is that of the start of its transaction. So everything up to `at` has been read, and
 * `seen` names what was read after it, in the seconds in which an earlier change may still appear. Pure.
 */
export type FeedCursor = {
  at: FeedPosition;
  seen: ReadonlySet<string>;
  /** Which deletion of all data came before, ms: after another one, everything is read again. */
  epoch: number;
};

/** A place in the order of changes: their time, then that of the row's creation. */
export type FeedPosition = { time: number; creationTime: number };

/** The time of a session that has not changed since changes are recorded. */
export const NEVER_CHANGED = -1;

/** Before the first change. */
export const FEED_START: FeedPosition = { time: NEVER_CHANGED, creationTime: -1 };

/** Whether a position comes after another. */
export function isAfter(a: FeedPosition, b: FeedPosition): boolean {
  return a.time > b.time || (a.time === b.time && a.creationTime > b.creationTime);
}

/** A name for one change of one session, short enough that a cursor holds hundreds. */
export function changeToken(id: string, time: number): string {
  return fnv1a(`${id} ${time}`).toString(36);
}

/** Encodes a cursor. */
export function writeFeedCursor({ at, seen, epoch }: FeedCursor): string {
  return writeCursor([at.time, at.creationTime, epoch, Array.from(seen).join(" ")]);
}

/** Decodes a cursor; undefined if it is none. */
export function readFeedCursor(text: string): FeedCursor | undefined {
  const values = readCursor(text, ["number", "number", "number", "string"]);
  if (values === undefined) return undefined;
  const [time, creationTime, epoch, seen] = values;
  const tokens = seen.split(" ").filter((token) => token !== "");
  return { at: { time, creationTime }, seen: new Set(tokens), epoch };
}
