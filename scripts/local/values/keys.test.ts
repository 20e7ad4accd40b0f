import { compareValues, type Value } from "convex/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newId, tableNumberOf } from "./ids.ts";
import { encodeKey } from "./keys.ts";

const scalar = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double({ noNaN: true }),
  fc.constantFrom(0, -0, Infinity, -Infinity),
  fc.boolean(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "\u0000", "\u0000\u0000", "a\u0000", "a"),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => bytes.slice().buffer),
);
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: fc.constantFrom("a", "b", "c") }), tie("value"), {
      maxKeys: 3,
    }),
  ),
})).value;

describe("index keys", () => {
  test("sort as bytes exactly as Convex compares the values", () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const order = Buffer.compare(encodeKey([a]), encodeKey([b]));
        expect(Math.sign(order)).toBe(Math.sign(compareValues(a, b)));
      }),
      { numRuns: 5000 },
    );
  });

  test("of tuples sort by their first difference, a missing value before all", () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        const order = Buffer.compare(encodeKey([a, b]), encodeKey([a, c]));
        expect(Math.sign(order)).toBe(Math.sign(compareValues(b, c)));
        expect(Buffer.compare(encodeKey([undefined]), encodeKey([a]))).toBe(-1);
      }),
    );
  });
});

describe("ids", () => {
  test("tell their table, have 32 characters, and are all different", () => {
    const ids = Array.from({ length: 1000 }, () => newId(10_042));
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{32}$/);
      expect(tableNumberOf(id)).toBe(10_042);
    }
  });

  test("with one character changed are not ids", () => {
    const id = newId(10_001);
    for (let i = 0; i < id.length; i++) {
      const changed = id.slice(0, i) + (id[i] === "0" ? "1" : "0") + id.slice(i + 1);
      expect(tableNumberOf(changed)).toBeNull();
    }
    for (const text of ["", "x", "0".repeat(32), `${id}0`, id.toUpperCase()])
      expect(tableNumberOf(text)).toBeNull();
  });
});
