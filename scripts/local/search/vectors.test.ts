import { afterAll, beforeAll, expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import { startTestEngine, type TestEngine } from "../testing.ts";
import { seeded } from "../../bench/random.ts";
import { QuantizedVectors } from "./quantized.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));
const random = seeded(11);

/** Returns a vector close to all others from here, so that their order depends on small differences. */
const vectorNearOthers = () => Array.from({ length: 4 }, () => 1 + 0.02 * (random() - 0.5));

const unit = (vector: readonly number[]) => vector.map((x) => x / Math.hypot(...vector));
const cosine = (a: readonly number[], b: readonly number[]) =>
  unit(a).reduce((sum, x, i) => sum + x * (unit(b)[i] ?? 0), 0);

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ functions });
});
afterAll(() => engine.stop());

test("vector search is exact, however close the vectors, and follows what was committed", async () => {
  const stored = new Map<string, number[]>();
  const add = async () => {
    const embedding = vectorNearOthers();
    const id = await engine.runFunction("search:add", { owner: "near", embedding });
    stored.set(id as string, embedding);
  };
  const vector = [1, 0.99, 1.01, 1];
  const expectExact = async () => {
    const found = await engine.runFunction("search:byVector", { vector, owner: "near", limit: 20 });
    const expected = [...stored]
      .map(([_id, embedding]) => ({ _id, score: cosine(vector, embedding) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, 20);
    const scores = (found as { _id: string; _score: number }[]).map(({ _id, _score }) => {
      expect(_score).toBeCloseTo(cosine(vector, stored.get(_id) ?? []), 5);
      return _score;
    });
    expect(scores).toHaveLength(20);
    scores.forEach((score, i) => expect(score).toBeCloseTo(expected[i]?.score ?? 0, 6));
  };
  for (let i = 0; i < 200; i++) await add();
  await expectExact();
  for (const id of [...stored.keys()].slice(0, 60)) {
    await engine.runFunction("search:remove", { id });
    stored.delete(id);
  }
  for (let i = 0; i < 30; i++) await add();
  await expectExact();
  const [remove = ""] = stored.keys();
  const failing = { owner: "near", embedding: vector, remove };
  await expect(engine.runFunction("search:addAndFail", failing)).rejects.toThrow("on purpose");
  await expectExact();
});

test("vector search follows a change of a filter field alone", async () => {
  const vector = [1, 0, 0, 0];
  const note = { owner: "anna", kind: "x", embedding: vector };
  const id = (await engine.runFunction("search:add", note)) as string;
  const found = async (owner: string) =>
    ((await engine.runFunction("search:byVector", { vector, owner })) as { _id: string }[]).map(
      ({ _id }) => _id,
    );
  await engine.runFunction("search:edit", { id, owner: "ben" });
  expect([await found("anna"), await found("ben")]).toEqual([[], [id]]);
  await engine.runFunction("search:edit", { id, owner: "carl" });
  expect([await found("ben"), await found("carl")]).toEqual([[], [id]]);
});

test("a vector that holds NaN or Infinity is not found, and displaces no other", async () => {
  const add = async (...embedding: number[]) =>
    (await engine.runFunction("search:add", { owner: "broken", embedding })) as string;
  const near = await add(1, 0, 0, 0);
  const search = async () =>
    (
      (await engine.runFunction("search:byVector", {
        ...{ vector: [1, 0, 0, 0], owner: "broken", limit: 2 },
      })) as { _id: string }[]
    ).map(({ _id }) => _id);
  expect(await search()).toEqual([near]);
  for (const broken of [NaN, Infinity, -Infinity]) await add(1, broken, 0, 0);
  const far = await add(0.5, 1, 0, 0);
  expect(await search()).toEqual([near, far]);
  await add(NaN, 0, 0, 0);
  expect(await search()).toEqual([near, far]);
});

test("a search of many vectors lets other requests run", async () => {
  const vectors = new QuantizedVectors(4);
  for (let seq = 1; seq <= 20_000; seq++)
    vectors.set(seq, Float32Array.from(unit(vectorNearOthers())));
  let isDone = false;
  const query = Float32Array.from(unit([1, 1, 1, 1]));
  const search = vectors.candidates(query, [...vectors.seqs], 5).finally(() => (isDone = true));
  let turns = 0;
  while (!isDone) {
    turns += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(turns).toBeGreaterThan(5);
  expect((await search).length).toBeGreaterThanOrEqual(5);
});
