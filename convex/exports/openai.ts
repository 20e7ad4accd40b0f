import type { Turns } from "../lib/enums";
import { casesOf } from "./cases";
import { JSON_LINES, jsonLine, sessionMetadata } from "./common";
import { argumentsJson, type Call, conversation, outputText, type Step } from "./conversation";
import type { ExportFormat, ExportSession } from "./types";

/** A chat message as OpenAI's API and fine-tuning read it. */
type ChatMessage =
  | { role: "system" | "user"; content: string }
  | { role: "assistant"; content: string | null; tool_calls?: ChatToolCall[] }
  | { role: "tool"; tool_call_id: string; content: string };

type ChatToolCall = { id: string; type: "function"; function: { name: string; arguments: string } };

/** OpenAI accepts 16 pairs of metadata, values of at most 512 characters. */
const METADATA_VALUE_MAX = 512;

/**
 * OpenAI, one JSON object a line. `style=evals`: `input` and `ideal` of the evals repository, one
 * line a question. `style=chat`: one line a session, `messages` and `metadata`. `style=finetune`:
 * `messages` and `tools` as fine-tuning validates them: every `tool` message answers a call before
 * it, every call is answered, `arguments` is JSON text, the last message is the assistant's.
 */
export const openai: ExportFormat = {
  ...JSON_LINES,
  isWhole: ({ style, turns }) => style !== "evals" || turns === "full",
  render(session, { style, turns, metadata }) {
    const said = metadata ? metadataOf(session) : undefined;
    switch (style) {
      case "evals":
        return evals(session, turns, said);
      case "chat":
        return chat(session, said);
      case "finetune":
        return finetune(session);
    }
  },
};

function evals(session: ExportSession, turns: Turns, metadata?: Metadata): string[] {
  return casesOf(session, turns).flatMap((item) => {
    const ideal = item.expected ?? item.answer;
    if (ideal === "") return [];
    const input = item.history.map(({ role, text }) => ({ role, content: text }));
    input.push({ role: "user", content: item.question });
    return [jsonLine({ input, ideal, metadata: metadata && { ...metadata, name: item.name } })];
  });
}

function chat(session: ExportSession, metadata?: Metadata): string[] {
  const messages = chatMessages(conversation(session.messages));
  return messages.length === 0 ? [] : [jsonLine({ messages, metadata })];
}

function finetune(session: ExportSession): string[] {
  const messages = chatMessages(conversation(session.messages));
  while (messages.length > 0 && !isAnswer(messages[messages.length - 1])) messages.pop();
  if (!messages.some(({ role }) => role === "user")) return [];
  const names = messages.flatMap((message) =>
    message.role === "assistant" ? (message.tool_calls ?? []).map((c) => c.function.name) : [],
  );
  const tools = Array.from(new Set(names)).map((name) => ({
    type: "function",
    function: { name, parameters: { type: "object", properties: {} } },
  }));
  return [jsonLine(tools.length === 0 ? { messages } : { messages, tools })];
}

const isAnswer = (message: ChatMessage | undefined) =>
  message?.role === "assistant" && message.tool_calls === undefined;

/** Thinking has no place in chat messages; it stays in the formats that have one. */
function chatMessages(steps: readonly Step[]): ChatMessage[] {
  const messages: ChatMessage[] = [];
  let calls = 0;
  for (const step of steps) {
    if (step.role !== "assistant") {
      if (step.text !== "") messages.push({ role: step.role, content: step.text });
      continue;
    }
    // Ids of our own: plugins repeat theirs, and OpenAI takes 40 characters at most.
    const numbered = step.calls.map((call) => ({ call, id: `call_${++calls}` }));
    const tool_calls = numbered.map(({ call, id }) => toolCall(id, call));
    if (tool_calls.length > 0) {
      messages.push({ role: "assistant", content: step.text || null, tool_calls });
    } else if (step.text !== "") {
      messages.push({ role: "assistant", content: step.text });
    }
    for (const { call, id } of numbered) {
      messages.push({ role: "tool", tool_call_id: id, content: outputText(call) });
    }
  }
  return messages;
}

function toolCall(id: string, call: Call): ChatToolCall {
  // OpenAI's rule for names of functions: letters, digits, _ and -, at most 64.
  const name = call.name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 64) || "unknown";
  return { id, type: "function", function: { name, arguments: argumentsJson(call) } };
}

/** OpenAI's metadata are strings. */
type Metadata = { [key: string]: string };

function metadataOf(session: ExportSession): Metadata {
  const entries = Object.entries(sessionMetadata(session)).flatMap(([key, value]) => {
    const text = Array.isArray(value) ? value.join(",") : value;
    if (text === undefined || text === "") return [];
    return [[key, Array.from(text).slice(0, METADATA_VALUE_MAX).join("")] as const];
  });
  return Object.fromEntries(entries);
}
