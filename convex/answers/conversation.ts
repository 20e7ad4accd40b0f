import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { readMessage } from "../lib/sessions/readMessage";
import { type JoinedPart } from "../lib/sessions/partRows";
import { parseParts, type StoredPart } from "../lib/sessions/parts";
import { joinPortion, type Portion } from "../lib/sessions/portions";
import { prefixBytes, utf8Length } from "../lib/text";
import type { Caller } from "../wire/caller";

/** The start of a page of a conversation: a cursor, or a message. */
export type PageStart = { cursor?: string; messageId?: string };

/** The most bytes of a text or a part that a page examines; no page shows more. */
const SHOWN_MAX_BYTES = 256 * 1024;

/** Returns a page of one of the caller's sessions, with its messages interpreted. */
export async function conversationPage(
  ctx: ActionCtx,
  caller: Caller,
  id: string,
  start: PageStart,
) {
  const found = await ctx.runQuery(internal.sessions.reading, { caller, id, ...start });
  return { ...found, messages: found.messages.map(interpretMessage) };
}

type Message = {
  id: string;
  role: string;
  textContent?: string;
  parts: JoinedPart[];
} & Portion;

/** Interprets a stored message, or the beginning of a long one. Very long texts and parts are cut. */
export function interpretMessage<Stored extends Message>(stored: Stored) {
  const { parts, textContent, ...message } = joinPortion(stored);
  const text = textContent === undefined ? undefined : prefixBytes(textContent, SHOWN_MAX_BYTES);
  const read = readMessage({ role: message.role, textContent: text, parts: storedParts(parts) });
  return { ...message, parts: read };
}

/** Whether a message has a text or a part that is longer than what is examined of it. */
export function isShownInPart({ textContent = "", parts }: Message): boolean {
  return [textContent, ...parts.map(({ content }) => content)].some(
    (one) => utf8Length(one) > SHOWN_MAX_BYTES,
  );
}

/** Parses parts, except those so long that only their start is shown, as text. */
function storedParts(parts: readonly JoinedPart[]): StoredPart[] {
  return parts.flatMap((part) => {
    if (part.content.length <= SHOWN_MAX_BYTES) return parseParts([part]);
    if (part.format === "packed") return parseParts([part]);
    return [{ type: part.type, content: prefixBytes(part.content, SHOWN_MAX_BYTES) }];
  });
}
