import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { plainText, type ReadPart } from "../lib/sessions/parts";
import { fileLabel } from "../lib/sessions/files";
import type { Role } from "../lib/enums";
import { maskText } from "../lib/secrets/scan";
import type { SessionAnswer } from "../wire/answers";
import type { Caller } from "../wire/caller";
import { interpretMessage, isShownInPart } from "./conversation";

/** Which messages of a session: around one, behind one, before one, from the beginning or the end. */
type Place = { around?: string; after?: string; before?: string; last?: boolean };

/** A message as a model reads it: prose, calls and output as one text, secrets masked. */
export type ReadMessage = {
  id: string;
  role: string;
  createdAt: number;
  parts: readonly ReadPart[];
  text: string;
  /** Whether it has more than was read of it. */
  isCut: boolean;
};

/**
 * Messages of a session in order, and the messages from which to read on before and after them;
 * undefined if the conversation begins or ends there.
 */
export type ExcerptAnswer = {
  session: SessionAnswer;
  messages: ReadMessage[];
  before?: string;
  after?: string;
};

/** Some messages of one of the caller's sessions. */
export async function excerptOf(
  ctx: ActionCtx,
  caller: Caller,
  input: Place & { id: string; role?: Role; limit: number },
): Promise<ExcerptAnswer> {
  const found = await ctx.runQuery(internal.sessions.excerpt, { caller, ...input });
  return { ...found, messages: found.messages.map(readMessage) };
}

type Found = Parameters<typeof interpretMessage>[0] & { createdAt: number; isCut?: true };

function readMessage(message: Found): ReadMessage {
  const { id, role, createdAt, parts } = interpretMessage(message);
  const text = parts
    .map(partText)
    .filter((one) => one !== "")
    .join("\n");
  const isCut = message.isCut === true || isShownInPart(message);
  return { id, role, createdAt, parts, text: maskText(text), isCut };
}

/** A part as text. What a model thought is left out: it is long, and what came of it follows. */
function partText(part: ReadPart): string {
  switch (part.kind) {
    case "text":
      return part.text.trim();
    case "thinking":
      return "";
    case "tool-call":
      return `→ ${part.name} ${plainText(part.args)}`.trim();
    case "tool-result":
      return `← ${part.isError ? "(failed) " : ""}${plainText(part.output)}`.trim();
    case "file":
      return fileLabel(part.file);
    case "other":
      return `(${part.type}) ${plainText(part.content)}`.trim();
  }
}
