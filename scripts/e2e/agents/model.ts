import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A call that the model makes, and what the agent sent back for it. */
export type Step = { tool: string; args: object; output?: string };

type Body = {
  model?: string;
  tools?: { name?: string; type?: string; tools?: { name: string }[] }[];
  messages?: { content: string | Block[] }[];
  input?: Block[];
};
type Block = {
  type: string;
  tool_use_id?: string;
  call_id?: string;
  content?: unknown;
  output?: unknown;
};

/**
 * Starts a model that follows a script: it calls the tools of one MCP server in order, and then ends its turn. Speaks
 * Anthropic's Messages API (Claude Code) and OpenAI's Responses API (Codex), both streamed.
 */
export async function startModel(script: readonly Omit<Step, "output">[]) {
  const steps: Step[] = script.map((step) => ({ ...step }));
  const prompts: string[] = [];
  const server = createServer((request, response) => {
    void read(request).then((text) => {
      const path = (request.url ?? "").split("?")[0];
      const body = (text === "" ? {} : JSON.parse(text)) as Body;
      prompts.push(text);
      if (request.method === "POST" && path === "/v1/messages")
        answerMessages(body, steps, response);
      else if (request.method === "POST" && path === "/v1/responses")
        answerResponses(body, steps, response);
      else response.writeHead(404, { "Content-Type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    steps,
    /** Whether the agent showed the model a text. */
    isShown: (text: string) => prompts.some((prompt) => prompt.includes(text)),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function stream(response: ServerResponse, events: readonly Event[]): void {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  for (const event of events) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}

type Event = { type: string; [field: string]: unknown };

const idOf = (n: number) => `call_${n}`;

/** Notes the outputs that an agent sent back, and returns the next step. */
function nextStep(steps: Step[], outputs: Iterable<[id: string | undefined, output: unknown]>) {
  for (const [id, output] of outputs) {
    const n = steps.findIndex((_, at) => idOf(at) === id);
    const step = steps[n];
    if (step !== undefined) step.output = JSON.stringify(output);
  }
  const n = steps.findIndex(({ output }) => output === undefined);
  const step = steps[n];
  return step === undefined ? undefined : { ...step, id: idOf(n) };
}

function answerMessages(body: Body, steps: Step[], response: ServerResponse): void {
  const names = (body.tools ?? []).map(({ name = "" }) => name);
  const blocks = (body.messages ?? []).flatMap(({ content }) =>
    typeof content === "string" ? [] : content,
  );
  const results = blocks.filter(({ type }) => type === "tool_result");
  const step = nextStep(
    steps,
    results.map(({ tool_use_id, content }) => [tool_use_id, content]),
  );
  const name = names.find((one) => step !== undefined && one.endsWith(`__${step.tool}`));
  const [block, delta, reason] =
    step !== undefined && name !== undefined
      ? [
          { type: "tool_use", id: step.id, name, input: {} },
          { type: "input_json_delta", partial_json: JSON.stringify(step.args) },
          "tool_use",
        ]
      : [{ type: "text", text: "" }, { type: "text_delta", text: "Done." }, "end_turn"];
  const usage = { input_tokens: 10, output_tokens: 10 };
  const { model = "" } = body;
  stream(response, [
    {
      type: "message_start",
      message: {
        ...{ id: "msg_1", type: "message", role: "assistant", model, content: [] },
        ...{ stop_reason: null, stop_sequence: null, usage },
      },
    },
    { type: "content_block_start", index: 0, content_block: block },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: reason, stop_sequence: null }, usage },
    { type: "message_stop" },
  ]);
}

function answerResponses(body: Body, steps: Step[], response: ServerResponse): void {
  const results = (body.input ?? []).filter(({ type }) => type === "function_call_output");
  const step = nextStep(
    steps,
    results.map(({ call_id, output }) => [call_id, output]),
  );
  const item =
    step === undefined
      ? {
          ...{ type: "message", id: "msg_1", role: "assistant" },
          content: [{ type: "output_text", text: "Done.", annotations: [] }],
        }
      : { type: "function_call", id: `fc_${step.id}`, call_id: step.id, ...callOf(body, step) };
  const usage = {
    ...{ input_tokens: 10, output_tokens: 10, total_tokens: 20 },
    ...{ input_tokens_details: null, output_tokens_details: null },
  };
  stream(response, [
    { type: "response.created", response: { id: "resp_1" } },
    { type: "response.output_item.done", output_index: 0, item },
    { type: "response.completed", response: { id: "resp_1", usage } },
  ]);
}

/** Names a tool as the agent lists it: alone, or in a namespace of its server. */
function callOf({ tools = [] }: Body, { tool, args }: Step): object {
  const rest = { arguments: JSON.stringify(args) };
  for (const { name = "", tools: inner = [] } of tools) {
    if (name.endsWith(`__${tool}`)) return { name, ...rest };
    if (inner.some((one) => one.name === tool)) return { name: tool, namespace: name, ...rest };
  }
  return { name: tool, ...rest };
}
