/**
 * Recognises messages that a plugin and an import of the tool's own files both send, under
 * different ids. Plugins make up ids where hooks provide none: `<session>-user-<ms>`
 * (claude-code-sync), `<session>-user-<n>` and `<session>-assistant-<n>` (pi-opensync-plugin). Such
 * a message and one with the tool's own id are twins if they are close in time and have the same
 * text. Pure.
 */

/** The fields of a message by which twins are recognised. */
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

/** Sources whose plugin makes up ids, with the roles it does so for. A source may have any name: `constructor`, too. */
const MADE_UP_ROLES: ReadonlyMap<string, readonly string[]> = new Map([
  ["claude-code", ["user"]],
  ["pi", ["user", "assistant"]],
]);

/** The largest distance in time: a hook runs within seconds of its event, even on a busy machine. */
const WINDOW_MS = 10_000;
/** The largest distance of messages without text, which only differ by time. */
const WORDLESS_WINDOW_MS = 1_000;
/** The longest answer: pi stores an answer when it ends, but its plugin reports when it started. */
const ANSWER_MAX_MS = 10 * 60_000;

/** Whether a plugin made up this id. */
export function isMadeUp(sessionExternalId: string, externalId: string): boolean {
  if (!externalId.startsWith(`${sessionExternalId}-`)) return false;
  return /^(?:user|assistant)-\d{1,13}$/.test(externalId.slice(sessionExternalId.length + 1));
}

/**
 * Whose ids the messages of a session have that may have twins: made up by a plugin, the tool's own, or
 * both. Twins exist only where both do, so that plain syncs and imports look for none.
 */
export type IdOrigin = "made-up" | "tool" | "both";

/** The origin of this message's id; undefined if such messages have no twins. */
export function idOrigin(
  session: { externalId: string; source: string },
  { role = "", externalId }: TwinMessage,
): "made-up" | "tool" | undefined {
  if (!MADE_UP_ROLES.get(session.source)?.includes(role)) return undefined;
  return isMadeUp(session.externalId, externalId) ? "made-up" : "tool";
}

/**
 * The origin of a session's ids with one more message. Messages of version 1 may be of both; while they are counted
 * again (`foldedThrough`), their session seems to have none.
 */
export function withOrigin(
  session: { idOrigin?: IdOrigin; messageCount: number; foldedThrough?: number },
  origin: "made-up" | "tool",
): IdOrigin {
  const { idOrigin: known, messageCount, foldedThrough } = session;
  if (known === undefined) return messageCount > 0 || foldedThrough !== undefined ? "both" : origin;
  return known === origin ? known : "both";
}

/** The range of times in which the twin may be; null if a message of this kind has none. */
export function twinTimes(
  session: { externalId: string; source: string },
  message: TwinMessage,
): { from: number; to: number } | null {
  const { role = "", createdAt } = message;
  if (createdAt === undefined || !MADE_UP_ROLES.get(session.source)?.includes(role)) return null;
  const longest = role === "assistant" ? ANSWER_MAX_MS : 0;
  const began = beginningOf(message) ?? createdAt;
  const isOfPlugin = isMadeUp(session.externalId, message.externalId);
  return { from: began - WINDOW_MS, to: (isOfPlugin ? began + longest : began) + WINDOW_MS };
}

/** The twin of this message among these; undefined if there is none. */
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
  // Equal consecutive texts of one speaker are distinguished by time.
  return same.sort((a, b) => distance(a, message) - distance(b, message))[0];
}

/**
 * Whether a plugin repeats in less detail what an import has stored. Such a delivery replaces
 * nothing: claude-code-sync omits the ids of calls and all but the first text of an answer.
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

/** The number of characters that are compared. */
const COMPARED_CHARS = 500;

/** The start of the text, without the thinking that a plugin puts before it. */
function spoken({ textContent = "" }: TwinMessage): string {
  const text = textContent.replace(/^(?:<thinking>[\s\S]*?<\/thinking>\s*)+/, "");
  return text
    .slice(0, 2 * COMPARED_CHARS)
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, COMPARED_CHARS);
}
