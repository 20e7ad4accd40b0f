import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEmbeddings } from "./server.ts";

let server: Awaited<ReturnType<typeof startEmbeddings>>;
let client: OpenAI;

beforeAll(async () => {
  server = await startEmbeddings();
  client = new OpenAI({ apiKey: server.key, baseURL: server.url, maxRetries: 0 });
});
afterAll(() => server.stop());

async function embed(...input: string[]): Promise<number[][]> {
  const { data } = await client.embeddings.create({ model: "text-embedding-3-small", input });
  return data.map(({ embedding }) => embedding);
}

const dot = (a: number[] = [], b: number[] = []) =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);

describe("embeddings offline", () => {
  test("work with the openai client: 1,536 dimensions of unit length, in order, deterministic", async () => {
    const [first, second] = await embed("deploy the database", "a cat");
    expect(first).toHaveLength(1536);
    expect(dot(first, first)).toBeCloseTo(1, 4);
    expect(await embed("a cat")).toEqual([second]);
    const floats = await client.embeddings.create({
      model: "m",
      input: "a cat",
      encoding_format: "float",
    });
    expect(floats.data[0]?.embedding).toEqual(second);
  });

  test("place texts that share words, or parts of words, near each other", async () => {
    const [query, near, part, far] = await embed(
      "retry uploads that fail",
      "uploads are retried when they fail",
      "retrying an upload",
      "the weather in lisbon",
    );
    expect(dot(query, near)).toBeGreaterThan(dot(query, part));
    expect(dot(query, part)).toBeGreaterThan(dot(query, far) + 0.05);
  });

  test("refuse a wrong key and an empty input", async () => {
    const stranger = new OpenAI({ apiKey: "sk-wrong", baseURL: server.url, maxRetries: 0 });
    await expect(stranger.embeddings.create({ model: "m", input: "x" })).rejects.toMatchObject({
      status: 401,
    });
    await expect(embed("")).rejects.toMatchObject({ status: 400 });
  });
});
