import type { CallIds } from "../../callIds.ts";
import { countIn, idIn, isJsonObject, type JsonObject, objectsIn, textIn } from "../../json.ts";
import type { MessageRow, Numbers, Part } from "../../rows.ts";
import { toolCall, toolResult } from "../parts.ts";
import { partsOf, responseOf, textOf } from "./document.ts";

/** Answers of Gemini CLI, with their calls, results and tokens. Pure. */

type Answer = MessageRow & { externalId: string };

/** A call with an id, and the id of the message that its result becomes: some models number their calls anew. */
type Call = { call: JsonObject; id: string; resultId: string };

/** An answer, then the result of each of its calls. */
export function answerRows(message: JsonObject, row: Answer, callIds: CallIds): MessageRow[] {
  const calls = objectsIn(message, "toolCalls").map((call, at): Call => {
    const place = `${row.externalId}-call-${at}`;
    const id = idIn(call, "id") ?? place;
    return { call, id, resultId: `${callIds.at(id, place)}-result` };
  });
  const thoughts = objectsIn(message, "thoughts");
  const text = textOf(message.content);
  const parts: Part[] = [
    ...thoughts.map(({ subject, description }) => ({
      type: "thinking",
      content: { subject, thinking: description },
    })),
    ...(thoughts.length > 0 ? [] : partsOf(message.content).flatMap(thoughtOf)),
    ...(text === "" ? [] : [{ type: "text", content: text }]),
    ...partsOf(message.content).flatMap((part) => beside(part, calls.length > 0)),
    ...calls.map(callOf),
  ];
  const isPlain = parts.length === 1 && text !== "";
  const model = textIn(message, "model");
  const answer: MessageRow = {
    ...row,
    role: "assistant",
    ...(text === "" ? {} : { textContent: text }),
    ...(isPlain || parts.length === 0 ? {} : { parts }),
    ...(model === undefined ? {} : { model }),
    ...usageOf(message),
  };
  return [answer, ...calls.flatMap((call) => resultRow(call, row))];
}

function thoughtOf({ thought, text }: JsonObject): Part[] {
  return thought === true && text !== "" ? [{ type: "thinking", content: { thinking: text } }] : [];
}

/** What content holds beside text. It repeats the calls of an answer that lists them. */
function beside(part: JsonObject, hasCalls: boolean): Part[] {
  const { thoughtSignature: _, ...said } = part;
  if ("text" in part || Object.keys(said).length === 0) return [];
  if (!isJsonObject(part.functionCall))
    return [
      { type: "inlineData" in part || "fileData" in part ? "file" : "unknown", content: said },
    ];
  const { functionCall: call } = part;
  const [id, name] = [idIn(call, "id"), textIn(call, "name")];
  return hasCalls ? [] : [toolCall({ id, name, args: call.args })];
}

/** Converts a call. If it failed without a result, the call itself has the `status`. */
function callOf({ call, id }: Call): Part {
  const { args, status } = call;
  const own = { id, name: textIn(call, "name"), args };
  return toolCall(hasFailed(call) && !hasResult(call) ? { ...own, status } : own);
}

const hasFailed = ({ status }: JsonObject) => status === "error" || status === "cancelled";
const hasResult = ({ result, resultDisplay }: JsonObject) =>
  result !== undefined || resultDisplay !== undefined;

/** The later of two times: a result never stands before its call, which has the time of the whole answer. */
function laterOf(a: MessageRow["createdAt"], b: MessageRow["createdAt"]): MessageRow["createdAt"] {
  if (a === undefined || b === undefined) return a ?? b;
  return new Date(a) < new Date(b) ? b : a;
}

/** The result of a call; a call under way has none. */
function resultRow({ call, id, resultId }: Call, answer: MessageRow): MessageRow[] {
  const { result, resultDisplay } = call;
  if (!hasResult(call)) return [];
  const output = responseOf(result);
  const time = laterOf(textIn(call, "timestamp"), answer.createdAt);
  const part = toolResult({
    id,
    name: textIn(call, "name"),
    output: output ?? resultDisplay,
    isError: hasFailed(call),
    ...(isJsonObject(resultDisplay) ? { detail: resultDisplay } : {}),
  });
  const { sessionExternalId, source, externalId } = answer;
  const place = {
    sessionExternalId,
    source,
    externalId: resultId,
    parentExternalId: externalId,
  };
  return [
    { ...place, ...(time === undefined ? {} : { createdAt: time }), role: "tool", parts: [part] },
  ];
}

export function usageOf(message: JsonObject): Numbers {
  if (!isJsonObject(message.tokens)) return {};
  const { tokens } = message;
  const cached = countIn(tokens, "cached");
  const thoughts = countIn(tokens, "thoughts");
  return {
    promptTokens: Math.max(0, countIn(tokens, "input") - cached + countIn(tokens, "tool")),
    completionTokens: countIn(tokens, "output") + thoughts,
    cacheReadTokens: cached,
    reasoningTokens: thoughts,
  };
}
