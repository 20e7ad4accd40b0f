import { expect, test } from "vitest";
import { compare } from "./budgets.ts";
import { measure, type Measurement, type Operation } from "./cost.ts";
import { embeddingOperations, meaningOperations, withFewerRequests } from "./operations.ts";
import { startWorld } from "./world.ts";

/** Small histories, because every vector must be computed first. */
const EMBEDDED_SCALES = [0.05, 0.25] as const;
/** Tools leave out sessions that just changed: those of the smallest history are too few, so that a search reads on. */
const READS_ON = /^tools\/call/;

type Result = { operation: Operation; measured: Measurement };

async function measureAll(operations: readonly Operation[], scale: number): Promise<Result[]> {
  const world = await startWorld(scale, { embeddings: true });
  const results: Result[] = [];
  try {
    for (const operation of operations) {
      results.push({ operation, measured: await measure(world, operation) });
    }
  } finally {
    await world.stop();
  }
  return results;
}

test("embedding and vector search keep their budgets and send each text once, however much is stored", async () => {
  const operations = [...embeddingOperations, ...meaningOperations.map(withFewerRequests)];
  // In parallel, because most of the time is spent waiting for scheduled functions.
  const results = await Promise.all(
    EMBEDDED_SCALES.map((scale, at) =>
      measureAll(
        operations.filter(({ name }) => at > 0 || !READS_ON.test(name)),
        scale,
      ),
    ),
  );
  for (const { operation, measured } of results.flat()) {
    const excess = (compare(measured) ?? []).filter(({ used, allowed }) => used > allowed);
    expect({ name: operation.name, excess }).toEqual({ name: operation.name, excess: [] });
    // A search sends only its query, not the texts it finds. New turns are sent once, in two requests:
    // the last of them when it has been quiet for half a minute.
    const { requests: searches = 1 } = operation;
    const isSearch = operation.account === "request";
    const texts = isSearch ? searches : operation.items;
    expect(measured.embedded).toMatchObject({ requests: isSearch ? searches : 2, texts });
  }
}, 240_000);
