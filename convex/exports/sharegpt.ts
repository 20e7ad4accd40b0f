import { answeredTurns, type ChatTurn, chatTurns, toolNames } from "./chat";
import { JSON_LINES, jsonLine, sessionMetadata } from "./common";
import { callArguments, conversation, outputText } from "./conversation";
import type { ExportFormat } from "./types";

type Entry = {
  from: "human" | "gpt" | "function_call" | "observation";
  value: string;
};

/**
 * ShareGPT, one conversation per line, as LLaMA-Factory and Axolotl read it: `human` and
 * `observation` alternate with `gpt` and `function_call`. Calls made together are one
 * `function_call` with a list; the text before them is its `thought`. Ends with the last answer.
 */
export const sharegpt: ExportFormat = {
  ...JSON_LINES,
  usage: () => 'dataset_info.json: {"opensync": {"file_name": "FILE", "formatting": "sharegpt"}}',
  isWhole: () => true,
  render(session, { metadata }) {
    const turns = answeredTurns(chatTurns(conversation(session.messages)));
    const start = turns.findIndex(({ role }) => role === "user");
    if (start < 0) return [];
    const system = turns.slice(0, start).filter(({ role }) => role === "system");
    const conversations = alternating(turns.slice(start).flatMap(entriesOf));
    const names = toolNames(turns);
    const tools = names.map((name) => ({
      name,
      description: "",
      parameters: { type: "object", properties: {} },
    }));
    return [
      jsonLine({
        conversations,
        ...(system.length === 0 ? {} : { system: system.map(({ text }) => text).join("\n\n") }),
        ...(tools.length === 0 ? {} : { tools: JSON.stringify(tools) }),
        ...(metadata ? { metadata: sessionMetadata(session) } : {}),
      }),
    ];
  },
};

function entriesOf({ role, text, calls }: ChatTurn): Entry[] {
  if (role !== "assistant") return text === "" ? [] : [{ from: "human", value: text }];
  if (calls.length === 0) return text === "" ? [] : [{ from: "gpt", value: text }];
  const thought = text === "" ? {} : { thought: text };
  const toolCalls = calls.map(({ call }, at) => ({
    name: call.name,
    arguments: callArguments(call),
    ...(at === 0 ? thought : {}),
  }));
  const results = calls.map(({ call }) => outputText(call));
  return [
    {
      from: "function_call",
      value: JSON.stringify(toolCalls.length === 1 ? toolCalls[0] : toolCalls),
    },
    {
      from: "observation",
      value: results.length === 1 ? (results[0] ?? "") : JSON.stringify(results),
    },
  ];
}

/** Merges consecutive entries of the asking side, so that both sides alternate. */
function alternating(entries: readonly Entry[]): Entry[] {
  const joined: Entry[] = [];
  const isAsked = ({ from }: Entry) => from === "human" || from === "observation";
  for (const entry of entries) {
    const last = joined[joined.length - 1];
    if (last !== undefined && isAsked(last) && isAsked(entry)) {
      last.value += `\n\n${entry.value}`;
    } else {
      joined.push({ ...entry });
    }
  }
  return joined;
}
