import { ConvexReactClient } from "convex/react";
import { ConvexError } from "convex/values";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { TestEngine } from "../testing.ts";
import {
  action,
  CallCounter,
  closeClients,
  connect,
  mutation,
  query,
  startLive,
} from "./live.fixture.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startLive();
});
afterEach(closeClients);
afterAll(() => engine.stop());

let groups = 0;
/** Names a group of rows that no other test uses. */
const newGroup = () => `group ${++groups}`;

describe("two clients", () => {
  test("see each other's writes", async () => {
    const group = newGroup();
    const [ann, bob] = [connect(engine.url), connect(engine.url)];
    const [a, b] = [ann.watch("live:ranks", { group }), bob.watch("live:ranks", { group })];
    await expect.poll(() => [a.values, b.values]).toEqual([[[]], [[]]]);
    await ann.mutate("live:add", { group, rank: 1 });
    await expect.poll(() => b.values.at(-1)).toEqual([1]);
    await bob.mutate("live:add", { group, rank: 2 });
    await expect.poll(() => a.values).toEqual([[], [1], [1, 2]]);
  });
});

describe("a mutation", () => {
  test("resolves after its client has seen its effect", async () => {
    const group = newGroup();
    const ann = connect(engine.url);
    const seen = ann.watch("live:ranks", { group });
    await expect.poll(() => seen.values).toEqual([[]]);
    for (let rank = 0; rank < 5; rank++) {
      await ann.mutate("live:add", { group, rank });
      expect(seen.values.at(-1)).toHaveLength(rank + 1);
    }
  });

  test("resolves although no subscribed query has changed", async () => {
    const ann = connect(engine.url);
    expect(await ann.mutate("live:add", { group: newGroup(), rank: 1 })).toEqual(
      expect.any(String),
    );
  });

  test("runs after the ones that the same client sent before it", async () => {
    const group = newGroup();
    const ann = connect(engine.url);
    const all = Array.from({ length: 20 }, (_, rank) => ann.mutate("live:add", { group, rank }));
    const ids = (await Promise.all(all)) as string[];
    const rows = await Promise.all(ids.map((id) => engine.runFunction("values:get", { id })));
    const times = rows.map((row) => (row as { _creationTime: number })._creationTime);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  test("that fails rejects with the data of its ConvexError, as over HTTP", async () => {
    const ann = connect(engine.url);
    const refused = ann.mutate("nested:refuses");
    await expect(refused).rejects.toThrow(ConvexError);
    await expect(refused).rejects.toMatchObject({ data: { code: "REFUSED", left: 5n } });
    await expect(ann.mutate("live:add", { group: 5 })).rejects.toThrow("ArgumentValidationError");
  });

  test("is found only if it is public", async () => {
    const ann = connect(engine.url);
    for (const path of ["live:addInternally", "live:none", "live:ranks"])
      await expect(ann.mutate(path, { group: "a", rank: 1 })).rejects.toThrow(
        `Could not find public function for '${path}'`,
      );
  });
});

describe("an action", () => {
  test("resolves to its result, and what it wrote reaches subscribers", async () => {
    const group = newGroup();
    const ann = connect(engine.url);
    const seen = ann.watch("live:ranks", { group });
    expect(await ann.act("live:addByAction", { group, rank: 7 })).toBe("added");
    await expect.poll(() => seen.values.at(-1)).toEqual([7]);
    await expect(ann.act("live:none")).rejects.toThrow("Could not find public function");
  });
});

describe("writes that did not come over a socket", () => {
  test("by a scheduled function reach subscribers", async () => {
    const group = newGroup();
    const ann = connect(engine.url);
    const seen = ann.watch("live:ranks", { group });
    await ann.mutate("live:addLater", { group, rank: 3 });
    await expect.poll(() => seen.values.at(-1)).toEqual([3]);
  });

  test("by an HTTP action reach subscribers", async () => {
    const group = newGroup();
    const seen = connect(engine.url).watch("live:ranks", { group });
    await expect.poll(() => seen.values).toEqual([[]]);
    await engine.request("/add", { json: { group, rank: 4 } });
    await expect.poll(() => seen.values).toEqual([[], [4]]);
  });
});

describe("a subscribed query", () => {
  test("runs again only when something it read was written", async () => {
    const [group, other] = [newGroup(), newGroup()];
    const ann = connect(engine.url);
    const seen = ann.watch("live:ranks", { group });
    await expect.poll(() => seen.values).toEqual([[]]);
    const calls = new CallCounter(engine);
    for (let rank = 0; rank < 10; rank++) await ann.mutate("live:add", { group: other, rank });
    expect(calls.of("live:ranks")).toBe(0);
    await ann.mutate("live:add", { group, rank: 1 });
    expect(calls.of("live:ranks")).toBe(1);
    calls.stop();
  });

  test("with a limit does not run again for rows beyond what it read", async () => {
    const group = newGroup();
    await engine.runFunction("live:add", { group, rank: 10 });
    await engine.runFunction("live:add", { group, rank: 20 });
    const seen = connect(engine.url).watch("live:highest", { group, count: 1 });
    await expect.poll(() => seen.values).toEqual([[20]]);
    const calls = new CallCounter(engine);
    await engine.runFunction("live:add", { group, rank: 15 });
    await engine.runFunction("live:add", { group, rank: 30 });
    await expect.poll(() => seen.values).toEqual([[20], [30]]);
    expect(calls.of("live:highest")).toBe(1);
    calls.stop();
  });

  test("sends a result only if it changed", async () => {
    const group = newGroup();
    const ann = connect(engine.url);
    const seen = ann.watch("live:isEmpty", { group });
    await expect.poll(() => seen.values).toEqual([true]);
    const transitions: number[] = [];
    ann.client.client.addOnTransitionHandler(({ queries }) => transitions.push(queries.length));
    const calls = new CallCounter(engine);
    for (let rank = 0; rank < 4; rank++) await ann.mutate("live:add", { group, rank });
    expect(calls.of("live:isEmpty")).toBe(4);
    expect(transitions.filter((length) => length > 0)).toHaveLength(1);
    expect(seen.values).toEqual([true, false]);
    calls.stop();
  });

  test("of one document sees its change and its removal, and does not run for other documents", async () => {
    const group = newGroup();
    const id = await engine.runFunction("live:add", { group, rank: 1 });
    const otherId = await engine.runFunction("live:add", { group, rank: 1 });
    const seen = connect(engine.url).watch("live:one", { id });
    await expect.poll(() => seen.values).toEqual([1]);
    const calls = new CallCounter(engine);
    await engine.runFunction("live:move", { id: otherId, rank: 9 });
    await engine.runFunction("live:move", { id, rank: 2 });
    await expect.poll(() => seen.values).toEqual([1, 2]);
    await engine.runFunction("values:remove", { id });
    await expect.poll(() => seen.values).toEqual([1, 2, null]);
    expect(calls.of("live:one")).toBe(2);
    calls.stop();
  });

  test("sees a row move into its range and out of it", async () => {
    const group = newGroup();
    const id = await engine.runFunction("live:add", { group, rank: 1 });
    const seen = connect(engine.url).watch("values:filtered", { group, min: 5, take: 3 });
    await expect.poll(() => seen.values).toEqual([[]]);
    await engine.runFunction("live:move", { id, rank: 6 });
    await expect.poll(() => seen.values).toEqual([[], [6]]);
    await engine.runFunction("live:move", { id, rank: 2 });
    await expect.poll(() => seen.values).toEqual([[], [6], []]);
  });

  test("of a text search sees new, changed and deleted matches", async () => {
    const owner = newGroup();
    const seen = connect(engine.url).watch("search:byText", { query: "heron", owner });
    await expect.poll(() => seen.values).toEqual([[]]);
    const id = await engine.runFunction("search:add", { owner, text: "a grey heron" });
    await expect.poll(() => seen.values.at(-1)).toEqual(["a grey heron"]);
    await engine.runFunction("search:edit", { id, text: "a white heron" });
    await expect.poll(() => seen.values.at(-1)).toEqual(["a white heron"]);
    await engine.runFunction("search:remove", { id });
    await expect.poll(() => seen.values.at(-1)).toEqual([]);
  });

  test("of a stored file sees its removal", async () => {
    const id = await engine.runFunction("files:store", { text: "kept", type: "text/plain" });
    const seen = connect(engine.url).watch("files:url", { id });
    await expect.poll(() => seen.values).toEqual([expect.stringContaining(id as string)]);
    await engine.runFunction("files:remove", { id });
    await expect.poll(() => seen.values.at(-1)).toBe(null);
  });

  test("of a component's table sees what the component writes", async () => {
    const key = newGroup();
    const seen = connect(engine.url).watch("people:limitsLeft", { name: key });
    await expect.poll(() => seen.values).toEqual([3]);
    await engine.runFunction("live:takeOne", { name: key });
    await expect.poll(() => seen.values).toEqual([3, 2]);
  });

  test("of a table that does not exist yet sees its first document", async () => {
    const seen = connect(engine.url).watch("live:countUndeclared");
    await expect.poll(() => seen.values).toEqual([0]);
    await engine.runFunction("live:addUndeclared");
    await expect.poll(() => seen.values).toEqual([0, 1]);
    await engine.runFunction("live:addUndeclared");
    await expect.poll(() => seen.values).toEqual([0, 1, 2]);
  });

  test("ignores writes that were rolled back", async () => {
    const group = newGroup();
    const ann = connect(engine.url);
    const seen = ann.watch("live:ranks", { group });
    await expect.poll(() => seen.values).toEqual([[]]);
    const calls = new CallCounter(engine);
    await expect(ann.mutate("live:addAndFail", { group })).rejects.toThrow("on purpose");
    await ann.mutate("live:add", { group: newGroup(), rank: 1 });
    expect(calls.of("live:ranks")).toBe(0);
    await ann.mutate("live:addInVain", { group });
    expect(seen.values).toEqual([[]]);
    calls.stop();
  });

  test("that fails sends its error, runs again, and recovers", async () => {
    const group = newGroup();
    const ann = connect(engine.url);
    const seen = ann.watch("live:checked", { group });
    await expect.poll(() => seen.values).toEqual([0]);
    const id = await ann.mutate("live:add", { group, rank: -5 });
    expect(seen.errors).toEqual([expect.any(ConvexError)]);
    expect(seen.errors[0]).toMatchObject({ data: { code: "NEGATIVE", rank: -5 } });
    expect(seen.errors[0]?.message).toContain("Server Error\nUncaught");
    await ann.mutate("live:move", { id, rank: 8 });
    expect(seen.values).toEqual([0, 8]);
  });

  test("has the limits and validators of a call over HTTP", async () => {
    const ann = connect(engine.url);
    const wrong = ann.watch("live:ranks", { group: 7 });
    const internal = ann.watch("people:secret");
    const tooMuch = ann.watch("bulk:returnMuch", { size: 17 * (1 << 20) });
    await expect.poll(() => wrong.errors[0]?.message).toContain("ArgumentValidationError");
    await expect
      .poll(() => internal.errors[0]?.message)
      .toContain("Could not find public function");
    await expect.poll(() => tooMuch.errors[0]?.message).toContain("return value");
  });

  test("does not run again after it is unsubscribed", async () => {
    const group = newGroup();
    const ann = connect(engine.url);
    const seen = ann.watch("live:ranks", { group });
    await ann.mutate("live:add", { group, rank: 1 });
    await expect.poll(() => seen.values.at(-1)).toEqual([1]);
    seen.stop();
    const calls = new CallCounter(engine);
    await ann.mutate("live:add", { group, rank: 2 });
    await ann.mutate("live:add", { group, rank: 3 });
    expect(calls.of("live:ranks")).toBe(0);
    calls.stop();
  });

  test("does not run again after its client has disconnected", async () => {
    const group = newGroup();
    const seen = connect(engine.url).watch("live:ranks", { group });
    await expect.poll(() => seen.values).toEqual([[]]);
    await closeClients();
    const calls = new CallCounter(engine);
    await expect
      .poll(async () => {
        const before = calls.of("live:ranks");
        await engine.runFunction("live:add", { group, rank: 1 });
        return calls.of("live:ranks") - before;
      })
      .toBe(0);
    calls.stop();
  });

  test("with a result of more than 5 MiB arrives whole", async () => {
    const seen = connect(engine.url).watch("live:faces", { count: 3_000_000 });
    await expect.poll(() => seen.values.length).toBe(1);
    expect(seen.values[0] === "a" + "😀".repeat(3_000_000)).toBe(true);
  });
});

test("of 200 subscriptions, a commit runs only the one that it touches", async () => {
  const [group, other] = [newGroup(), newGroup()];
  const ann = connect(engine.url);
  const all = Array.from({ length: 200 }, (_, n) =>
    ann.watch("live:ranks", { group: `${group} ${n}` }),
  );
  await expect.poll(() => all.every(({ values }) => values.length === 1)).toBe(true);
  const calls = new CallCounter(engine);
  for (let rank = 0; rank < 20; rank++)
    await engine.runFunction("live:add", { group: other, rank });
  await engine.runFunction("live:add", { group: `${group} 7`, rank: 1 });
  await expect.poll(() => all[7]?.values).toEqual([[], [1]]);
  expect(calls.queries).toBe(1);
  calls.stop();
});

describe("ConvexReactClient", () => {
  test("watches queries, and replaces an optimistic update by the real result in one step", async () => {
    const group = newGroup();
    const client = new ConvexReactClient(engine.url, {
      logger: false,
      // Node 20 has no global WebSocket.
      webSocketConstructor: WebSocket as unknown as typeof globalThis.WebSocket,
    });
    const watch = client.watchQuery(query("live:ranks"), { group });
    const seen: unknown[] = [];
    watch.onUpdate(() => seen.push(watch.localQueryResult()));
    await expect.poll(() => seen).toEqual([[]]);
    for (let rank = 0; rank < 10; rank++)
      await client.mutation(
        mutation("live:add"),
        { group, rank },
        {
          optimisticUpdate: (store) => {
            const before = store.getQuery(query("live:ranks"), { group }) as number[];
            store.setQuery(query("live:ranks"), { group }, [...before, 1000]);
          },
        },
      );
    // Each result has either the real row or the optimistic one, never both and never neither.
    expect(seen).toEqual([
      [],
      ...Array.from({ length: 10 }, (_, rank) => {
        const before = Array.from({ length: rank }, (_, n) => n);
        return [
          [...before, 1000],
          [...before, rank],
        ];
      }).flat(),
    ]);
    expect(await client.action(action("live:addByAction"), { group, rank: 99 })).toBe("added");
    await client.close();
  });
});
