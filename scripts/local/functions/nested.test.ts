import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import { startTestEngine, type TestEngine } from "../testing.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ functions });
});
afterAll(() => engine.stop());

const written = async (name: string) =>
  ((await engine.runFunction("nested:names")) as string[]).filter((one) => one.startsWith(name));

describe("a nested mutation that its caller does not await", () => {
  test("is undone as a whole when the caller ends first; the caller's writes are kept", async () => {
    await engine.runFunction("nested:leaks", { name: "alone", calls: 1 });
    expect(await written("alone")).toEqual(["alone"]);
  });

  test("is undone when its caller is itself nested; what the outer caller writes is kept", async () => {
    await engine.runFunction("nested:callsLeaking", { name: "inner" });
    expect(await written("inner")).toEqual(["inner", "inner, after"]);
  });

  test("does not begin once the caller has ended", async () => {
    await engine.runFunction("nested:leaks", { name: "several", calls: 3 });
    expect(await written("several")).toEqual(["several"]);
  });

  test("does not undo that a scheduled caller has run", async () => {
    await engine.runFunction("nested:schedulesLeaking", { name: "scheduled" });
    await engine.settle();
    expect(await written("scheduled")).toEqual(["scheduled"]);
  });
});
