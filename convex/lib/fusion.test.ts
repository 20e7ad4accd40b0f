import { describe, expect, test } from "vitest";
import { fuse } from "./fusion";

describe("reciprocal rank fusion", () => {
  test("what both sides found comes before what one side found", () => {
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

  test("one list keeps its order, and no list gives nothing", () => {
    expect(fuse([["a", "b"], []]).map((one) => one.key)).toEqual(["a", "b"]);
    expect(fuse([[], []])).toEqual([]);
  });
});
