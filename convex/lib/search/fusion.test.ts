import { describe, expect, test } from "vitest";
import { fuse, mergeRanked, weightOfScores } from "./fusion";

describe("reciprocal rank fusion", () => {
  test("results of both lists come before results of one", () => {
    const fused = fuse([
      ["a", "b", "c"],
      ["d", "b", "e"],
    ]);
    expect(fused[0]).toMatchObject({ key: "b", ranks: [2, 2] });
    expect(fused.map((one) => one.key)).toEqual(["b", "a", "d", "c", "e"]);
  });

  test("the first of every list scores 1, and scores follow 1 / (60 + rank)", () => {
    const fused = fuse([
      ["a", "b"],
      ["a", "c"],
    ]);
    expect(fused[0]?.score).toBe(1);
    expect(fused[1]?.score).toBeCloseTo(1 / 62 / (2 / 61), 12);
  });

  test("a list whose scores discriminate outweighs one whose scores are alike", () => {
    const sharp = weightOfScores([0.9, 0.3, 0.2, 0.1, 0.1]);
    const flat = weightOfScores([0.4, 0.39, 0.39, 0.39, 0.38]);
    const lists = [
      ["right", "a", "b"],
      ["c", "a", "b"],
    ];
    expect(fuse(lists, [sharp, flat])[0]).toMatchObject({ key: "right" });
    expect(fuse(lists)[0]).toMatchObject({ key: "a" });
    expect(weightOfScores([0.7])).toBeGreaterThan(sharp);
    expect(weightOfScores([])).toBeGreaterThan(0);
  });

  test("leaving out results below the floor does not raise the weight of a list", () => {
    const whole = weightOfScores([0.15, 0.14, 0.12, 0.09, 0.08]);
    expect(weightOfScores([0.15, 0.14, 0.12], 0.1)).toBeLessThan(whole);
    expect(weightOfScores([0.9, 0.3], 0.1)).toBeGreaterThan(0.5);
  });

  test("merging keeps each item once, as the first list that holds it has it", () => {
    const item = (key: string, from: string, score: number) => ({ key, from, score });
    const lists = [
      [item("a", "words", 0.9), item("b", "words", 0.5)],
      [item("b", "meaning", 0.6), item("c", "meaning", 0.3)],
    ];
    const merged = mergeRanked(lists, ({ key }) => key, [0, 0.1]);
    const shown = merged.map(({ item: { key, from }, ranks }) => [key, from, ranks]);
    expect(shown).toEqual([
      ["b", "words", [2, 1]],
      ["a", "words", [1, undefined]],
      ["c", "meaning", [undefined, 2]],
    ]);
    for (const { score } of merged) expect(score).toBe(Number(score.toFixed(4)));
    expect(mergeRanked([], ({ key }: { key: string; score: number }) => key, [])).toEqual([]);
  });

  test("a single list keeps its order, and empty lists give no results", () => {
    expect(fuse([["a", "b"], []]).map((one) => one.key)).toEqual(["a", "b"]);
    expect(fuse([[], []])).toEqual([]);
  });
});
