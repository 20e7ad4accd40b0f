import { fnv1a } from "../hash";

/**
 * A key that sorts a session's messages in conversation order: by source time, then by arrival,
 * then by position in the request. The hash of the plugin's id makes it unique within the session,
 * so that a page can end between any two messages.
 */
export function orderKey(at: {
  createdAt: number;
  receivedAt: number;
  index: number;
  externalId: string;
}): string {
  return (
    base36(at.createdAt, 9) +
    base36(at.receivedAt, 9) +
    base36(at.index, 4) +
    base36(fnv1a(at.externalId), 7)
  );
}

/** The smallest key of this time, which sorts after all earlier messages. */
export function orderKeyFrom(createdAt: number): string {
  return base36(createdAt, 9);
}

/** Pads to a fixed width, so that text order is number order (9 digits reach the year 5188). */
function base36(value: number, width: number): string {
  return Math.max(0, Math.floor(value)).toString(36).padStart(width, "0");
}
