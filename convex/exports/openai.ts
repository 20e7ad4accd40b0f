import type { Turns } from "../lib/enums";
import { casesOf } from "./cases";
import { answeredTurns, type ChatTurn, chatTurns, type NumberedCall, toolNames } from "./chat";
import { JSON_LINES, jsonLine, sessionMetadata } from "./common";
import { callArguments, conversation, outputText } from "./conversation";
import type { ExportFormat, ExportSession } from "./types";

/** A chat message of OpenAI's API and fine-tuning. */
type ChatMessage =
  | { role: "system" | "user"; content: string }
  | { role: "assistant"; content: string | null; tool_calls?: ChatToolCall[] }
  | { role: "tool"; tool_call_id: string; content: string };

type ChatToolCall = { id: string; type: "function"; function: { name: string; arguments: string } };

/** The longest metadata value that OpenAI accepts, in 16 pairs at most. */
const METADATA_VALUE_MAX = 512;

/**
 * OpenAI formats, one JSON object per line. `style=evals`: `input` and `ideal` of the evals
 * repository, one line per question. `style=chat`: one line per session, with `messages` and
 * `metadata`. `style=finetune`: `messages` and `tools` as fine-tuning validates them: every `tool`
 * message answers an earlier call, every call is answered, `arguments` is JSON text, and the last
 * message is the assistant's.
 */
export const openai: ExportFormat = {
  ...JSON_LINES,
  usage: ({ style }) =>
    style === "evals"
      ? "oaieval MODEL EVAL, with args.samples_jsonl: FILE in the registry entry of EVAL (class evals.elsuite.basic.includes:Includes)"
      : 'client.files.create({ file: fs.createReadStream("FILE"), purpose: "fine-tune" })',
  isWhole: ({ style, turns }) => style !== "evals" || turns === "full",
  render(session, { style, turns, metadata }) {
    const origin = metadata ? metadataOf(session) : undefined;
    switch (style) {
      case "evals":
        return evals(session, turns, origin);
      case "chat":
        return chat(session, origin);
      case "finetune":
        return finetune(session);
    }
  },
};

/** `ideal` is what a reviewer expects, otherwise the end of the recorded answer. */
function evals(session: ExportSession, turns: Turns, metadata?: Metadata): string[] {
  return casesOf(session, turns).flatMap((item) => {
    const ideal = item.expected ?? item.final;
    if (ideal === "") return [];
    const input = item.history.map(({ role, text }) => ({ role, content: text }));
    input.push({ role: "user", content: item.question });
    return [jsonLine({ input, ideal, metadata: metadata && { ...metadata, name: item.name } })];
  });
}

function chat(session: ExportSession, metadata?: Metadata): string[] {
  const messages = chatTurns(conversation(session.messages)).flatMap(chatMessages);
  return messages.length === 0 ? [] : [jsonLine({ messages, metadata })];
}

function finetune(session: ExportSession): string[] {
  const turns = answeredTurns(chatTurns(conversation(session.messages)));
  if (!turns.some(({ role }) => role === "user")) return [];
  const tools = toolNames(turns, functionName).map((name) => ({
    type: "function",
    function: { name, parameters: { type: "object", properties: {} } },
  }));
  const messages = turns.flatMap(chatMessages);
  return [jsonLine(tools.length === 0 ? { messages } : { messages, tools })];
}

/** Converts a turn to messages. Thinking is left out, because these messages have no field for it. */
export function chatMessages({ role, text, calls }: ChatTurn): ChatMessage[] {
  if (role !== "assistant") return text === "" ? [] : [{ role, content: text }];
  if (calls.length === 0) return text === "" ? [] : [{ role, content: text }];
  return [
    { role, content: text || null, tool_calls: calls.map(toolCall) },
    ...calls.map(({ id, call }) => ({
      role: "tool" as const,
      tool_call_id: id,
      content: outputText(call),
    })),
  ];
}

function toolCall({ id, call }: NumberedCall): ChatToolCall {
  const args = JSON.stringify(callArguments(call));
  return { id, type: "function", function: { name: functionName(call.name), arguments: args } };
}

/**
 * Replaces characters that OpenAI does not allow in function names: letters, digits, _ and -, at
 * most 64.
 */
function functionName(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 64) || "_";
}

/** Metadata for OpenAI, whose values are strings. */
type Metadata = { [key: string]: string };

function metadataOf(session: ExportSession): Metadata {
  const entries = Object.entries(sessionMetadata(session)).flatMap(([key, value]) => {
    const text = Array.isArray(value) ? value.join(",") : value;
    if (text === undefined || text === "") return [];
    return [[key, Array.from(text).slice(0, METADATA_VALUE_MAX).join("")] as const];
  });
  return Object.fromEntries(entries);
}
