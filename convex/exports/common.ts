import { readableJson } from "../lib/json";
import { UNTITLED } from "../lib/sessions/titles";
import type { ExportFormat, ExportHead, ExportMessage, ExportSession } from "./types";

/** A document with one JSON object per line. */
export const JSON_LINES = {
  contentType: "application/jsonl; charset=utf-8",
  extension: "jsonl",
  begin: () => "",
  separator: "\n",
  end: ({ records }) => (records === 0 ? "" : "\n"),
} satisfies Partial<ExportFormat>;

/** Says under a message for people that its rest is missing; empty for a whole message. */
export function incompleteNote({ isIncomplete }: Pick<ExportMessage, "isIncomplete">): string {
  return isIncomplete ? "… the rest of this message was still being stored" : "";
}

/**
 * Defines a format for people: the header of a session, then its messages. Messages without text
 * are omitted.
 */
export function readable(
  header: (session: ExportSession) => string,
  message: (message: ExportMessage) => string,
): Omit<ExportFormat, "contentType" | "extension"> {
  return {
    usage: () => "any editor",
    begin: () => "",
    separator: "\n",
    end: ({ emptyBecause }) => (emptyBecause === undefined ? "" : `${emptyBecause}\n`),
    isWhole: () => false,
    render: (session) => [
      (session.from === 0 ? header(session) : "") +
        session.messages
          .map(message)
          .filter((text) => text !== "")
          .join("\n"),
    ],
  };
}

/** Formats any JSON value for people: strings as they are, the rest as readable JSON. */
export function pretty(value: unknown): string {
  return typeof value === "string" ? value : readableJson(value);
}

/** Formats a time as ISO text in UTC. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}

/**
 * Serialises a JSON value on one line for every line reader. Some (Python's `splitlines`) also
 * break at U+0085, U+2028 and U+2029, which JSON does not escape.
 */
export function jsonLine(value: unknown): string {
  return lineSafe(JSON.stringify(value));
}

/** Escapes those characters in JSON text. */
export function lineSafe(json: string): string {
  return json.replace(
    /[\u0085\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The description of the source session in a record, under the names of older exports. */
export function sessionMetadata(session: ExportHead) {
  return {
    session_id: session.externalId,
    title: session.title,
    tool: session.source,
    model: session.model ?? "unknown",
    provider: session.provider,
    project: session.projectName ?? session.projectPath,
    timestamp: isoTime(session.createdAt),
    eval_status: session.evalStatus,
    tags: session.evalTags ?? [],
  };
}

/** A labelled value in a header for people. */
export type Fact = readonly [label: string, value: string];

/** The facts of a session for headers. */
export function sessionFacts(session: ExportHead): Fact[] {
  const facts: [string, string | undefined][] = [
    ["Session", session.externalId],
    ["Source", session.source],
    ["Model", session.model],
    ["Project", session.projectName ?? session.projectPath],
    ["Started", isoTime(session.createdAt)],
    ["Tokens", session.totalTokens?.toString()],
    // A sum of zero means that no tool reported a cost, not that the session was free.
    ["Cost", session.cost ? `$${session.cost.toFixed(4)}` : undefined],
    ["Status", session.evalStatus],
    ["Tags", session.evalTags?.join(", ")],
  ];
  return facts.flatMap(([label, value]): Fact[] =>
    value === undefined || value === "" ? [] : [[label, oneLine(value)]],
  );
}

/** Collapses white space and control characters to single spaces. */
export function oneLine(text: string): string {
  return text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
}

/** The title of a session for people. */
export function titleOf(session: ExportHead): string {
  return oneLine(session.title ?? "") || UNTITLED;
}
