import { idIn, isJsonObject, type JsonObject, fieldsIn, objectsIn, textIn } from "../../json.ts";
import type { MessageRow, Part } from "../../rows.ts";
import { toolCall, toolResult } from "../parts.ts";

/** What events of Copilot CLI say, as fields of messages. Pure. */

type Said = Pick<MessageRow, "textContent" | "parts">;

/** Events that say something in words, beside those of the conversation. */
export const NOTICES = new Set([
  "system.notification",
  "session.error",
  "session.warning",
  "session.info",
]);

export function promptFields(data: JsonObject): Said {
  const text = textIn(data, "content");
  const attachments = objectsIn(data, "attachments");
  const said = text === undefined ? {} : { textContent: text };
  if (attachments.length === 0) return said;
  const files = attachments.map((content) => ({ type: "attachment", content }));
  return {
    ...said,
    parts: [...(text === undefined ? [] : [{ type: "text", content: text }]), ...files],
  };
}

/** `thought` was told by an event of its own; the answer's own reasoning is the same text. */
export function answerFields(data: JsonObject, thought: string | undefined): Said {
  const calls = objectsIn(data, "toolRequests");
  const text = textIn(data, "content");
  const thinking = textIn(data, "reasoningText") ?? thought;
  const parts: Part[] = [
    ...(thinking === undefined ? [] : [{ type: "thinking", content: thinking }]),
    ...(text === undefined || (calls.length === 0 && !thinking)
      ? []
      : [{ type: "text", content: text }]),
    ...calls.map(requestPart),
  ];
  return {
    ...(text === undefined ? {} : { textContent: text }),
    ...(parts.length === 0 ? {} : { parts }),
  };
}

function requestPart({ toolCallId, name, arguments: args, type: _, ...beside }: JsonObject): Part {
  const id = idIn({ toolCallId }, "toolCallId");
  return toolCall({ ...beside, id, name: typeof name === "string" ? name : undefined, args });
}

export function resultPart(data: JsonObject): Part {
  const { content, detailedContent, ...detail } = fieldsIn(data, "result");
  const extra = detailedContent === content ? detail : { ...detail, detailedContent };
  return toolResult({
    id: idIn(data, "toolCallId"),
    name: textIn(data, "toolName"),
    output: content ?? data.error,
    isError: data.success === false,
    ...(Object.values(extra).some((value) => value !== undefined) ? { detail: extra } : {}),
  });
}

export function noticeFields(type: string, data: JsonObject): Said {
  const text = textIn(data, "content") ?? textIn(data, "message") ?? textIn(data, "summaryContent");
  return {
    ...(text === undefined ? {} : { textContent: text }),
    parts: [{ type: type === "session.error" ? "error" : type, content: data }],
  };
}

/** Whether an event of an unknown type says something. */
export function saysSomething(data: JsonObject): boolean {
  return ["content", "message", "text", "toolRequests"].some((name) => {
    const value = data[name];
    if (Array.isArray(value)) return value.length > 0;
    return isJsonObject(value) || textIn(data, name) !== undefined;
  });
}

/** A model's name; `auto` lets the tool choose one, and names none. */
export const named = (model: string | undefined) => (model === "auto" ? undefined : model);

/** Whose model it was, by the ids of its calls: how the model's name begins. */
export function makerOf(calls: readonly JsonObject[]): string | undefined {
  const id = textIn(calls[0] ?? {}, "toolCallId") ?? "";
  if (id.startsWith("toolu_")) return "claude";
  return id.startsWith("call_") ? "gpt" : undefined;
}
