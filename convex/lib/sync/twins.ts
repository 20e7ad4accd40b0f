/**
 * Messages that a plugin and an import of the tool's own files both send, under different ids. Plugins
 * make up ids where hooks tell them none: `<session>-user-<ms>` (claude-code-sync), `<session>-user-<n>`
 * and `<session>-assistant-<n>` (pi-opensync-plugin). Such a message and one with the tool's own id are
 * one, if they are close in time and say the same. Pure.
 */

/** As much of a message as tells whether it is one with another. */
export type TwinMessage = {
  externalId: string;
  role?: string;
  textContent?: string;
  createdAt?: number;
  durationMs?: number;
  apiMessageId?: string;
  /** The id that a plugin made up for this message. */
  madeUpId?: string;
};

/** Tools whose plugin makes up ids, and for messages of which roles. */
const MADE_UP_ROLES: { readonly [source: string]: readonly string[] } = {
  "claude-code": ["user"],
  pi: ["user", "assistant"],
};

/** A hook runs within seconds of what it tells, also on a busy machine. */
const WINDOW_MS = 10_000;
/** Messages without text are told apart by their time alone. */
const WORDLESS_WINDOW_MS = 1_000;
/** An answer of pi is stored when it ends, and its plugin tells when it began. */
const ANSWER_MAX_MS = 10 * 60_000;

/** Whether a plugin made this id up. */
export function isMadeUp(sessionExternalId: string, externalId: string): boolean {
  if (!externalId.startsWith(`${sessionExternalId}-`)) return false;
  return /^(?:user|assistant)-\d{1,13}$/.test(externalId.slice(sessionExternalId.length + 1));
}

/** Times in which the other of the two may stand; null where a message of this kind has no other. */
export function twinTimes(
  session: { externalId: string; source: string },
  message: TwinMessage,
): { from: number; to: number } | null {
  const { role = "", createdAt } = message;
  if (createdAt === undefined || !MADE_UP_ROLES[session.source]?.includes(role)) return null;
  const longest = role === "assistant" ? ANSWER_MAX_MS : 0;
  const began = beginningOf(message) ?? createdAt;
  const isOfPlugin = isMadeUp(session.externalId, message.externalId);
  return { from: began - WINDOW_MS, to: (isOfPlugin ? began + longest : began) + WINDOW_MS };
}

/** The one of these messages that is the same as this one; undefined for none. */
export function twinOf<M extends TwinMessage>(
  sessionExternalId: string,
  message: TwinMessage,
  candidates: readonly M[],
): M | undefined {
  const isOfPlugin = isMadeUp(sessionExternalId, message.externalId);
  if (isOfPlugin) {
    const joined = candidates.find(({ madeUpId }) => madeUpId === message.externalId);
    if (joined !== undefined) return joined;
  }
  const same = candidates.filter(
    (one) =>
      one.madeUpId === undefined &&
      one.role === message.role &&
      isMadeUp(sessionExternalId, one.externalId) !== isOfPlugin &&
      spoken(one) === spoken(message) &&
      distance(one, message) <= (spoken(message) === "" ? WORDLESS_WINDOW_MS : WINDOW_MS),
  );
  // Who says the same twice in a row is told apart by time.
  return same.sort((a, b) => distance(a, message) - distance(b, message))[0];
}

/**
 * Whether a plugin tells again, in fewer words, what an import has stored: such a delivery replaces
 * nothing. claude-code-sync knows a call without its id, and of an answer only its first text.
 */
export function tellsLess(
  session: { externalId: string; source: string },
  stored: TwinMessage,
  message: TwinMessage,
): boolean {
  if (isMadeUp(session.externalId, message.externalId)) return stored.madeUpId !== undefined;
  if (session.source !== "claude-code" || message.role !== "assistant") return false;
  return stored.apiMessageId !== undefined && message.apiMessageId === undefined;
}

function beginningOf({ createdAt, durationMs = 0, role }: TwinMessage): number | undefined {
  return createdAt === undefined || role !== "assistant" ? createdAt : createdAt - durationMs;
}

function distance(a: TwinMessage, b: TwinMessage): number {
  return Math.abs((beginningOf(a) ?? 0) - (beginningOf(b) ?? 0));
}

/** Characters of a text that are compared. */
const COMPARED_CHARS = 500;

/** The beginning of what is said, without the thinking that a plugin puts in front. */
function spoken({ textContent = "" }: TwinMessage): string {
  const text = textContent.replace(/^(?:<thinking>[\s\S]*?<\/thinking>\s*)+/, "");
  return text
    .slice(0, 2 * COMPARED_CHARS)
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, COMPARED_CHARS);
}
