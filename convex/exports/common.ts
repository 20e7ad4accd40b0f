import { readableJson } from "../lib/json";
import { UNTITLED } from "../lib/sessions/titles";
import type { ExportFormat, ExportHead, ExportMessage, ExportSession } from "./types";

/** A document with a JSON object a line. */
export const JSON_LINES = {
  contentType: "application/jsonl; charset=utf-8",
  extension: "jsonl",
  begin: () => "",
  separator: "\n",
  end: ({ records }) => (records === 0 ? "" : "\n"),
} satisfies Partial<ExportFormat>;

/**
 * A document to read: what introduces a session, then each of its messages under the one before; one
 * that comes to no text is left out.
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

/** Any JSON value for people: text as it is, the rest as JSON that can be read. */
export function pretty(value: unknown): string {
  return typeof value === "string" ? value : readableJson(value);
}

/** A moment as ISO text in UTC. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}

/**
 * One JSON value on one line, for every reader of lines: some (Python's `splitlines`) also break at
 * U+0085, U+2028 and U+2029, which JSON leaves as they are.
 */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0085\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What a record says about the session it comes from, in the words of older exports. */
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

/** A line of a header that people read. */
export type Fact = readonly [label: string, value: string];

/** Facts of a session, for headers that people read. */
export function sessionFacts(session: ExportHead): Fact[] {
  const facts: [string, string | undefined][] = [
    ["Session", session.externalId],
    ["Source", session.source],
    ["Model", session.model],
    ["Project", session.projectName ?? session.projectPath],
    ["Started", isoTime(session.createdAt)],
    ["Tokens", session.totalTokens?.toString()],
    ["Cost", session.cost === undefined ? undefined : `$${session.cost.toFixed(4)}`],
    ["Status", session.evalStatus],
    ["Tags", session.evalTags?.join(", ")],
  ];
  return facts.flatMap(([label, value]): Fact[] =>
    value === undefined || value === "" ? [] : [[label, oneLine(value)]],
  );
}

/** Text on one line: every run of white space and control characters becomes one space. */
export function oneLine(text: string): string {
  return text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
}

/** Title of a session for people. */
export function titleOf(session: ExportHead): string {
  return oneLine(session.title ?? "") || UNTITLED;
}
