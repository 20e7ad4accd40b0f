import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { endpoints } from "../http";
import { emptyEnvironment, eachTestAt } from "../test.setup";
import { parametersOf } from "../wire/parameters";
import { sparselyParsed } from "../wire/sparseParse";

/** Requests are parsed field by field where that gives the same as their whole schema. */

eachTestAt(Date.UTC(2026, 0, 22, 12));
beforeEach(emptyEnvironment);

const schemas = endpoints.flatMap(({ route: { name, query, body } }) =>
  [
    { place: "query", schema: query },
    { place: "body", schema: body },
  ].flatMap(({ place, schema }) => (schema ? [{ of: `${name}: ${place}`, schema }] : [])),
);

const value = fc.oneof(
  fc.constantFrom("", " ", "5", "0", "-1", "1e3", "true", "no", "2026-01-02", "active", "a,b"),
  fc.constantFrom("compact", "title,cost", "pi", "updated", "correct", "x".repeat(3_000), "\ud800"),
  fc.constantFrom(null, undefined, true, false, 0, 7, 2 ** 60, 1.5, NaN),
  fc.constantFrom([], ["a"], [1], {}, { a: 1 }, [{ type: "text", text: "Hi" }]),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>,
);

/** Objects with some fields of a schema, and some that it does not have. */
function objectsFor(schema: z.ZodType) {
  const names = parametersOf(schema).map(({ name }) => name);
  const name = fc.constantFrom(...names, "zzqx", "toString", "constructor");
  return fc.dictionary(name, value, { maxKeys: 6 });
}

describe.each(schemas)("$of", ({ schema }) => {
  test("is parsed field by field as by its schema, or left to it", () => {
    fc.assert(
      fc.property(objectsFor(schema), (sent) => {
        const parsed = sparselyParsed(schema, sent);
        if (parsed === undefined) return;
        expect(schema.safeParse(sent)).toStrictEqual({ success: true, data: parsed.value });
      }),
      { numRuns: 150 },
    );
  });
});

test("a list, with few parameters of many, is parsed field by field", () => {
  const { schema } = schemas.find(({ of }) => of === "listSessions: query") ?? {};
  expect(schema && sparselyParsed(schema, { limit: "10" })).toBeDefined();
  // What is wrong with a value, only the schema tells.
  expect(schema && sparselyParsed(schema, { limit: "many" })).toBeUndefined();
});

const optional = { a: z.string().optional(), b: z.string().optional() };
test.each([
  ["checks the whole", z.object(optional).refine(({ a, b }) => a !== b || a === undefined)],
  ["keeps unknown fields", z.looseObject(optional)],
  ["refuses unknown fields", z.strictObject(optional)],
  ["requires a field", z.object({ ...optional, c: z.string() })],
  ["is no object", z.array(z.string())],
])("a schema that %s is left to zod", (_, schema) => {
  expect(sparselyParsed(schema, { a: "x", b: "x", c: "x" })).toBeUndefined();
  expect(
    sparselyParsed(
      schema.transform((found) => found),
      { a: "x", b: "x", d: "x" },
    ),
  ).toBeUndefined();
});
