/**
 * What the consumers accept, as JSON Schema (draft 2020-12). DeepEval and promptfoo ignore or refuse
 * unknown fields differently; here none is allowed, so that a misspelt field is caught.
 */

/** `ToolCall` of DeepEval 4.1.10 (`deepeval/test_case/llm_test_case.py`). */
const deepevalToolCall = {
  type: "object",
  required: ["name"],
  additionalProperties: false,
  properties: {
    name: { type: "string" },
    type: { enum: ["FUNCTION", "MCP"] },
    description: { type: ["string", "null"] },
    reasoning: { type: ["string", "null"] },
    output: true,
    input_parameters: { type: ["object", "null"] },
  },
};

const strings = { type: ["array", "null"], items: { type: "string" } };
const text = { type: ["string", "null"] };

/** `Golden` of DeepEval 4.1.10 (`deepeval/dataset/golden.py`), as its JSON loader reads it. */
export const deepevalGolden = {
  type: "object",
  required: ["input"],
  additionalProperties: false,
  properties: {
    input: { type: "string", not: { pattern: "\\[DEEPEVAL:IMAGE:" } },
    actual_output: { type: ["string", "null"], not: { pattern: "\\[DEEPEVAL:IMAGE:" } },
    expected_output: text,
    retrieval_context: strings,
    context: strings,
    name: text,
    comments: text,
    source_file: text,
    tools_called: { type: ["array", "null"], items: deepevalToolCall },
    expected_tools: { type: ["array", "null"], items: deepevalToolCall },
    additional_metadata: { type: ["object", "null"] },
    custom_column_key_values: {
      type: ["object", "null"],
      additionalProperties: { type: "string" },
    },
  },
};

/** `ConversationalGolden` and `Turn` of DeepEval 4.1.10. */
export const deepevalConversationalGolden = {
  type: "object",
  required: ["scenario", "turns"],
  additionalProperties: false,
  properties: {
    scenario: { type: "string", minLength: 1 },
    turns: {
      type: "array",
      items: {
        type: "object",
        required: ["role", "content"],
        additionalProperties: false,
        properties: {
          role: { enum: ["user", "assistant"] },
          content: { type: "string" },
          user_id: text,
          retrieval_context: strings,
          tools_called: { type: ["array", "null"], items: deepevalToolCall },
          metadata: { type: ["object", "null"] },
        },
      },
    },
    expected_outcome: text,
    user_description: text,
    context: strings,
    name: text,
    comments: text,
    additional_metadata: { type: ["object", "null"] },
    custom_column_key_values: {
      type: ["object", "null"],
      additionalProperties: { type: "string" },
    },
  },
};

/** `TestCaseSchema` of promptfoo 0.123.1, the fields that a file of tests may hold. */
export const promptfooTestCase = {
  type: "object",
  additionalProperties: false,
  properties: {
    description: { type: "string" },
    // An array would multiply the case, so only texts.
    vars: { type: "object", additionalProperties: { type: "string" } },
    providerOutput: { type: "string", minLength: 1 },
    assert: {
      type: "array",
      items: {
        type: "object",
        required: ["type"],
        additionalProperties: false,
        properties: {
          // Any text passes promptfoo's own schema; an unknown one fails only when it runs.
          type: { enum: ["icontains", "rouge-n", "llm-rubric"] },
          value: { type: "string" },
          threshold: { type: "number" },
          weight: { type: "number" },
          metric: { type: "string" },
        },
      },
    },
    threshold: { type: "number" },
    metadata: { type: "object" },
  },
};

/** `ChatMessage` of Inspect AI (`inspect_ai/model/_chat_message.py`), as `json_dataset` reads it. */
const inspectMessage = {
  type: "object",
  required: ["role", "content"],
  additionalProperties: false,
  properties: {
    role: { enum: ["system", "user", "assistant", "tool"] },
    content: {
      anyOf: [
        { type: "string" },
        {
          type: "array",
          items: {
            type: "object",
            required: ["type"],
            properties: { type: { enum: ["text", "reasoning"] } },
          },
        },
      ],
    },
    tool_calls: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        required: ["id", "function", "arguments"],
        additionalProperties: false,
        properties: {
          id: { type: "string" },
          function: { type: "string" },
          arguments: { type: "object" },
        },
      },
    },
    tool_call_id: { type: "string" },
    function: { type: "string" },
    error: {
      type: "object",
      required: ["type", "message"],
      properties: { type: { enum: ["unknown"] }, message: { type: "string" } },
    },
  },
};

/** `Sample` of Inspect AI (`inspect_ai/dataset/_dataset.py`). */
export const inspectSample = {
  type: "object",
  required: ["id", "input", "target"],
  additionalProperties: false,
  properties: {
    id: { type: "string" },
    input: { type: "array", minItems: 1, items: inspectMessage },
    target: { type: "string" },
    metadata: {
      type: "object",
      properties: { recorded: { type: "array", items: inspectMessage } },
    },
  },
};

/** `CreateDatasetItemRequest` of Langfuse's public API. */
export const langfuseItem = {
  type: "object",
  required: ["datasetName"],
  additionalProperties: false,
  properties: {
    datasetName: { type: "string", minLength: 1 },
    id: { type: "string", minLength: 1 },
    input: true,
    expectedOutput: true,
    metadata: true,
    sourceTraceId: { type: "string", pattern: "^[0-9a-f]{32}$" },
    sourceObservationId: { type: "string" },
    status: { enum: ["ACTIVE", "ARCHIVED"] },
  },
};

const otelParts = {
  type: "array",
  items: {
    type: "object",
    required: ["type"],
    oneOf: [
      {
        required: ["content"],
        properties: { type: { enum: ["text", "reasoning"] }, content: { type: "string" } },
      },
      {
        required: ["name"],
        properties: {
          type: { const: "tool_call" },
          id: { type: ["string", "null"] },
          name: { type: "string" },
        },
      },
      {
        required: ["response"],
        properties: { type: { const: "tool_call_response" }, id: { type: ["string", "null"] } },
      },
    ],
  },
};

/** `gen_ai.input.messages` of the GenAI semantic conventions (status: Development). */
export const otelInputMessages = {
  type: "array",
  items: {
    type: "object",
    required: ["role", "parts"],
    properties: { role: { enum: ["system", "user", "assistant", "tool"] }, parts: otelParts },
  },
};

/** `gen_ai.output.messages`. */
export const otelOutputMessages = {
  type: "array",
  items: {
    type: "object",
    required: ["role", "parts", "finish_reason"],
    properties: {
      role: { const: "assistant" },
      parts: otelParts,
      finish_reason: { enum: ["stop", "length", "content_filter", "tool_call", "error"] },
    },
  },
};
