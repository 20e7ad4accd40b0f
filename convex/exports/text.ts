import { fileLabel } from "../lib/sessions/files";
import { readMessage } from "../lib/sessions/readMessage";
import { plainText, type ReadPart } from "../lib/sessions/parts";
import { quoteTurns } from "../lib/exports/forgedTurns";
import { incompleteNote, isoTime, oneLine, readable, sessionFacts, titleOf } from "./common";
import type { ExportFormat, ExportMessage, ExportSession } from "./types";

const RULE = "=".repeat(72);

/**
 * Plain text to read or paste: a header between rules, then each message under its time and role.
 * Lines that look like the start of another message are quoted with `> `.
 */
export const text: ExportFormat = {
  contentType: "text/plain; charset=utf-8",
  extension: "txt",
  ...readable(header, entry),
};

function header(session: ExportSession): string {
  const facts = sessionFacts(session).map(([label, value]) => `${label}: ${value}`);
  return [RULE, quoteTurns(titleOf(session)), ...facts, RULE, "", ""].join("\n");
}

function entry(message: ExportMessage): string {
  const parts = [...readMessage(message).map(paragraph), incompleteNote(message)].filter(
    (block) => block.trim() !== "",
  );
  return `[${isoTime(message.createdAt)}] ${message.role.toUpperCase()}:\n${parts.join("\n\n")}\n`;
}

function paragraph(part: ReadPart): string {
  switch (part.kind) {
    case "text":
      return quoteTurns(part.text);
    case "thinking":
      return `[thinking]\n${quoteTurns(part.text)}`;
    case "tool-call":
      return `[tool call] ${oneLine(part.name)} ${quoteTurns(plainText(part.args))}`;
    case "tool-result":
      return `[tool result${part.name === undefined ? "" : `: ${oneLine(part.name)}`}]\n${quoteTurns(plainText(part.output))}`;
    case "file":
      return quoteTurns(oneLine(fileLabel(part.file)));
    case "other":
      return `[${oneLine(part.type)}]\n${quoteTurns(plainText(part.content))}`;
  }
}
