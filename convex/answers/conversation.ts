import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { readMessage } from "../lib/sessions/readMessage";
import { type JoinedPart } from "../lib/sessions/partRows";
import { parseParts, type StoredPart } from "../lib/sessions/parts";
import { prefixBytes } from "../lib/text";
import type { Caller } from "../wire/caller";

/** Where a page of a conversation begins: a cursor, or a message. */
export type Place = { cursor?: string; messageId?: string };

/** Bytes of a text and of a part that a page looks at; no page shows more of one. */
const SHOWN_MAX_BYTES = 256 * 1024;

/** A page of one of the caller's sessions, its messages as they are read. */
export async function conversationPage(ctx: ActionCtx, caller: Caller, id: string, place: Place) {
  const found = await ctx.runQuery(internal.sessions.reading, { caller, id, ...place });
  return { ...found, messages: found.messages.map(spoken) };
}

type Message = {
  id: string;
  role: string;
  textContent?: string;
  parts: JoinedPart[];
};

/** A message as it is read, with at most the beginning of what is very long. */
export function spoken<Stored extends Message>({ parts, textContent, ...message }: Stored) {
  const text = textContent === undefined ? undefined : prefixBytes(textContent, SHOWN_MAX_BYTES);
  const read = readMessage({ role: message.role, textContent: text, parts: storedParts(parts) });
  return { ...message, parts: read };
}

/** Parts are parsed unless they are so long that only their beginning is shown, as text. */
function storedParts(parts: readonly JoinedPart[]): StoredPart[] {
  return parts.flatMap((part) => {
    if (part.content.length <= SHOWN_MAX_BYTES) return parseParts([part]);
    if (part.format === "packed") return parseParts([part]);
    return [{ type: part.type, content: prefixBytes(part.content, SHOWN_MAX_BYTES) }];
  });
}
