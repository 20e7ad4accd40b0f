import type { SessionAnswer } from "../../wire/answers";
import { prefixBytes } from "../../lib/text";
import { titleOf } from "../components";
import type { ConversationMessage } from "./turns";

const TEXT_MAX_BYTES = 2_000;

/**
 * The prompt that hands a session over to another agent: its subject, its first request and its
 * last answer. It refers to the whole session, so that it can stay short.
 */
export function continuationOf(
  session: SessionAnswer,
  messages: readonly ConversationMessage[],
): string {
  const first = messages.find((message) => message.role === "user" && proseOf(message) !== "");
  const answers = messages.filter(
    (message) => message.role === "assistant" && proseOf(message) !== "",
  );
  const last = answers[answers.length - 1];
  const { projectName, projectPath } = session;
  const project = projectPath ?? projectName;
  return [
    `Continue the coding session "${titleOf(session)}".`,
    ...(project === undefined ? [] : [`Project: ${project}`]),
    `All of it: OpenSync session ${session.id} (GET /api/sessions/${session.id}, or over MCP).`,
    ...(first === undefined ? [] : ["", "It began with this request:", quoted(proseOf(first))]),
    ...(last === undefined ? [] : ["", "The last answer shown was:", quoted(proseOf(last))]),
    "",
    "Read what you need of it, check the state of the files, and go on from there.",
  ].join("\n");
}

function proseOf({ parts }: ConversationMessage): string {
  return parts
    .map((part) => (part.kind === "text" ? part.text.trim() : ""))
    .filter((text) => text !== "")
    .join("\n\n");
}

function quoted(text: string): string {
  const cut = prefixBytes(text, TEXT_MAX_BYTES);
  const lines = (cut.length < text.length ? `${cut}…` : cut).split("\n");
  return lines.map((line) => `> ${line}`).join("\n");
}
