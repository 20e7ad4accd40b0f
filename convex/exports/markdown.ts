import { blockSafe, fenced } from "../lib/markdown";
import { readMessage } from "../lib/messages";
import { plainText, type ReadPart } from "../lib/parts";
import { pretty, readable, sessionFacts, SPEAKERS, titleOf } from "./common";
import type { ExportFormat, ExportMessage, ExportSession } from "./types";

/**
 * Markdown to read or to give to a model: title, a table of facts, then a section a message. What a
 * message leaves open (a code fence, a comment) is closed at its end, and a fence is always longer
 * than any run of its marks inside, so that no message swallows the next.
 */
export const markdown: ExportFormat = {
  contentType: "text/markdown; charset=utf-8",
  extension: "md",
  ...readable(header, section),
};

/** One whole session as Markdown. */
export function sessionMarkdown(session: ExportSession): string {
  return markdown.render(session, { turns: "single", style: "chat" }).join("");
}

function header(session: ExportSession): string {
  const rows = sessionFacts(session).map(([label, value]) => `| ${label} | ${inline(value)} |`);
  return [
    `# ${inline(titleOf(session))}`,
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

function section(message: ExportMessage): string {
  const said = readMessage(message)
    .map(block)
    .filter((piece) => piece !== "");
  return `## ${SPEAKERS[message.role]}\n\n${said.map((piece) => `${piece}\n`).join("\n")}`;
}

function block(part: ReadPart): string {
  switch (part.kind) {
    case "text":
      return part.text.trim() === "" ? "" : blockSafe(part.text);
    case "thinking":
      return `*Thinking*\n\n${fenced(part.text, "text")}`;
    case "tool-call":
      return `**Tool: ${inline(part.name)}**\n\n${fenced(pretty(part.args), "json")}`;
    case "tool-result":
      return fenced(plainText(part.output), "text");
    case "other":
      return `*${inline(part.type)}*\n\n${fenced(pretty(part.content), "json")}`;
  }
}

/** Text within a line or a cell: nothing in it is markup. */
function inline(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_{}[\]<>#|!~]/g, "\\$&");
}
