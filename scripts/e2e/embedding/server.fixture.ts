import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the stand-in was asked for. */
type EmbeddingRequest = { input: string[]; model: string; dimensions?: number };

/** A misbehaviour for the next request; undefined answers well. */
export type Fault = (response: ServerResponse, request: EmbeddingRequest) => void;

/** An embedding server on loopback that speaks real HTTP and fails when told to. */
export type Provider = {
  url: string;
  requests: EmbeddingRequest[];
  /** One entry a request, in order; `undefined` answers well. */
  faults: Array<Fault | undefined>;
  /** Used for every request for which no fault is queued. */
  always?: Fault;
  close: () => Promise<void>;
};

export const DIMENSIONS = 1536;

/** A vector with words hashed into it: texts that share words are near each other. */
export function vectorOf(text: string, dimensions = DIMENSIONS): number[] {
  const vector = Array.from({ length: dimensions }, () => 0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    let hash = 2166136261;
    for (const character of word)
      hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
    const at = (hash >>> 0) % dimensions;
    vector[at] = (vector[at] ?? 0) + 1;
  }
  const norm = Math.hypot(...vector) || 1;
  return vector.map((value) => value / norm);
}

export const answer = (input: string[], dimensions?: number) => ({
  object: "list",
  data: input.map((text, index) => ({
    object: "embedding",
    index,
    embedding: vectorOf(text, dimensions),
  })),
  model: "stand-in",
  usage: { prompt_tokens: 1, total_tokens: 1 },
});

/** Answers with a status, a body and headers. */
export const respond =
  (status: number, body: unknown, headers: Record<string, string> = {}): Fault =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };

/** Starts the server on a free loopback port. */
export async function startProvider(): Promise<Provider> {
  const provider: Provider = { url: "", requests: [], faults: [], close: async () => {} };
  const server = createServer((incoming, response) => {
    void readBody(incoming).then((text) => {
      const request = JSON.parse(text) as EmbeddingRequest;
      provider.requests.push(request);
      const fault = provider.faults.length > 0 ? provider.faults.shift() : provider.always;
      if (fault !== undefined) fault(response, request);
      else respond(200, answer(request.input))(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  provider.close = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return provider;
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request) text += String(piece);
  return text;
}
