import { expect, test } from "vitest";
import { readVerdict } from "./planted.ts";

const file = (message: string, ...tests: [status: string, failure?: string][]) => ({
  message,
  assertionResults: tests.map(([status, failure], n) => ({
    ...{ status, fullName: `test ${n}` },
    failureMessages: failure === undefined ? [] : [failure],
  })),
});

test("only a failed test kills a fault", () => {
  const passed = file("", ["passed"]);
  expect(readVerdict({ testResults: [passed] }, true)).toEqual({ kind: "survived" });
  const failed = file("", ["passed"], ["failed", "AssertionError: expected 1 to be 2\n  at"]);
  expect(readVerdict({ testResults: [passed, failed] }, false)).toEqual({
    kind: "killed",
    by: "test 1: AssertionError: expected 1 to be 2",
  });
});

test("a file that cannot be loaded, and a run without tests, say nothing about a fault", () => {
  const unloaded = file("Error: convex/x.ts has changed at 7\n  at");
  const why = "Error: convex/x.ts has changed at 7";
  expect(readVerdict({ testResults: [unloaded] }, false)).toEqual({ kind: "broken", why });
  expect(readVerdict({ testResults: [] }, true)).toMatchObject({ kind: "broken" });
});

test("a test that took too long is told apart from one that failed", () => {
  const slow = file("", ["failed", "Error: STACK_TRACE_ERROR\n  at task"]);
  expect(readVerdict({ testResults: [slow] }, false)).toMatchObject({ kind: "timeout" });
});
