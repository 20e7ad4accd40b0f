import { type ChatTurn, chatTurns } from "./chat";
import { JSON_LINES, jsonLine, titleOf } from "./common";
import { callArguments, conversation, outputText } from "./conversation";
import { spanIdOf, traceIdOf } from "./traceIds";
import type { ExportFormat, ExportMessage, ExportSession } from "./types";

/**
 * OpenTelemetry spans with the GenAI conventions, one OTLP/JSON request per line, as collectors
 * read files (`otlpjsonfile`): one span for the session, one per answer, one per tool call.
 * Messages are JSON text in attributes, with the schemas of the conventions.
 */
export const otel: ExportFormat = {
  ...JSON_LINES,
  usage: () =>
    'while read -r line; do curl -H "Content-Type: application/json" -d "$line" COLLECTOR:4318/v1/traces; done < FILE',
  isWhole: () => true,
  render: (session) => {
    const spans = spansOf(session);
    if (spans.length === 0) return [];
    const resource = {
      attributes: attributes({
        "service.name": session.source,
        "opensync.project": session.projectName ?? session.projectPath,
      }),
    };
    const scopeSpans = [{ scope: { name: "opensync", version: "1" }, spans }];
    return [jsonLine({ resourceSpans: [{ resource, scopeSpans }] })];
  },
};

type Value = string | number | boolean | undefined;
type Attribute = { key: string; value: object };

/** Span kinds of OTLP. */
const INTERNAL = 1;
const CLIENT = 3;
/** Status codes of OTLP. */
const ERROR = 2;

function spansOf(session: ExportSession) {
  const turns = chatTurns(conversation(session.messages));
  const { externalId, messages, from } = session;
  const first = messages[0];
  if (first === undefined) return [];
  const end = messages.reduce((latest, message) => Math.max(latest, endOf(message)), 0);
  const root = spanIdOf(externalId, `session:${from}`);
  const agent = span(session, root, undefined, "invoke_agent", INTERNAL, [first.createdAt, end], {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": session.source,
    "opensync.title": titleOf(session),
    "opensync.eval_status": session.evalStatus,
    "gen_ai.system_instructions": instructions(turns),
  });
  return [agent, ...turns.flatMap((turn, at) => turnSpans(session, root, turns, turn, at))];
}

/** The spans of an answer and of the tools it used. */
function turnSpans(
  session: ExportSession,
  parent: string,
  turns: readonly ChatTurn[],
  turn: ChatTurn,
  at: number,
) {
  const [message] = turn.steps.map((step) => step.message);
  if (turn.role !== "assistant" || message === undefined) return [];
  const times = timesOf(turn.steps.map((step) => step.message));
  const id = spanIdOf(session.externalId, `chat:${session.from}:${at}`);
  const chat = span(session, id, parent, "chat", CLIENT, times, {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": message.model ?? session.model,
    "gen_ai.response.model": message.model,
    "gen_ai.provider.name": message.provider ?? session.provider ?? "unknown",
    "gen_ai.usage.input_tokens": message.promptTokens,
    "gen_ai.usage.output_tokens": message.completionTokens,
    "gen_ai.usage.cache_read.input_tokens": message.cacheReadTokens,
    "gen_ai.usage.cache_creation.input_tokens": message.cacheWriteTokens,
    "gen_ai.input.messages": JSON.stringify(asked(turns, at).map(inputMessage)),
    "gen_ai.output.messages": JSON.stringify([outputMessage(turn)]),
  });
  return [chat, ...toolSpans(session, id, turn, times)];
}

function toolSpans(session: ExportSession, parent: string, turn: ChatTurn, times: Times) {
  return turn.calls.map(({ id, call }) => ({
    ...span(session, spanIdOf(parent, id), parent, `execute_tool ${call.name}`, INTERNAL, times, {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": call.name,
      "gen_ai.tool.call.id": id,
      "gen_ai.tool.call.arguments": JSON.stringify(callArguments(call)),
      "gen_ai.tool.call.result": call.isAnswered ? outputText(call) : undefined,
      "error.type": call.isError ? "_OTHER" : undefined,
    }),
    ...(call.isError ? { status: { code: ERROR } } : {}),
  }));
}

/** The turns between an answer and the one before it; earlier ones are in the previous spans. */
function asked(turns: readonly ChatTurn[], at: number): ChatTurn[] {
  const before = turns.slice(0, at);
  const last = before.reduce(
    (found, { role }, index) => (role === "assistant" ? index : found),
    -1,
  );
  return before.slice(Math.max(last, 0));
}

/** Converts a turn to an input message of the conventions, with tool results as parts. */
function inputMessage(turn: ChatTurn) {
  return { role: turn.role, parts: partsOf(turn, true) };
}

function outputMessage(turn: ChatTurn) {
  const finish_reason = turn.calls.length > 0 ? "tool_call" : "stop";
  return { role: "assistant", parts: partsOf(turn, false), finish_reason };
}

function partsOf({ text, thinking, calls }: ChatTurn, withResults: boolean) {
  return [
    ...(thinking === "" ? [] : [{ type: "reasoning", content: thinking }]),
    ...(text === "" ? [] : [{ type: "text", content: text }]),
    ...calls.map(({ id, call }) => ({
      ...{ type: "tool_call", id, name: call.name, arguments: callArguments(call) },
    })),
    ...calls
      .filter(({ call }) => withResults && call.isAnswered)
      .map(({ id, call }) => ({ type: "tool_call_response", id, response: outputText(call) })),
  ];
}

function instructions(turns: readonly ChatTurn[]): string | undefined {
  const system = turns.filter(({ role }) => role === "system");
  const parts = system.map(({ text }) => ({ type: "text", content: text }));
  return parts.length === 0 ? undefined : JSON.stringify(parts);
}

type Times = [start: number, end: number];

function timesOf(messages: readonly ExportMessage[]): Times {
  const start = Math.min(...messages.map(({ createdAt }) => createdAt));
  return [start, Math.max(...messages.map(endOf))];
}

const endOf = ({ createdAt, durationMs = 0 }: ExportMessage) => createdAt + durationMs;

function span(
  { externalId }: ExportSession,
  spanId: string,
  parentSpanId: string | undefined,
  name: string,
  kind: number,
  [start, end]: Times,
  values: { [key: string]: Value },
) {
  return {
    traceId: traceIdOf(externalId),
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind,
    startTimeUnixNano: nanos(start),
    endTimeUnixNano: nanos(end),
    attributes: attributes({ "gen_ai.conversation.id": externalId, ...values }),
  };
}

/** Nanoseconds exceed the exact numbers of JSON, so OTLP writes them as text. */
const nanos = (ms: number) => `${Math.round(ms)}000000`;

function attributes(values: { [key: string]: Value }): Attribute[] {
  return Object.entries(values).flatMap(([key, value]): Attribute[] => {
    if (value === undefined) return [];
    if (typeof value === "string") return [{ key, value: { stringValue: value } }];
    if (typeof value === "boolean") return [{ key, value: { boolValue: value } }];
    return [{ key, value: { intValue: String(Math.round(value)) } }];
  });
}
