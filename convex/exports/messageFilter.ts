import { messageProse } from "../lib/sessions/readMessage";
import { readPart, type StoredPart } from "../lib/sessions/parts";
import type { ExportMessage, ExportSession } from "./types";

/** Which messages an export includes, and how much of them. */
export type MessageFilter = {
  systemPrompts: boolean;
  toolCalls: boolean;
  /** Only messages with a complete fenced code block. */
  codeBlocksOnly: boolean;
  /** The shortest text included (UTF-16 units). */
  minLength: number;
};

/** Includes everything. */
export const ALL_MESSAGES: MessageFilter = {
  systemPrompts: true,
  toolCalls: true,
  codeBlocksOnly: false,
  minLength: 0,
};

/** Whether the filter keeps everything. */
export function keepsEverything(filter: MessageFilter): boolean {
  const { systemPrompts, toolCalls, codeBlocksOnly, minLength } = filter;
  return systemPrompts && toolCalls && !codeBlocksOnly && minLength <= 0;
}

/** Returns the session with only the messages the filter keeps. */
export function filterMessages(session: ExportSession, filter: MessageFilter): ExportSession {
  const { systemPrompts, toolCalls, codeBlocksOnly, minLength } = filter;
  if (keepsEverything(filter)) return session;
  const messages = session.messages
    .filter(({ role }) => systemPrompts || role !== "system")
    .filter((message) => messageProse(message).length >= minLength)
    .filter((message) => !codeBlocksOnly || hasCodeBlock(message))
    .filter(({ role }) => toolCalls || role !== "tool")
    .map((message) =>
      toolCalls ? message : { ...message, parts: message.parts.filter((part) => !isTool(part)) },
    );
  return { ...session, messages };
}

function isTool(part: StoredPart): boolean {
  return readPart(part).some(({ kind }) => kind === "tool-call" || kind === "tool-result");
}

function hasCodeBlock({ textContent, parts }: ExportMessage): boolean {
  const texts = parts.flatMap(readPart).map((part) => (part.kind === "text" ? part.text : ""));
  return [textContent ?? "", ...texts].some((text) => /```[\s\S]*?```/.test(text));
}
