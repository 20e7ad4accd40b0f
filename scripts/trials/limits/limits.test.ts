import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newTokenSigner, type TokenSigner } from "../../local/auth/tokenSigner.ts";
import { startTestEngine, type TestEngine, type TestUser } from "../../local/testing.ts";
import { worstInputs } from "./inputs.ts";
import { readEverything } from "./reads.ts";

/**
 * The worst of `npm run trial:limits`, on an engine that ends when its functions run out of a deployment's 64 MiB,
 * and refuses a query or mutation that runs for a second.
 */
let engine: TestEngine;
let ada: TestUser;
let signer: TokenSigner;

beforeAll(async () => {
  signer = await newTokenSigner();
  const limits = { RATE_LIMIT_READ: "off", RATE_LIMIT_SEARCH: "off", RATE_LIMIT_EXPORT: "off" };
  const env = { ...signer.env, ...limits };
  engine = await startTestEngine({ env, heapMiB: 64, measuresHeap: false, embeddings: false });
  ada = await engine.createUser();
}, 60_000);
afterAll(() => engine.stop());

/** The reads that hold most of a message; the trial has all of them. */
const READS =
  /^(pages of|export (json|jsonl|markdown|csv|deepeval|otel)$|shar|getPublic|sessions:get|page .sessions|MCP get_m|evals:generateEvalExport json)/;
/** One read for each kind of writer, because masking keys adds the same cost to every read. */
const MASKED_READS = /^(export (json|markdown|deepeval)$|shar|sessions:get|page .sessions)/;

const INPUTS = new Map([
  ["a text of 7 MB: one character beyond Latin-1", READS],
  ["7 MB as one tool result: keys of an API", MASKED_READS],
]);

/** A portion of a long message is at most 1.25 MiB; an export's page may add one to another. */
const READ_MAX_BYTES = 2.6 * 1024 * 1024;

test.each(worstInputs().filter(({ name }) => INPUTS.has(name)))(
  "$name: stored and read within 64 MiB, each query reading a small part of it",
  async ({ name: input, path, body, session = "" }) => {
    const sent = { method: "POST", key: ada.apiKey, body: body() as string };
    const answer = await engine.request(path, sent);
    expect(answer.status).toBe(200);
    await engine.settle(60_000);
    engine.resetPeaks();
    const token = () => signer.tokenOf(engine.url, ada.userId);
    const reader = { engine: () => engine, key: ada.apiKey, userId: ada.userId, token };
    const reads = readEverything(reader, session).filter(({ name }) =>
      INPUTS.get(input)?.test(name),
    );
    expect(reads.length).toBeGreaterThan(5);
    for (const { name, run } of reads) {
      expect([name, await run()]).toEqual([name, null]);
    }
    const large = engine.peaks().filter(({ bytesRead }) => bytesRead > READ_MAX_BYTES);
    expect(large.map(({ name, bytesRead }) => `${name} ${bytesRead}`)).toEqual([]);
  },
  300_000,
);

/** Three quarters of a deployment's heap (`report.ts`). */
const HEAP_MAX_BYTES = 48 * 1024 * 1024;

const STORED = [
  "7 MB as one argument: one character beyond Latin-1",
  "7 MB as parts of 200 kB: one character beyond Latin-1",
];

/** Evaluated modules take 12 MiB. Their source would add 9 MiB, and its source map 8 MiB. */
const AT_REST_MAX_BYTES = 18 * 1024 * 1024;

describe("storing, on an engine of its own, whose heap holds nothing else and is measured", () => {
  let measured: TestEngine;
  let key: string;
  beforeAll(async () => {
    measured = await startTestEngine({ heapMiB: 64, embeddings: false });
    ({ apiKey: key } = await measured.createUser());
  }, 60_000);
  afterAll(() => measured.stop());

  test("the source of the functions is outside of the heap, as on a deployment", async () => {
    measured.resetPeaks();
    expect((await measured.request("/api/stats", { key })).status).toBe(200);
    const heapBytes = measured.peaks().map((peak) => peak.heapBytes ?? 0);
    expect(Math.max(...heapBytes)).toBeGreaterThan(0);
    expect(Math.max(...heapBytes)).toBeLessThan(AT_REST_MAX_BYTES);
  });

  test.each(worstInputs().filter(({ name }) => STORED.includes(name)))(
    "$name: stored with at most 48 MiB of heap, the engine included",
    async ({ path, body }) => {
      measured.resetPeaks();
      const answer = await measured.request(path, { method: "POST", key, body: body() as string });
      expect([answer.status, await answer.json()]).toMatchObject([200, { ok: true }]);
      const peaks = measured.peaks();
      expect(peaks.find(({ name }) => name === "sync:upsertMany")?.heapBytes).toBeGreaterThan(0);
      const large = peaks.filter(({ heapBytes }) => (heapBytes ?? 0) > HEAP_MAX_BYTES);
      expect(large.map(({ name, heapBytes }) => `${name} ${heapBytes}`)).toEqual([]);
    },
    120_000,
  );
});
