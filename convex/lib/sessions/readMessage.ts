import { wellFormedJson } from "../json";
import { containsInOrder, isSameText, saysAll } from "./sameText";
import { plainText, type ReadPart, readPart, type StoredPart } from "./parts";

/** Reading a message: its parts and its `textContent` as one. Pure. */

/** A message as far as reading it needs it. */
export type ReadableMessage = {
  role: string;
  textContent?: string;
  parts?: readonly StoredPart[];
};

/**
 * What a message says, in order: its parts, and its `textContent` in front where the parts do not
 * already say it (most plugins send only one of the two, some send the same text in both). What is
 * read goes into Convex values, so all of it is well formed.
 */
export function readMessage(message: ReadableMessage): ReadPart[] {
  const parts: ReadPart[] = [];
  for (const part of message.parts ?? [])
    parts.push(...readPart(part).map((one) => wellFormedJson(one)));
  const spoken = parts.filter((part) => !isEmptyProse(part));
  const written = splitThinking(message.role, message.textContent ?? "");
  return written.filter((part) => !isSaid(part, spoken)).concat(spoken);
}

/** Only the prose of a message (no thinking, no tools), paragraphs apart by an empty line. */
export function messageProse(message: ReadableMessage): string {
  return readMessage(message)
    .map((part) => (part.kind === "text" ? part.text : ""))
    .filter((text) => text !== "")
    .join("\n\n");
}

/** Pi puts an assistant's thinking in front of its text, in one string. */
function splitThinking(role: string, textContent: string): ReadPart[] {
  const match =
    role === "assistant" ? /^<thinking>([\s\S]*?)<\/thinking>\s*/.exec(textContent) : null;
  const prose = match === null ? textContent : textContent.slice(match[0].length);
  const parts: ReadPart[] = [];
  if (match !== null) parts.push({ kind: "thinking", text: match[1] ?? "" });
  parts.push({ kind: "text", text: prose });
  return parts.filter((part) => !isEmptyProse(part));
}

/** Whether the parts already say what this piece of `textContent` says. */
function isSaid(piece: ReadPart, parts: readonly ReadPart[]): boolean {
  if (piece.kind !== "text" && piece.kind !== "thinking") return false;
  const same = parts.filter((part) => part.kind === piece.kind).map(proseOf);
  if (saysAll(same, piece.text)) return true;
  if (piece.kind === "thinking") return same.length > 0;
  if (same.length > 0 && containsInOrder(piece.text, same)) return true;
  return parts.some(
    (part) => part.kind === "tool-result" && isSameText(plainText(part.output), piece.text),
  );
}

const proseOf = (part: ReadPart) =>
  part.kind === "text" || part.kind === "thinking" ? part.text : "";

const isEmptyProse = (part: ReadPart) =>
  (part.kind === "text" || part.kind === "thinking") && part.text.trim() === "";
