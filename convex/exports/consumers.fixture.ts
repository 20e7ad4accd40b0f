import { Ajv2020 } from "ajv/dist/2020";
import type OpenAI from "openai";
import { expect } from "vitest";
import { otelInputMessages, otelOutputMessages } from "./schemas.fixture";

/** What consumers of exports check when they take a file in, where they check more than a schema. */

const ajv = new Ajv2020({ allowUnionTypes: true });
const validInput = ajv.compile(otelInputMessages);
const validOutput = ajv.compile(otelOutputMessages);

/** A line of OpenAI's fine-tuning. */
export type Fine = {
  messages: OpenAI.Chat.ChatCompletionMessageParam[];
  tools?: OpenAI.Chat.ChatCompletionFunctionTool[];
};

/** The pairing rules that OpenAI checks when a fine-tuning file is taken in. */
export function expectFineTunable({ messages, tools = [] }: Fine): void {
  let waiting: string[] = [];
  let before = "";
  for (const one of messages) {
    if (one.role === "tool") {
      expect(waiting).toContain(one.tool_call_id);
      waiting = waiting.filter((id) => id !== one.tool_call_id);
      expect(typeof one.content).toBe("string");
      before = one.role;
      continue;
    }
    expect(waiting).toEqual([]);
    expect(one.role, "one speaker in a row is one message").not.toBe(before);
    before = one.role;
    if (one.role !== "assistant") continue;
    for (const call of one.tool_calls ?? []) {
      if (call.type !== "function") throw new Error("only function calls are written");
      expect(call.id.length).toBeLessThanOrEqual(40);
      expect(call.function.name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      expect(JSON.parse(call.function.arguments)).toBeTypeOf("object");
      expect(tools.map((tool) => tool.function.name)).toContain(call.function.name);
      waiting.push(call.id);
    }
    if (one.content === null) expect(one.tool_calls?.length).toBeGreaterThan(0);
  }
  expect(waiting).toEqual([]);
  expect(tools.map((tool) => tool.function.name)).not.toContain("unknown");
  expect(messages[messages.length - 1]?.role).toBe("assistant");
}

/** A line of ShareGPT. */
export type ShareGpt = {
  conversations: { from: string; value: string }[];
  system?: string;
  tools?: string;
};

/** LLaMA-Factory's rules: sides alternate, an even number of entries, calls are JSON with a name. */
export function expectAlternating({ conversations }: ShareGpt): void {
  expect(conversations.length % 2).toBe(0);
  conversations.forEach(({ from, value }, at) => {
    expect(at % 2 === 0 ? ["human", "observation"] : ["gpt", "function_call"]).toContain(from);
    if (from !== "function_call") return;
    const calls = [JSON.parse(value)].flat() as { name: string; arguments: object }[];
    for (const call of calls)
      expect([typeof call.name, typeof call.arguments]).toEqual(["string", "object"]);
  });
}

type Attribute = { key: string; value: { stringValue?: string; intValue?: string } };
type Span = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status?: { code: number };
  attributes: Attribute[];
};

/** A line of OTLP/JSON. */
export type Otlp = { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };

/** The spans of a line, checked as a collector and the conventions' schemas check them. */
export function spansIn({ resourceSpans }: Otlp) {
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  const ids = new Set(spans.map(({ spanId }) => spanId));
  expect(ids.size).toBe(spans.length);
  return spans.map((span) => {
    expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(span.spanId).toMatch(/^[0-9a-f]{16}$/);
    if (span.parentSpanId !== undefined) expect(ids).toContain(span.parentSpanId);
    expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true);
    const attributes: { [key: string]: string | undefined } = {};
    for (const { key, value } of span.attributes) {
      attributes[key] = value.stringValue ?? value.intValue;
    }
    const input = attributes["gen_ai.input.messages"];
    const output = attributes["gen_ai.output.messages"];
    if (input !== undefined) expect(validInput(JSON.parse(input)) || validInput.errors).toBe(true);
    if (output !== undefined) {
      expect(validOutput(JSON.parse(output)) || validOutput.errors).toBe(true);
    }
    return { ...span, attributes };
  });
}
