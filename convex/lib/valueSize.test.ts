import { getConvexSize } from "convex/values";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Value, valueSize } from "./valueSize";

const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,20}$/);
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  // Beyond the lengths at which both change how they count.
  fc.string({ unit: "binary", minLength: 400, maxLength: 700, size: "max" }),
);
const value = fc.letrec<{ value: Value | undefined }>((again) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    ...[text, fc.double(), fc.bigInt(), fc.boolean(), fc.constantFrom(null, undefined)],
    fc.uint8Array().map((bytes) => bytes.slice().buffer),
    fc.array(again("value")) as fc.Arbitrary<Value>,
    fc.dictionary(name, again("value")),
  ),
})).value;

test("a value has the size that the convex package calculates", () => {
  fc.assert(
    fc.property(value, (one) => {
      expect(valueSize(one)).toBe(getConvexSize(one));
    }),
    { numRuns: 1_000 },
  );
});
