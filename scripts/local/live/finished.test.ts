import { expect, test } from "vitest";
import { MAX_FINISHED } from "./bounds.ts";
import { FinishedMutations } from "./finished.ts";

test("the oldest finished mutations are given up beyond a bound, before their time", () => {
  const finished = new FinishedMutations();
  finished.add(Array.from({ length: MAX_FINISHED }, (_, request) => request));
  expect(finished.take("session")).toEqual([]);
  finished.add([MAX_FINISHED, MAX_FINISHED + 1]);
  expect(finished.take("session")).toEqual([
    { session: "session", request: 0 },
    { session: "session", request: 1 },
  ]);
});
