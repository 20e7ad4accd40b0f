import { fileLabel } from "../lib/sessions/files";
import { type Role, roleLabel } from "../lib/enums";
import { escapeTurns } from "../lib/exports/forgedTurns";
import { blockSafe, fenced } from "../lib/exports/markdown";
import { readMessage } from "../lib/sessions/readMessage";
import { plainText, type ReadPart } from "../lib/sessions/parts";
import {
  type Fact,
  incompleteNote,
  isoTime,
  oneLine,
  pretty,
  readable,
  sessionFacts,
  titleOf,
} from "./common";
import { DEFAULT_OPTIONS, type ExportFormat, type ExportSession } from "./types";

/**
 * Markdown for people and models: title, a table of facts, then one section per message. Code
 * fences and comments that a message leaves open are closed at its end, and fences are longer than
 * any such marks inside, so that a message cannot absorb the next one. Lines that look like the
 * heading of another message are escaped, in code too.
 */
export const markdown: ExportFormat = {
  contentType: "text/markdown; charset=utf-8",
  extension: "md",
  ...readable(
    (session) => headMarkdown(titleOf(session), sessionFacts(session)),
    (message) => {
      const parts = [...readMessage(message).map(partMarkdown), incompleteNote(message)];
      return sectionMarkdown(message.role, parts, isoTime(message.createdAt));
    },
  ),
};

/** Renders one complete session as Markdown. */
export function sessionMarkdown(session: ExportSession): string {
  return markdown.render(session, DEFAULT_OPTIONS).join("");
}

/** The header of a session: its title and a table of facts. */
export function headMarkdown(title: string, facts: readonly Fact[]): string {
  const rows = facts.map(([label, value]) => `| ${label} | ${inline(value)} |`);
  return [
    titleMarkdown(inline(title)),
    "",
    "| | |",
    "| --- | --- |",
    ...rows,
    "",
    "---",
    "",
    "",
  ].join("\n");
}

/** Prefixes a title that is a role, because it would look like the heading of a message. */
function titleMarkdown(title: string): string {
  const heading = `# ${title}`;
  return escapeTurns(heading) === heading ? heading : `# Session: ${title}`;
}

/** Renders a message with its parts, and its time below; empty if there are no parts. */
export function sectionMarkdown(role: Role, parts: readonly string[], time?: string): string {
  const texts = parts.filter((part) => part !== "");
  if (texts.length === 0) return "";
  const below = time === undefined ? [] : [`*${time}*`];
  const blocks = [...texts, ...below].map((block) => `${block}\n`);
  return `## ${roleLabel(role)}\n\n${blocks.join("\n")}`;
}

/** Renders a part; empty for blank text. */
export function partMarkdown(part: ReadPart): string {
  switch (part.kind) {
    case "text":
      return part.text.trim() === "" ? "" : blockSafe(escapeTurns(part.text));
    case "thinking":
      return `*Thinking*\n\n${code(part.text, "text")}`;
    case "tool-call":
      return `**Tool: ${inline(part.name)}**\n\n${value(part.args)}`;
    case "tool-result":
      return code(plainText(part.output), "text");
    case "file":
      return `[${inline(fileLabel(part.file).slice(1, -1))}]`;
    case "other":
      return `*${inline(part.type)}*\n\n${value(part.content)}`;
  }
}

/** Renders any JSON value in a fence: strings as text, the rest as JSON. */
function value(content: unknown): string {
  return code(pretty(content), typeof content === "string" ? "text" : "json");
}

function code(text: string, language: string): string {
  return fenced(escapeTurns(text), language);
}

/** Escapes all markup in a text within a line or a cell. */
function inline(text: string): string {
  return oneLine(text).replace(/[\\`*_{}[\]<>#|!~]/g, "\\$&");
}
