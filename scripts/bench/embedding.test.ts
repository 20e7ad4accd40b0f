import { expect, test } from "vitest";
import { compare } from "./budgets.ts";
import { measure, type Measurement } from "./cost.ts";
import { embeddingOperations } from "./operations.ts";
import { startWorld } from "./world.ts";

/** Small ones: every vector of the history has to be made first. */
const EMBEDDED_SCALES = [0.05, 0.25] as const;

async function measureEmbedding(scale: number): Promise<Measurement[]> {
  const world = await startWorld(scale, { embeddings: true });
  const results: Measurement[] = [];
  try {
    for (const operation of embeddingOperations) results.push(await measure(world, operation));
  } finally {
    await world.stop();
  }
  return results;
}

test("embedding reads what is new and sends it once, whatever is stored", async () => {
  const results = await Promise.all(EMBEDDED_SCALES.map(measureEmbedding));
  for (const result of results.flat()) {
    expect((compare(result) ?? []).filter(({ used, allowed }) => used > allowed)).toEqual([]);
    expect(result.embedded).toMatchObject({ requests: 1, texts: result.items });
    expect(result.embedded.characters).toBeLessThanOrEqual(result.bytesSent);
  }
}, 240_000);
