import { type Case, casesOf } from "./cases";
import { type ChatTurn, chatTurns } from "./chat";
import { JSON_LINES, jsonLine, sessionMetadata } from "./common";
import { callArguments, outputText } from "./conversation";
import type { ExportFormat, ExportSession } from "./types";

/**
 * Inspect AI samples, one JSON object per line, for `json_dataset` (fields of `Sample` and
 * `ChatMessage`): the question and its history as `input`, the expected answer as `target`, and the
 * recorded conversation as `metadata.recorded`.
 */
export const inspect: ExportFormat = {
  ...JSON_LINES,
  usage: () => 'from inspect_ai.dataset import json_dataset; json_dataset("FILE")',
  isWhole: ({ turns }) => turns === "full",
  render: (session, { turns, metadata }) =>
    casesOf(session, turns).map((item) => jsonLine(sample(session, item, metadata))),
};

function sample(session: ExportSession, item: Case, metadata: boolean) {
  const before = item.history.map(({ role, text }) => ({ role, content: text }));
  return {
    id: item.name,
    input: [...before, { role: "user", content: item.question }],
    target: item.expected ?? item.final,
    metadata: {
      ...(metadata ? sessionMetadata(session) : {}),
      recorded: chatTurns(item.answers).flatMap(chatMessages),
    },
  };
}

/**
 * Converts a turn to Inspect's chat messages: arguments are objects, and a failed tool has an
 * error.
 */
function chatMessages({ role, text, thinking, calls }: ChatTurn) {
  const reasoning = thinking === "" ? [] : [{ type: "reasoning", reasoning: thinking }];
  const content = reasoning.length === 0 ? text : [...reasoning, { type: "text", text }];
  const tool_calls = calls.map(({ id, call }) => ({
    id,
    function: call.name,
    arguments: callArguments(call),
  }));
  const results = calls.map(({ id, call }) => ({
    role: "tool",
    content: outputText(call),
    tool_call_id: id,
    function: call.name,
    ...(call.isError ? { error: { type: "unknown", message: outputText(call) } } : {}),
  }));
  return [{ role, content, ...(calls.length === 0 ? {} : { tool_calls }) }, ...results];
}
