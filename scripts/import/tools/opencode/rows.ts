import {
  countIn,
  fieldsIn,
  isJsonObject,
  type JsonObject,
  numberIn,
  objectsIn,
  textIn,
} from "../../json.ts";
import type { MessageRow, Part, SessionRow } from "../../rows.ts";
import { toolCall, toolResult } from "../parts.ts";

/** Sessions and messages of OpenCode, of both generations. Ids are the tool's own. Pure. */

export const SOURCE = "opencode";

/** A session as the tree or the database has it, under one name for each field. */
export type OpenCodeSession = {
  id: string;
  title?: string;
  directory?: string;
  version?: string;
  parent?: string;
  forkOf?: string;
};

export function sessionRow(session: OpenCodeSession, host: string): SessionRow {
  const { id, title, directory, version, parent, forkOf } = session;
  const from = forkOf ?? parent;
  return {
    externalId: id,
    source: SOURCE,
    host,
    ...(title === undefined ? {} : { title }),
    ...(directory === undefined ? {} : { projectPath: directory }),
    ...(version === undefined ? {} : { agentVersion: version }),
    ...(from === undefined
      ? {}
      : { parentExternalId: from, relation: forkOf === undefined ? "subagent" : "fork" }),
  };
}

/** Tokens of an answer: reasoning stands beside the output here. */
function usageOf(message: JsonObject, model: string | undefined): Partial<MessageRow> {
  if (!isJsonObject(message.tokens)) return {};
  const { tokens } = message;
  const cache = fieldsIn(tokens, "cache");
  const [input, output, reasoning] = [
    countIn(tokens, "input"),
    countIn(tokens, "output"),
    countIn(tokens, "reasoning"),
  ];
  const [read, write] = [countIn(cache, "read"), countIn(cache, "write")];
  if (input + output + reasoning + read + write === 0) return {};
  const created = numberIn(fieldsIn(message, "time"), "created");
  const cost = numberIn(message, "cost");
  // A fork copies messages under other ids, with the time and the numbers of the original.
  const copiedKey = (time: number) =>
    ["opencode", time, model, input, output, reasoning, read, write].join(":");
  return {
    ...(created === undefined ? {} : { apiMessageId: copiedKey(created) }),
    promptTokens: input,
    completionTokens: output + reasoning,
    cacheReadTokens: read,
    cacheWriteTokens: write,
    reasoningTokens: reasoning,
    ...(cost === undefined ? {} : { cost }),
  };
}

function baseRow(session: string, id: string, created: number | undefined): MessageRow {
  return {
    sessionExternalId: session,
    externalId: id,
    source: SOURCE,
    ...(created === undefined ? {} : { createdAt: created }),
  };
}

/** A message of version 1, its parts in order. */
export function messageRow(
  session: string,
  id: string,
  message: JsonObject,
  stored: readonly JsonObject[],
): MessageRow {
  const time = fieldsIn(message, "time");
  const [created, completed] = [numberIn(time, "created"), numberIn(time, "completed")];
  const role = textIn(message, "role") ?? "unknown";
  const usage = role === "assistant" ? usageOf(message, textIn(message, "modelID")) : {};
  const model = answeringModel(message, textIn(message, "modelID"), usage);
  const provider = textIn(message, "providerID");
  const parent = textIn(message, "parentID");
  const texts = stored.filter(({ type, synthetic }) => type === "text" && synthetic !== true);
  const text = texts.map((part) => textIn(part, "text") ?? "").join("\n");
  const parts = [...stored.flatMap(partsOf), ...errorPart(message)];
  const isPlain = parts.length === 1 && parts[0]?.type === "text" && parts[0].content === text;
  return {
    ...baseRow(session, id, created),
    role,
    ...(text === "" ? {} : { textContent: text }),
    ...(isPlain || parts.length === 0 ? {} : { parts }),
    ...(model === undefined ? {} : { model }),
    ...(provider === undefined ? {} : { provider }),
    ...(parent === undefined ? {} : { parentExternalId: parent }),
    ...(created !== undefined && completed !== undefined && completed > created
      ? { durationMs: completed - created }
      : {}),
    ...usage,
  };
}

/** The model of an answer; one that failed without usage is named by its error alone. */
function answeringModel(
  { error }: JsonObject,
  model: string | undefined,
  usage: Partial<MessageRow>,
): string | undefined {
  const hasFailed = error !== undefined && error !== null;
  return hasFailed && usage.promptTokens === undefined ? undefined : model;
}

function errorPart({ error, modelID, model }: JsonObject): Part[] {
  if (error === undefined || error === null) return [];
  return [{ type: "error", content: { error, model: modelID ?? model } }];
}

/** Parts that say nothing of the conversation, or repeat the message's numbers. */
const BOOKKEEPING = new Set(["step-start", "step-finish", "snapshot"]);

function partsOf(part: JsonObject): Part[] {
  const { id: _, messageID: _message, sessionID: _session, ...own } = part;
  const type = textIn(part, "type") ?? "unknown";
  if (BOOKKEEPING.has(type)) return [];
  if (type === "tool")
    return toolParts(textIn(part, "callID"), textIn(part, "tool"), fieldsIn(part, "state"));
  const { type: _type, time: _time, ...content } = own;
  const isText = (type === "text" || type === "reasoning") && Object.keys(content).length === 1;
  // Encrypted reasoning can be read by nobody here.
  if (type === "reasoning" && textIn(content, "text") === undefined) return [];
  return [{ type, content: isText ? content.text : content }];
}

/** A call, and its result once it ended. */
function toolParts(id: string | undefined, name: string | undefined, state: JsonObject): Part[] {
  const status = (textIn(state, "status") ?? "").toLowerCase();
  const call = toolCall({ id, name, args: state.input });
  if (status === "pending" || status === "running" || status === "streaming") return [call];
  const { input: _, output, content, error, status: _status, time: _time, ...rest } = state;
  const metadata = fieldsIn(state, "metadata");
  // The metadata of a command repeats its output.
  const isRepeated = metadata.output !== undefined && metadata.output === output;
  const { output: _output, ...others } = metadata;
  const detail = { ...rest, ...(isRepeated ? { metadata: others } : {}) };
  const hasFailed =
    status === "error" || name === "invalid" || (numberIn(metadata, "exit") ?? 0) !== 0;
  return [
    call,
    toolResult({
      ...{ id, name, isError: hasFailed },
      output: output ?? content ?? error,
      ...(Object.keys(detail).length === 0 ? {} : { detail }),
    }),
  ];
}

/** Rows of version 2 that hold no conversation. */
export const STATE_ROWS = new Set([
  "model-switched",
  "agent-switched",
  "location-switched",
  "idle",
]);

/** A row of version 2; null for one that says nothing. */
export function rowOfVersion2(
  session: string,
  row: { id: string; type: string; created: number; data: JsonObject },
): MessageRow | null {
  const { id, type, data } = row;
  const base = baseRow(session, id, numberIn(fieldsIn(data, "time"), "created") ?? row.created);
  const text = textIn(data, "text");
  const said = text === undefined ? {} : { textContent: text };
  switch (type) {
    case "user":
      return { ...base, role: "user", ...said, ...attached(text, data) };
    case "assistant":
      return { ...base, role: "assistant", ...answerOfVersion2(data) };
    case "shell":
      return { ...base, role: "tool", parts: shellParts(data) };
    case "synthetic":
    case "system":
      return { ...base, role: "system", ...said };
    case "compaction": {
      const { summary, time: _, ...content } = data;
      if (data.status !== "completed") return null;
      const words = typeof summary === "string" ? { textContent: summary } : {};
      return { ...base, role: "system", ...words, parts: [{ type, content }] };
    }
    default:
      return STATE_ROWS.has(type)
        ? null
        : { ...base, role: "system", ...said, parts: [{ type, content: data }] };
  }
}

function attached(text: string | undefined, data: JsonObject): { parts?: Part[] } {
  const files = [
    ...objectsIn(data, "files").map((content) => ({ type: "file", content })),
    ...objectsIn(data, "agents").map((content) => ({ type: "agent", content })),
  ];
  if (files.length === 0) return {};
  return { parts: [...(text === undefined ? [] : [{ type: "text", content: text }]), ...files] };
}

function answerOfVersion2(data: JsonObject): Partial<MessageRow> {
  const content = objectsIn(data, "content");
  const texts = content.filter(({ type }) => type === "text");
  const text = texts.map((block) => textIn(block, "text") ?? "").join("\n");
  const parts = [...content.flatMap(partsOfVersion2), ...errorPart(data)];
  const model = fieldsIn(data, "model");
  const usage = usageOf(data, textIn(model, "id"));
  const name = answeringModel(data, textIn(model, "id"), usage);
  const provider = textIn(model, "providerID");
  const time = fieldsIn(data, "time");
  const [created, completed] = [numberIn(time, "created"), numberIn(time, "completed")];
  return {
    ...(text === "" ? {} : { textContent: text }),
    ...(parts.length === 0 ? {} : { parts }),
    ...(name === undefined ? {} : { model: name }),
    ...(provider === undefined ? {} : { provider }),
    ...(created !== undefined && completed !== undefined && completed > created
      ? { durationMs: completed - created }
      : {}),
    ...usage,
  };
}

function partsOfVersion2(block: JsonObject): Part[] {
  const { type, time: _, state: _state, ...content } = block;
  if (type === "tool")
    return toolParts(textIn(block, "id"), textIn(block, "name"), fieldsIn(block, "state"));
  const text = textIn(block, "text");
  if (type === "text" || type === "reasoning")
    return text === undefined ? [] : [{ type, content: text }];
  return [{ type: typeof type === "string" ? type : "unknown", content }];
}

function shellParts(data: JsonObject): Part[] {
  const id = textIn(data, "shellID");
  const output = fieldsIn(data, "output").output ?? data.output;
  const isError = (numberIn(data, "exit") ?? 0) !== 0;
  return [
    toolCall({ id, name: "shell", args: { command: data.command } }),
    toolResult({
      id,
      name: "shell",
      output,
      isError,
      detail: { exit: data.exit, status: data.status },
    }),
  ];
}
