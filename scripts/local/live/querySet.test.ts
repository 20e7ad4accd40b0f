import { describe, expect, test } from "vitest";
import { MAX_UNTOLD_REMOVALS } from "./bounds.ts";
import { modificationOf, QuerySet, type LiveQuery } from "./querySet.ts";

/** A query set with one query, whose subscription counts how often it was closed. */
function subscribed(): { set: QuerySet; query: LiveQuery; closed: () => number } {
  const set = new QuerySet();
  set.modify([{ type: "Add", queryId: 4, udfPath: "a:b", args: [{}] }]);
  const [query] = set.stale();
  if (query === undefined) throw new Error("A new query is stale");
  let closed = 0;
  query.isStale = false;
  query.subscription = { close: () => closed++ };
  return { set, query, closed: () => closed };
}

describe("the subscription of a query", () => {
  test("ends when the client removes the query", () => {
    const { set, query, closed } = subscribed();
    set.modify([{ type: "Remove", queryId: 4 }]);
    expect([closed(), set.has(query), set.takeRemoved(), set.takeRemoved()]).toEqual([
      ...[1, false, [4], []],
    ]);
  });

  test("ends when every query must run again", () => {
    const { set, query, closed } = subscribed();
    set.invalidate();
    expect([closed(), query.subscription, set.stale()]).toEqual([1, null, [query]]);
  });

  test("ends with the socket", () => {
    const { set, closed } = subscribed();
    set.close();
    expect(closed()).toBe(1);
  });
});

test("a client that removes queries but reads nothing is refused", () => {
  const set = new QuerySet();
  const addAndRemove = (queryId: number) => {
    set.modify([{ type: "Add", queryId, udfPath: "a:b", args: [{}] }]);
    set.modify([{ type: "Remove", queryId }]);
  };
  for (let id = 0; id < MAX_UNTOLD_REMOVALS; id++) addAndRemove(id);
  expect(() => addAndRemove(MAX_UNTOLD_REMOVALS)).toThrow("reads nothing");
  set.takeRemoved();
  set.modify([{ type: "Remove", queryId: MAX_UNTOLD_REMOVALS }]);
});

test("an outcome is sent only if it differs from the last one; the request id of a failure makes no difference", () => {
  const { query } = subscribed();
  const failure = (requestId: string) =>
    ({ kind: "failure", reason: "it broke", error: { errorMessage: requestId } }) as const;
  expect(modificationOf(query, { kind: "value", json: "1" })).toContain('"value":1');
  expect(modificationOf(query, { kind: "value", json: "1" })).toBe(null);
  expect(modificationOf(query, failure("request 1"))).toContain("request 1");
  expect(modificationOf(query, failure("request 2"))).toBe(null);
  expect(modificationOf(query, { kind: "value", json: "1" })).toContain('"value":1');
});
