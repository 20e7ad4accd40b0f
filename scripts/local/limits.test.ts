import type { Value } from "convex/values";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import { startTestEngine, type TestEngine } from "./testing.ts";

const functions = fileURLToPath(new URL("fixture/functions", import.meta.url));

let engine: TestEngine;
beforeAll(async () => {
  // A transaction at its limit writes four times what one second allows.
  // Reading 32,000 documents takes most of a second where other tests share the cores.
  const limits = { mode: "enforce", writeBytesPerSecond: Infinity, userMs: 3_000 } as const;
  engine = await startTestEngine({ functions, limits });
});
afterAll(() => engine.stop());

function nested(levels: number): Value {
  return levels === 0 ? 1 : [nested(levels - 1)];
}

const store = (value: Value) => engine.runFunction("values:storeAny", { value });

describe("a document", () => {
  test("of 1 MiB is stored, and one byte more is refused", async () => {
    // Size of the document's other fields, as Convex measures it.
    const rest = 2 + (6 + 5) + 6 + (4 + 34) + (14 + 9) + 2;
    const longest = (1 << 20) - rest;
    expect(((await store("x".repeat(longest))) as string).length).toBe(longest);
    await expect(store("x".repeat(longest + 1))).rejects.toThrow("too large");
  });

  test("may be nested 16 levels deep, not 17", async () => {
    await store(nested(15));
    await expect(store(nested(16))).rejects.toThrow("too nested");
  });

  test("may have 8,192 array elements and 1,024 fields, not more", async () => {
    await store(Array.from({ length: 8192 }, () => 0));
    await expect(store(Array.from({ length: 8193 }, () => 0))).rejects.toThrow("too long");
    const fields = (n: number) =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i}`, 0]));
    await store(fields(1024));
    await expect(store(fields(1025))).rejects.toThrow("too many fields");
  });

  test.each(["$a", "_a", "", "ä", "a\n", "x".repeat(1025)])(
    "with a field named %j is refused",
    async (name) => {
      await expect(store({ [name]: 1 })).rejects.toThrow(/[Ff]ield name/);
    },
  );

  test("with a lone surrogate is refused, and with a surrogate pair stored", async () => {
    expect(await store("😀")).toBe("😀");
    await expect(store("\ud83d")).rejects.toThrow("surrogate");
    await expect(store({ a: ["\ude00"] })).rejects.toThrow("surrogate");
  });
});

describe("a transaction", () => {
  test("may write 16,000 documents; beyond that, nothing is stored", async () => {
    await expect(engine.runFunction("bulk:fill", { group: "w", count: 16_001 })).rejects.toThrow(
      "documents written",
    );
    expect(await engine.runFunction("bulk:readAll", { group: "w" })).toBe(0);
  });

  test("may read 32,000 documents, not more", async () => {
    // A document counts each time it is read.
    await engine.runFunction("bulk:fill", { group: "r", count: 4_000 });
    const read = (times: number) => engine.runFunction("bulk:readAll", { group: "r", times });
    expect(await read(8)).toBe(32_000);
    await engine.runFunction("bulk:fill", { group: "r", count: 1 });
    await expect(read(8)).rejects.toThrow("documents read");
  });

  test("may write and read 16 MiB, not more", async () => {
    const text = "x".repeat(900_000);
    await expect(engine.runFunction("bulk:fill", { group: "b", count: 19, text })).rejects.toThrow(
      "bytes written",
    );
    await engine.runFunction("bulk:fill", { group: "b", count: 10, text });
    await engine.runFunction("bulk:fill", { group: "b", count: 10, text });
    await expect(engine.runFunction("bulk:readAll", { group: "b" })).rejects.toThrow("bytes read");
  });

  test("may make 4,096 reads, not more", async () => {
    const [id] = (await engine.runFunction("values:add", { group: "g", values: [1] })) as string[];
    await engine.runFunction("bulk:getOften", { id: id ?? "", times: 4096 });
    await expect(
      engine.runFunction("bulk:getOften", { id: id ?? "", times: 4097 }),
    ).rejects.toThrow("Too many reads");
  });

  test("may schedule 1,000 functions, not more", async () => {
    await expect(engine.runFunction("bulk:scheduleMany", { count: 1001 })).rejects.toThrow(
      "functions scheduled",
    );
  });
});

describe("a call", () => {
  test("with more than 16 MiB of arguments, or of result, is refused", async () => {
    const big = 16 * (1 << 20);
    await expect(engine.runFunction("values:storeAny", { value: "x".repeat(big) })).rejects.toThrow(
      "arguments is too large",
    );
    await expect(engine.runFunction("bulk:returnMuch", { size: big })).rejects.toThrow(
      "return value is too large",
    );
  });

  test("from a query to the network is refused", async () => {
    await expect(engine.runFunction("people:fetches")).rejects.toThrow("Can't use fetch()");
  });
});
