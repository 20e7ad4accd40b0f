import { describe, expect, test } from "vitest";
import { argumentsIn, takeArguments } from "./arguments.ts";

/** The text of a syscall as the `convex` package writes it in `ctx.run*` of an action. */
const written = (args: object) =>
  JSON.stringify({ name: "sync:upsert", args, version: "1.0", requestId: "" });

describe("the arguments of a call are taken out of its text", () => {
  test.each([
    [{}],
    [{ text: "plain" }],
    [{ args: { version: "2" }, version: "3" }],
    [{ text: ',"args":{"name":"other"},"version":"9"}' }],
    [{ deep: [{ args: [], version: null }], $special: '"' }],
  ])("%j", (args) => {
    const taken = takeArguments(written(args));
    expect(argumentsIn(taken?.list ?? "").value).toEqual(args);
    expect(JSON.parse(taken?.rest ?? "")).toEqual({
      name: "sync:upsert",
      version: "1.0",
      requestId: "",
    });
  });

  test("but not of a syscall that has none, or in another place", () => {
    const vectors = JSON.stringify({ query: { vector: [1], limit: 2 }, version: "1.0" });
    expect(takeArguments(vectors)).toBeNull();
    expect(takeArguments('{"version":"1.0","name":"a","args":{}}')).toBeNull();
  });
});
