import OpenAI, { APIConnectionTimeoutError, APIError } from "openai";
import { env } from "../_generated/server";
import { maskText } from "../lib/secrets/scan";
import { utf8Length } from "../lib/text";
import { cutToFit, estimateTokens } from "../lib/search/tokens";
import { EMBEDDING_DIMENSIONS } from "../lib/embedding/vectorSpace";

const DEFAULT_MODEL = "text-embedding-3-small";

/**
 * Inputs and tokens per request. The provider accepts 2,048 and 300,000, but a default-runtime
 * action has 64 MiB, which must hold the answer's text and numbers (about 47 kB per input), and the
 * tokens are an estimate.
 */
const MAX_INPUTS = 512;
const MAX_REQUEST_TOKENS = 250_000;

/**
 * A job occupies one of the deployment's few job slots while it waits, so it fails early and is
 * retried later.
 */
const TIMEOUT_MS = 15_000;

/** No retries by the library, which would wait up to a minute: failed jobs are scheduled again. */
const MAX_RETRIES = 0;

/** How many time-outs of a request are answered by halving it, because too much text can cause one. */
const HALVED_AFTER_TIMEOUT = 1;

/** The smallest input worth halving. A model that rejects less has another reason. */
const MIN_INPUT_BYTES = 400;

/** A failure, in as much detail as callers need. `isPermanent` failures do not pass by themselves. */
export type EmbeddingFailure = {
  kind: "unconfigured" | "refused" | "rate_limited" | "unavailable" | "invalid_answer";
  message: string;
  isPermanent: boolean;
  retryAfterMs?: number;
};

/** A vector for every text in order, or the failure and the vectors so far. Never an exception. */
type EmbeddingOutcome =
  { ok: true; vectors: number[][] } | { ok: false; vectors: number[][]; failure: EmbeddingFailure };

/** The embedding server, from the deployment's environment. */
export type EmbeddingProvider = {
  apiKey: string;
  baseURL?: string;
  model: string;
  timeoutMs?: number;
  maxRetries?: number;
};

/**
 * The provider that this deployment is configured for; undefined means that nothing may be
 * embedded.
 */
export function embeddingProvider(): EmbeddingProvider | undefined {
  const apiKey = env.OPENAI_API_KEY?.trim();
  if (apiKey === undefined || apiKey === "") return undefined;
  return {
    apiKey,
    baseURL: env.OPENAI_BASE_URL?.trim() || undefined,
    model: env.OPENAI_EMBEDDING_MODEL?.trim() || DEFAULT_MODEL,
  };
}

/**
 * Embeds texts in as few requests as the provider's limits allow. On failure it also returns the
 * vectors of the leading texts, so that nothing paid for is lost. The caller retries temporary
 * failures (429, 5xx, time-outs, broken connections).
 */
export async function embedTexts(
  provider: EmbeddingProvider,
  texts: readonly string[],
): Promise<EmbeddingOutcome> {
  const { apiKey, baseURL, timeoutMs: timeout = TIMEOUT_MS, maxRetries = MAX_RETRIES } = provider;
  const client = new OpenAI({ apiKey, baseURL, timeout, maxRetries });
  const vectors: number[][] = [];
  for (const batch of requestsOf(texts)) {
    const outcome = await embedBatch(client, provider.model, batch);
    vectors.push(...outcome.vectors);
    if (!outcome.ok) return { ...outcome, vectors };
  }
  return { ok: true, vectors };
}

/** Groups texts, in order, into requests within the provider's limits. */
export function requestsOf(texts: readonly string[]): string[][] {
  const requests: string[][] = [];
  let tokens = Infinity;
  for (const text of texts) {
    const more = estimateTokens(text);
    const last = requests[requests.length - 1];
    if (last === undefined || last.length >= MAX_INPUTS || tokens + more > MAX_REQUEST_TOKENS) {
      requests.push([text]);
      tokens = more;
    } else {
      last.push(text);
      tokens += more;
    }
  }
  return requests;
}

/**
 * Sends one request. A request that the provider finds too large (its limits differ, and tokens are
 * estimated) is sent in halves; a single text that is still too large is cut.
 */
async function embedBatch(
  client: OpenAI,
  model: string,
  texts: string[],
  timeouts = 0,
): Promise<EmbeddingOutcome> {
  try {
    return { ok: true, vectors: await request(client, model, texts) };
  } catch (error) {
    const failure = failureOf(error);
    const isTimeout = error instanceof APIConnectionTimeoutError;
    const seen = timeouts + (isTimeout ? 1 : 0);
    const isTooMuch = isTooLarge(error) || (isTimeout && seen <= HALVED_AFTER_TIMEOUT);
    if (!isTooMuch) return { ok: false, vectors: [], failure };
    if (texts.length > 1) return await embedHalves(client, model, texts, seen);
    const shorter = isTimeout ? undefined : halved(texts[0] ?? "");
    if (shorter === undefined) return { ok: false, vectors: [], failure };
    return await embedBatch(client, model, [shorter], seen);
  }
}

async function embedHalves(
  client: OpenAI,
  model: string,
  texts: string[],
  timeouts: number,
): Promise<EmbeddingOutcome> {
  const middle = Math.ceil(texts.length / 2);
  const first = await embedBatch(client, model, texts.slice(0, middle), timeouts);
  if (!first.ok) return first;
  const second = await embedBatch(client, model, texts.slice(middle), timeouts);
  return { ...second, vectors: [...first.vectors, ...second.vectors] };
}

function halved(text: string): string | undefined {
  const bytes = utf8Length(text) / 2;
  if (bytes < MIN_INPUT_BYTES) return undefined;
  return cutToFit(text, (head) => utf8Length(head) <= bytes);
}

async function request(client: OpenAI, model: string, input: string[]): Promise<number[][]> {
  const answer: unknown = await client.embeddings.create({
    model,
    // The last safeguard: no secret is sent, whatever the texts are.
    input: input.map(maskText),
    dimensions: EMBEDDING_DIMENSIONS,
    // Base64 is smaller, but not every compatible server supports it.
    encoding_format: "float",
  });
  return readVectors(answer, input.length);
}

/** Validates the answer like any external input, because servers that claim compatibility differ. */
function readVectors(answer: unknown, count: number): number[][] {
  const data = fieldOf(answer, "data");
  if (!Array.isArray(data) || data.length !== count) {
    throw new InvalidAnswer(`The embedding server did not answer with ${count} embeddings.`);
  }
  const vectors: number[][] = [];
  for (const [i, item] of data.entries()) {
    const index = fieldOf(item, "index");
    vectors[typeof index === "number" ? index : i] = readVector(fieldOf(item, "embedding"));
  }
  if (vectors.length !== count || Object.keys(vectors).length !== count) {
    throw new InvalidAnswer("The embedding server numbered its embeddings wrongly.");
  }
  return vectors;
}

function readVector(value: unknown): number[] {
  if (!Array.isArray(value) || !value.every(isFinite)) {
    throw new InvalidAnswer(
      "The embedding server sent an embedding that is not a list of numbers.",
    );
  }
  if (value.length !== EMBEDDING_DIMENSIONS) {
    throw new InvalidAnswer(
      `The embedding model answered ${value.length} dimensions instead of ${EMBEDDING_DIMENSIONS}.`,
    );
  }
  return value;
}

function isFinite(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(name);
}

class InvalidAnswer extends Error {}

function isTooLarge(error: unknown): boolean {
  return error instanceof APIError && (error.status === 400 || error.status === 413);
}

function failureOf(error: unknown): EmbeddingFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof InvalidAnswer) return { kind: "invalid_answer", message, isPermanent: true };
  if (error instanceof APIConnectionTimeoutError || !(error instanceof APIError)) {
    // Any other error means that the answer could not be parsed: a proxy's page, a truncated body.
    return { kind: "unavailable", message, isPermanent: false };
  }
  const status: unknown = error.status;
  if (status === 429) {
    // "insufficient_quota" is a 429 too, and waiting does not refill an account.
    const isPermanent = error.code === "insufficient_quota";
    return { kind: "rate_limited", message, isPermanent, retryAfterMs: retryAfterOf(error) };
  }
  if (typeof status !== "number" || status >= 500 || status === 408 || status === 409) {
    return { kind: "unavailable", message, isPermanent: false, retryAfterMs: retryAfterOf(error) };
  }
  return { kind: "refused", message, isPermanent: true };
}

/** Parses `Retry-After` in its two forms: seconds or a date. */
function retryAfterOf(error: { headers?: Headers }): number | undefined {
  const value = error.headers?.get("retry-after");
  if (value === null || value === undefined) return undefined;
  const seconds = Number(value);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wait) && wait > 0 ? wait : undefined;
}
