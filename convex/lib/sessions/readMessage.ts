import { wellFormedJson } from "../json";
import { containsInOrder, isSameText, containsText } from "./sameText";
import { isKnownWellFormed, plainText, type ReadPart, readPart, type StoredPart } from "./parts";

/** Reads the parts of a message and its `textContent` as one list. Pure. */

/** The fields of a message that are needed to read it. */
export type ReadableMessage = {
  role: string;
  textContent?: string;
  parts?: readonly StoredPart[];
};

/**
 * The content of a message, in order: its parts, preceded by its `textContent` unless the parts
 * repeat it (most plugins send only one of the two, some send the same text in both). The result is
 * well formed, because it goes into Convex values.
 */
export function readMessage(message: ReadableMessage): ReadPart[] {
  const parts: ReadPart[] = [];
  for (const part of message.parts ?? []) {
    const read = readPart(part);
    parts.push(...(isKnownWellFormed(part) ? read : read.map((one) => wellFormedJson(one))));
  }
  const nonEmpty = parts.filter((part) => !isEmptyProse(part));
  const ownParts = splitThinking(message.role, message.textContent ?? "");
  return ownParts.filter((part) => !isRepeated(part, nonEmpty)).concat(nonEmpty);
}

/** The prose of a message without thinking and tools; empty lines separate paragraphs. */
export function messageProse(message: ReadableMessage): string {
  return readMessage(message)
    .map((part) => (part.kind === "text" ? part.text : ""))
    .filter((text) => text !== "")
    .join("\n\n");
}

/** Splits off the thinking that Pi puts before an assistant's text, in one string. */
function splitThinking(role: string, textContent: string): ReadPart[] {
  const match =
    role === "assistant" ? /^<thinking>([\s\S]*?)<\/thinking>\s*/.exec(textContent) : null;
  const prose = match === null ? textContent : textContent.slice(match[0].length);
  const parts: ReadPart[] = [];
  if (match !== null) parts.push({ kind: "thinking", text: match[1] ?? "" });
  parts.push({ kind: "text", text: prose });
  return parts.filter((part) => !isEmptyProse(part));
}

/** Whether the parts repeat this part of `textContent`. */
function isRepeated(own: ReadPart, parts: readonly ReadPart[]): boolean {
  if (own.kind !== "text" && own.kind !== "thinking") return false;
  const same = parts.filter((part) => part.kind === own.kind).map(proseOf);
  if (containsText(same, own.text)) return true;
  if (own.kind === "thinking") return same.length > 0;
  if (same.length > 0 && containsInOrder(own.text, same)) return true;
  return parts.some(
    (part) => part.kind === "tool-result" && isSameText(plainText(part.output), own.text),
  );
}

const proseOf = (part: ReadPart) =>
  part.kind === "text" || part.kind === "thinking" ? part.text : "";

const isEmptyProse = (part: ReadPart) =>
  (part.kind === "text" || part.kind === "thinking") && part.text.trim() === "";
