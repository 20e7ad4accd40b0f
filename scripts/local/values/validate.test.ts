import type { Value } from "convex/values";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../testing.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ functions });
});
afterAll(() => engine.stop());

const shown = (value: number | bigint) => (typeof value === "bigint" ? `${value}n` : String(value));
const named = (values: (number | bigint)[]) =>
  values.map((value) => [shown(value), value] as const);

describe("a literal that JSON has no notation for", () => {
  const measured = (edges: Value) => engine.runFunction("shapes:measured", { edges, of: {} });
  const stored = (edges: Value) =>
    engine.runFunction("shapes:store", { shape: { kind: "circle", size: 1, tags: [], edges } });

  test.each(named([5n, Infinity]))(
    "takes its value %s, in arguments and documents",
    async (_, edges) => {
      expect(await measured(edges)).toBe("measured");
      expect(await stored(edges)).toBe("stored");
    },
  );

  test.each(named([5, 6n, -Infinity, NaN]))(
    "refuses %s and shows what it takes",
    async (_, edges) => {
      const takes = "v.literal(5n), v.literal(Infinity)";
      await expect(measured(edges)).rejects.toThrow(`v.union(${takes}, v.literal("many"))`);
      await expect(stored(edges)).rejects.toThrow(`v.union(${takes})`);
    },
  );

  test("is the same after a restart: the stored documents still fit the schema", async () => {
    await stored(5n);
    engine = await engine.restart();
    expect(await stored(5n)).toBe("stored");
  });
});

test("an optional field with the name of an inherited property may be missing, and is checked if it is there", async () => {
  const measured = (of: Record<string, Value>) =>
    engine.runFunction("shapes:measured", { edges: "many", of });
  expect(await measured({})).toBe("measured");
  expect(await measured({ constructor: "Gaudí" })).toBe("measured");
  await expect(measured({ constructor: 1 })).rejects.toThrow("v.string()");
  await expect(measured({ toString: "x" })).rejects.toThrow("extra field `toString`");
});
