import { isJsonObject, type JsonObject, objectsIn, textIn } from "../../json.ts";
import type { MessageRow, Part } from "../../rows.ts";
import { parsed } from "../../../../convex/lib/jsonFields";

/** Items that the model saw, as messages. Pure. */

/** Text that Codex puts in in the user's name. */
const INJECTED =
  /^\s*(<environment_context|<user_instructions|<permissions|<turn_aborted|<skills|<INSTRUCTIONS|# AGENTS\.md|<subagent_notification|<user_shell_command|<model_switch)/;

/** Items about the state of the repository, and encrypted contexts: what was compacted has a record of its own. */
const BOOKKEEPING = new Set(["ghost_snapshot", "compaction"]);

type Said = Pick<MessageRow, "role" | "textContent" | "parts" | "parentExternalId">;

/**
 * What an item is: its id, if it has one, and what it says. A call, and a result without an id of its own, has the
 * id of the call instead. Null for an item that says nothing.
 */
export type ItemRow = Said & { id?: string; callId?: string };

export function itemRow(item: JsonObject): ItemRow | null {
  const type = textIn(item, "type") ?? "unknown";
  const id = textIn(item, "id");
  const own = id === undefined ? {} : { id };
  if (type === "message") return { ...own, ...messageOf(item) };
  if (type === "reasoning") return hasReasoning(item) ? { ...own, ...reasoningOf(item) } : null;
  if (BOOKKEEPING.has(type)) return null;
  if (type.endsWith("_output")) return outputOf(type, item);
  if (type.endsWith("_call")) return callOf(type, item);
  return { ...own, role: "system", parts: [{ type, content: item }] };
}

function messageOf(item: JsonObject): Said {
  const { content } = item;
  const blocks = objectsIn({ content }, "content");
  const texts = blocks.map((block) => textIn(block, "text") ?? "");
  const text = typeof content === "string" ? content : texts.filter((one) => one !== "").join("\n");
  const role = textIn(item, "role") ?? "unknown";
  const isPlain = blocks.every(({ type }) => type === "input_text" || type === "output_text");
  const isInjected = role === "user" && INJECTED.test(texts.join(""));
  return {
    role: isInjected ? "system" : role,
    ...(text === "" ? {} : { textContent: text }),
    ...(isPlain ? {} : { parts: blocks.map(partOf) }),
  };
}

function partOf({ type, ...fields }: JsonObject): Part {
  if (type === "input_text" || type === "output_text")
    return { type: "text", content: fields.text };
  return { type: typeof type === "string" ? type : "unknown", content: fields };
}

const hasReasoning = ({ summary, content }: JsonObject) =>
  [summary, content].some((value) => (Array.isArray(value) ? value.length > 0 : Boolean(value)));

/** What is encrypted can be read by nobody here. */
function reasoningOf({ summary, content }: JsonObject): Said {
  const kept = { summary, ...(content === null || content === undefined ? {} : { content }) };
  return { role: "assistant", parts: [{ type: "reasoning", content: kept }] };
}

/** Fields of a call that are read by name, or repeat what the file says. */
const CALL_FIELDS = new Set([
  ...["type", "id", "call_id", "name", "arguments", "input", "action", "status"],
  "internal_chat_message_metadata_passthrough",
]);

function callOf(type: string, item: JsonObject): ItemRow {
  const callId = textIn(item, "call_id") ?? textIn(item, "id");
  const rest = Object.fromEntries(Object.entries(item).filter(([key]) => !CALL_FIELDS.has(key)));
  const args = item.arguments ?? item.input ?? item.action ?? rest;
  const beside = args === rest ? {} : rest;
  const call = {
    ...(callId === undefined ? {} : { toolCallId: callId }),
    toolName: textIn(item, "name") ?? type.replace(/_call$/, ""),
    args: item.arguments === undefined ? args : parsed(args),
    ...beside,
  };
  const own = callId === undefined ? {} : { callId };
  return { ...own, role: "assistant", parts: [{ type: "tool-call", content: call }] };
}

function outputOf(type: string, item: JsonObject): ItemRow {
  const callId = textIn(item, "call_id");
  const { output, tools } = item;
  const result = output ?? tools ?? null;
  const content = {
    ...(callId === undefined ? {} : { toolCallId: callId }),
    output: result,
    ...(hasFailed(result) ? { is_error: true } : {}),
  };
  const id = textIn(item, "id");
  return {
    ...(id === undefined ? {} : { id }),
    role: "tool",
    parts: [{ type: type === "function_call_output" ? "tool-result" : type, content }],
    ...(callId === undefined ? {} : id === undefined ? { callId } : { parentExternalId: callId }),
  };
}

/** Whether a command ended with another code than 0, in the words of three generations. */
function hasFailed(output: unknown): boolean {
  if (isJsonObject(output)) return output.success === false;
  if (typeof output !== "string") return false;
  const code =
    /^(?:Chunk ID: .*\n)?(?:Wall time: .*\n)?Process exited with code (\d+)|^Exit code: (\d+)|"metadata":\s*\{[^{}]{0,100}"exit_code":\s*(\d+)/.exec(
      output.slice(0, 2_000),
    );
  const [, running, plain, json] = code ?? [];
  return Number(running ?? plain ?? json ?? 0) !== 0;
}
