import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { parseJson } from "../values/json.ts";
import { DIMENSIONS, embed } from "./vectors.ts";

interface EmbeddingsRequest {
  input?: unknown;
  model?: string;
  dimensions?: number;
  encoding_format?: string;
}

/** The API's limit of inputs per request; none may be empty. */
const MAX_INPUTS = 2048;

function inputsOf({ input }: EmbeddingsRequest): string[] | null {
  const inputs: unknown[] = Array.isArray(input) ? input : [input];
  const texts = inputs.filter((text): text is string => typeof text === "string" && text !== "");
  return texts.length === inputs.length && texts.length > 0 && texts.length <= MAX_INPUTS
    ? texts
    : null;
}

function answer(request: EmbeddingsRequest): { status: number; body: unknown } {
  const inputs = inputsOf(request);
  if (inputs === null) {
    const message = `'input' must be 1 to ${MAX_INPUTS} nonempty strings`;
    return {
      status: 400,
      body: { error: { message, type: "invalid_request_error", param: "input" } },
    };
  }
  const data = inputs.map((text, index) => {
    const vector = embed(text, request.dimensions ?? DIMENSIONS);
    const embedding =
      request.encoding_format === "base64"
        ? Buffer.from(vector.buffer).toString("base64")
        : Array.from(vector);
    return { object: "embedding", index, embedding };
  });
  const tokens = Math.ceil(inputs.join(" ").length / 4);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  return { status: 200, body: { object: "list", data, model: request.model ?? "local", usage } };
}

async function readJson(message: IncomingMessage): Promise<EmbeddingsRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return parseJson<EmbeddingsRequest>(Buffer.concat(chunks).toString("utf8"));
}

/**
 * Starts an OpenAI-compatible `/v1/embeddings` on loopback, on a free port and with its own key. With
 * `OPENAI_BASE_URL` set to it, the real `openai` client works offline. `onInputs` is called for every valid
 * request.
 */
export async function startEmbeddings(onInputs?: (texts: string[]) => void): Promise<{
  url: string;
  key: string;
  stop: () => Promise<void>;
}> {
  const key = `sk-local-${randomBytes(16).toString("hex")}`;
  const server = createServer((message, response) => {
    const reply = (status: number, body: unknown) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body));
    };
    if (message.url !== "/v1/embeddings" || message.method !== "POST")
      reply(404, { error: { message: "Not found" } });
    else if (message.headers.authorization !== `Bearer ${key}`)
      reply(401, { error: { message: "Incorrect API key" } });
    else
      readJson(message).then(
        (request) => {
          const { status, body } = answer(request);
          const inputs = inputsOf(request);
          if (inputs !== null) onInputs?.(inputs);
          reply(status, body);
        },
        () => {
          reply(400, { error: { message: "The body is not JSON" } });
        },
      );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}/v1`, key, stop };
}
