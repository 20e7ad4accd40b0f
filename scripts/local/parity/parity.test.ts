import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBackends, type TestBackend } from "./backends.fixture.ts";

/**
 * Runs the same operations on the official mock and on the engine. With `same`, both must agree. Where
 * convex-test is known to differ from Convex, the engine follows Convex, and the test title says so.
 */
let backends: [TestBackend, TestBackend];
beforeAll(async () => {
  backends = await startBackends();
});
afterAll(() => Promise.all(backends.map((backend) => backend.stop())));

type Outcome = { value: unknown } | { error: true };

async function outcome(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { value: await work() };
  } catch {
    return { error: true };
  }
}

/** Runs on both and expects the same value; returns it. */
async function same(work: (backend: TestBackend) => Promise<unknown>): Promise<unknown> {
  const [mock, engine] = [await work(backends[0]), await work(backends[1])];
  expect(engine).toEqual(mock);
  return engine;
}

/** Runs on both and expects both to fail. */
async function refused(work: (backend: TestBackend) => Promise<unknown>): Promise<void> {
  const outcomes = [await outcome(() => work(backends[0])), await outcome(() => work(backends[1]))];
  expect(outcomes).toEqual([{ error: true }, { error: true }]);
}

async function onEngine(work: (backend: TestBackend) => Promise<unknown>): Promise<unknown> {
  return await work(backends[1]);
}

const bytes = (...values: number[]) => Uint8Array.from(values).buffer;

const MIXED = [
  { a: 1, b: 2 },
  { a: 1 },
  { b: 0 },
  {},
  ["a"],
  [1, 2],
  [1],
  [],
  [null],
  [[]],
  "",
  "a",
  "a\u0000",
  "a\u0000b",
  "ab",
  "B",
  "é",
  "😀",
  "\uffff",
  bytes(),
  bytes(0),
  bytes(0, 1),
  bytes(255),
  true,
  false,
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  -1,
  1.5,
  -1.5,
  1e300,
  5e-324,
  0n,
  1n,
  -1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  null,
];

describe("ordering", () => {
  beforeAll(async () => {
    for (const backend of backends) {
      await backend.mutation("values:add", { group: "m", values: MIXED });
      await backend.mutation("values:addMissing", { group: "missing" });
    }
  });

  test.each(["asc", "desc"])("of mixed values is equal (%s)", async (order) => {
    await same((backend) => backend.query("values:sorted", { order }));
  });

  test("a missing value sorts before null", async () => {
    const sorted = (await onEngine((w) => w.query("values:sorted", { order: "asc" }))) as string[];
    expect(sorted[0]).toBe("missing-1");
  });

  const bounds = [
    null,
    -1n,
    1n,
    -1.5,
    0,
    NaN,
    false,
    "",
    "a",
    "😀",
    bytes(0),
    [],
    [1],
    {},
    { a: 1 },
  ];
  test.each(["gt", "gte", "lt", "lte"])("ranges by %s select the same", async (bound) => {
    for (const value of bounds)
      await same((backend) =>
        backend.query("values:range", { group: "m", [bound]: value, order: "asc" }),
      );
  });

  test("ranges with two bounds select the same, in both directions", async () => {
    for (const order of ["asc", "desc"])
      for (const [low, high] of [
        [null, "a"],
        [-1.5, 1.5],
        ["a", "é"],
        [1, -1],
        [[], {}],
      ])
        await same((backend) =>
          backend.query("values:range", { group: "m", gt: low, lte: high, order }),
        );
  });
});

describe("queries", () => {
  beforeAll(async () => {
    for (const backend of backends)
      await backend.mutation("values:add", {
        group: "ten",
        values: Array.from({ length: 10 }, () => 0),
      });
  });

  test("filters and limits apply in order", async () => {
    const found = await same((w) => w.query("values:filtered", { group: "ten", min: 3, take: 2 }));
    expect(found).toEqual([4, 6]);
  });

  test("ids are normalized only for their own table", async () => {
    for (const backend of backends) {
      const [id] = (await backend.mutation("values:add", { group: "id", values: [1] })) as string[];
      expect(await backend.query("values:normalize", { id })).toEqual({
        values: true,
        notes: false,
      });
    }
    await same((backend) => backend.query("values:normalize", { id: "nonsense" }));
    const mistyped = "jd7038g3jt48er99vheq5dsphv3btszz";
    expect(await onEngine((w) => w.query("values:normalize", { id: mistyped }))).toEqual({
      values: false,
      notes: false,
    });
  });

  test("an index finds a document by what it holds now, never by what it held before", async () => {
    await same(async (backend) => {
      const [id] = (await backend.mutation("values:add", {
        group: "was",
        values: [1],
      })) as string[];
      const found = async () => {
        const options = { order: "asc", paginationOpts: { numItems: 5, cursor: null } };
        const sizes: number[] = [];
        for (const group of ["was", "is now", "is last"])
          sizes.push(
            ((await backend.query("values:page", { group, ...options })) as Page).page.length,
          );
        return sizes;
      };
      const steps = [await found()];
      await backend.mutation("values:change", { id, patch: { group: "is now" } });
      steps.push(await found());
      await backend.mutation("values:change", {
        id,
        replace: { group: "is last", value: 1, rank: 0 },
      });
      steps.push(await found());
      expect(steps).toEqual([
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ]);
      return steps;
    });
  });

  test("patch merges and removes fields, replace replaces, delete deletes", async () => {
    const strip = (value: unknown) =>
      value === null ? null : { ...(value as object), _id: "", _creationTime: 0 };
    await same(async (backend) => {
      const [id] = (await backend.mutation("values:add", {
        group: "p",
        values: ["v"],
      })) as string[];
      return [
        strip(await backend.mutation("values:change", { id, patch: { rank: 7 } })),
        strip(await backend.mutation("values:dropRank", { id })),
        strip(await backend.mutation("values:change", { id, replace: { group: "q" } })),
        await backend.mutation("values:remove", { id }),
        await outcome(() => backend.mutation("values:remove", { id })),
        await outcome(() => backend.mutation("values:change", { id, patch: { rank: 1 } })),
      ];
    });
  });

  test("reads are counted: a stopped iteration counts only the documents it took", async () => {
    const read = { seen: 3, documentsRead: 3, databaseQueries: 1 };
    expect(await same((w) => w.query("values:readSome", { group: "ten", count: 3 }))).toEqual(read);
  });
});

interface Page {
  page: number[];
  isDone: boolean;
  continueCursor: string;
}

async function pages(backend: TestBackend, order: string, numItems: number): Promise<number[][]> {
  const found: number[][] = [];
  for (let cursor: string | null = null, isDone = false; !isDone;) {
    const page = (await backend.query("values:page", {
      group: "ten",
      order,
      paginationOpts: { numItems, cursor },
    })) as Page;
    found.push(page.page);
    ({ continueCursor: cursor, isDone } = page);
  }
  return found;
}

describe("pagination", () => {
  test.each(["asc", "desc"])("returns the same pages (%s)", async (order) => {
    await same((backend) => pages(backend, order, 3));
  });

  test("a full last page is followed by an empty one, as on Convex (convex-test ends with it)", async () => {
    expect(await pages(backends[0], "asc", 5)).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8, 9],
    ]);
    expect(await pages(backends[1], "asc", 5)).toEqual([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], []]);
  });

  test("continues at its position even if the document at the cursor was deleted", async () => {
    await same(async (backend) => {
      const ids = (await backend.mutation("values:add", {
        group: "gone",
        values: [1, 2, 3, 4],
      })) as string[];
      const options = (cursor: string | null) => ({
        group: "gone",
        order: "asc",
        paginationOpts: { numItems: 2, cursor },
      });
      const first = (await backend.query("values:page", options(null))) as Page;
      await backend.mutation("values:remove", { id: ids[1] });
      return ((await backend.query("values:page", options(first.continueCursor))) as Page).page;
    });
  });

  test.each([
    ["asc", 0, [1]],
    ["desc", 3, [2]],
  ])(
    "up to an end cursor returns the same page again, without what was deleted (%s)",
    async (order, gone, left) => {
      await same(async (backend) => {
        const group = `end ${order}`;
        const ids = (await backend.mutation("values:add", {
          group,
          values: [1, 2, 3, 4],
        })) as string[];
        const options = (more: object) => ({
          group,
          order,
          paginationOpts: { numItems: 2, cursor: null, ...more },
        });
        const first = (await backend.query("values:page", options({}))) as Page;
        await backend.mutation("values:remove", { id: ids[gone] });
        const again = (await backend.query(
          "values:page",
          options({ endCursor: first.continueCursor }),
        )) as Page;
        expect(again.page).toEqual(left);
        const cursor = again.continueCursor;
        const rest = (await backend.query("values:page", options({ cursor }))) as Page;
        return [again.page, again.isDone, rest.page];
      });
    },
  );

  test("stops after the rows it may read", async () => {
    await same(async (backend) => {
      const { page, isDone } = (await backend.query("values:page", {
        group: "ten",
        order: "asc",
        paginationOpts: { numItems: 8, cursor: null, maximumRowsRead: 4 },
      })) as Page;
      return { page, isDone };
    });
  });

  test("is allowed once per function", async () => {
    const paginationOpts = { numItems: 1, cursor: null };
    await refused((backend) => backend.query("values:twoPages", { paginationOpts }));
  });

  test("refuses a cursor of another query, or an invalid one", async () => {
    const query = (more: object) =>
      onEngine((w) =>
        w.query("values:page", {
          group: "ten",
          order: "asc",
          paginationOpts: { numItems: 2, ...more },
        }),
      );
    const { continueCursor } = (await query({ cursor: null })) as Page;
    await expect(
      onEngine((w) =>
        w.query("values:page", {
          group: "m",
          order: "asc",
          paginationOpts: { numItems: 2, cursor: continueCursor },
        }),
      ),
    ).rejects.toThrow("InvalidCursor");
    await expect(query({ cursor: "made up" })).rejects.toThrow("InvalidCursor");
  });
});

describe("transactions", () => {
  test("a nested mutation that throws is rolled back on its own", async () => {
    await same((backend) => backend.mutation("nested:partly"));
  });

  test("a mutation that throws stores nothing, including nested writes", async () => {
    await refused((backend) => backend.mutation("nested:fails"));
    expect(await same((backend) => backend.query("nested:names"))).not.toContain("never");
  });

  test("concurrent nested mutations do not affect each other", async () => {
    await same((backend) => backend.mutation("nested:parallel"));
    await same(async (backend) => ((await backend.query("nested:names")) as string[]).sort());
  });

  test("an action catches a mutation's ConvexError with its data", async () => {
    await same((backend) => backend.action("nested:throughAction"));
  });

  test("parallel increments all count", async () => {
    await same(async (backend) => {
      await Promise.all(
        Array.from({ length: 25 }, () => backend.mutation("nested:increment", { name: "n" })),
      );
      return await backend.query("nested:count", { name: "n" });
    });
  });

  test("a component's writes are committed or rolled back with the caller's", async () => {
    await same(async (backend) => [
      await backend.mutation("limits:take", { key: "k" }),
      await outcome(() => backend.mutation("limits:take", { key: "k", fail: true })),
      await backend.mutation("limits:take", { key: "k" }),
      await backend.mutation("limits:take", { key: "k" }),
    ]);
  });
});

describe("validators", () => {
  const good = { kind: "circle", size: 1, tags: [] };
  const named = (values: unknown[]) =>
    values.map((value) => {
      const text = JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? `${v}n` : v));
      return [text, value] as const;
    });

  const store = (shape: unknown) => (backend: TestBackend) =>
    backend.mutation("shapes:store", { shape });
  test.each(
    named([
      good,
      { ...good, nested: { a: true, b: null } },
      { ...good, nested: { a: true, b: 5n } },
      { ...good, counts: { a: 1 } },
    ]),
  )("of documents take %s", async (_, shape) => {
    await same(store(shape));
  });
  test.each(
    named([
      { ...good, kind: "triangle" },
      { ...good, size: "1" },
      { ...good, size: 1n },
      { ...good, tags: [1] },
      { ...good, tags: "a" },
      { ...good, extra: 1 },
      { kind: "circle", size: 1 },
      { ...good, nested: { a: true, b: 5 } },
      { ...good, nested: { a: true, b: null, c: 1 } },
      { ...good, note: "not an id" },
      null,
      [],
      "text",
    ]),
  )("of documents refuse %s", async (_, shape) => {
    await refused(store(shape));
  });

  const call = { name: "n", kind: "circle", labels: [] };
  const describeIt = (args: object) => (backend: TestBackend) =>
    backend.query("shapes:describe", { ...args });
  test.each(
    named([
      call,
      { ...call, size: 1 },
      { ...call, kind: { corners: 4n } },
      { ...call, labels: ["a", null] },
      { ...call, data: bytes(1) },
    ]),
  )("of arguments take %s", async (_, args) => {
    await same(describeIt(args as object));
  });
  test.each(
    named([
      { ...call, size: null },
      { ...call, kind: { corners: 4 } },
      { ...call, kind: {} },
      { ...call, labels: [undefined] },
      { ...call, data: "AQ==" },
      { ...call, unknown: true },
      { name: "n", kind: "circle" },
      {},
    ]),
  )("of arguments refuse %s", async (_, args) => {
    await refused(describeIt(args as object));
  });

  test("of returns agree", async () => {
    const returned = (value: unknown) => (backend: TestBackend) =>
      backend.query("shapes:returns", { value });
    await same(returned({ ok: true }));
    await refused(returned({ ok: 1 }));
    await refused(returned(null));
  });

  test("of records are checked, as on Convex (convex-test does not)", async () => {
    const counts = { a: 1, b: "two" };
    expect(await outcome(() => backends[0].query("shapes:counted", { counts }))).toEqual({
      value: "counted",
    });
    await expect(onEngine((w) => w.query("shapes:counted", { counts }))).rejects.toThrow(
      "ArgumentValidationError",
    );
    await expect(
      onEngine((w) => w.mutation("shapes:store", { shape: { ...good, counts } })),
    ).rejects.toThrow("does not match the schema");
  });
});

describe("scheduled functions", () => {
  test("run when they are due, including those that they schedule", async () => {
    await same(async (backend) => {
      await backend.mutation("jobs:schedule", { target: "note", delay: 20, name: "second" });
      await backend.mutation("jobs:schedule", {
        target: "note",
        delay: 3_600_000,
        name: "secondly",
      });
      await backend.mutation("jobs:schedule", { target: "noteByAction", delay: 0, name: "first" });
      await backend.settle();
      const ran = (await backend.query("jobs:ran")) as string[];
      return ran.filter((name) => /^(first|second)/.test(name)).sort();
    });
  });

  test("of a mutation that throws never run", async () => {
    await same(async (backend) => {
      const thrown = await outcome(() =>
        backend.mutation("jobs:schedule", {
          target: "note",
          delay: 0,
          name: "ghost",
          throws: true,
        }),
      );
      await backend.settle();
      return [thrown, ((await backend.query("jobs:ran")) as string[]).includes("ghost")];
    });
  });

  test("can be canceled, and have a final state", async () => {
    await same(async (backend) => {
      const schedule = (more: object) =>
        backend.mutation("jobs:schedule", { target: "note", name: "x", ...more });
      const later = await schedule({ delay: 60_000 });
      const soon = await schedule({ delay: 0 });
      const failing = await schedule({ delay: 0, fail: true });
      const before = await backend.query("jobs:state", { id: later });
      await backend.mutation("jobs:cancel", { id: later });
      await backend.settle();
      const states = [later, soon, failing].map((id) => backend.query("jobs:state", { id }));
      return [before, ...(await Promise.all(states))];
    });
  });
});

describe("HTTP routing", () => {
  test.each([
    ["GET", "/exact"],
    ["POST", "/exact"],
    ["GET", "/files/a"],
    ["GET", "/files/"],
    ["GET", "/files/deep/one"],
    ["GET", "/files/deep/two"],
    ["GET", "/files/deep/one/"],
    ["GET", "/files/a%2Fb"],
    ["GET", "/files/x/../y"],
  ])("%s %s reaches the same route", async (method, path) => {
    await same(async (backend) => {
      const init = method === "POST" ? { method, body: "hello" } : { method };
      const answer = await backend.fetch(path, init);
      return [answer.status, await answer.text()];
    });
  });

  test.each([
    ["PUT", "/exact"],
    ["GET", "/files"],
    ["GET", "/exact/"],
    ["GET", "/none"],
    ["OPTIONS", "/exact"],
  ])("%s %s is nowhere: 404", async (method, path) => {
    await same(async (backend) => (await backend.fetch(path, { method })).status);
    expect(await onEngine(async (w) => await (await w.fetch(path, { method })).text())).toBe(
      "No matching routes found",
    );
  });

  test("a thrown error is a 500 as on Convex (convex-test throws it)", async () => {
    expect(await outcome(() => backends[0].fetch("/throws"))).toEqual({ error: true });
    const answer = await backends[1].fetch("/throws");
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({
      code: expect.stringMatching(/^\[Request ID: .+\] Server Error: it broke$/) as unknown,
    });
  });

  test("HEAD runs the GET route and sends no body, as on Convex (convex-test sends it)", async () => {
    const answer = await backends[1].fetch("/exact", { method: "HEAD" });
    expect([answer.status, answer.headers.get("x-route"), await answer.text()]).toEqual([
      200,
      "exact",
      "",
    ]);
  });
});

describe("vector search", () => {
  const notes = [
    { owner: "ann", kind: "a", embedding: [1, 0, 0, 0] },
    { owner: "ann", kind: "b", embedding: [0.8, 0.6, 0, 0] },
    { owner: "bob", kind: "a", embedding: [0, 1, 0, 0] },
    { owner: "bob", kind: "b", embedding: [-1, 0, 0, 0] },
    { owner: "cat", kind: "c", embedding: [0.5, 0.5, 0.5, 0.5] },
  ];
  const ids: Record<string, string[]> = {};
  beforeAll(async () => {
    for (const backend of backends)
      for (const note of notes)
        (ids[backend.name] ??= []).push((await backend.mutation("search:add", note)) as string);
  });

  const search = async (backend: TestBackend, args: object) => {
    const hits = (await backend.action("search:byVector", {
      vector: [1, 0.1, 0, 0],
      limit: 10,
      ...args,
    })) as { _id: string; _score: number }[];
    return hits.map(({ _id, _score }) => [
      ids[backend.name]?.indexOf(_id),
      Math.round(_score * 1e4) / 1e4,
    ]);
  };

  test("ranks by cosine equally, with filters combined by OR", async () => {
    await same((backend) => search(backend, {}));
    await same((backend) => search(backend, { limit: 2 }));
    await same((backend) => search(backend, { owner: "bob" }));
    await same((backend) => search(backend, { owner: "bob", kind: "c" }));
  });

  test("refuses what Convex refuses (convex-test accepts it)", async () => {
    await expect(search(backends[1], { limit: 257 })).rejects.toThrow("limit between 1 and 256");
    await expect(search(backends[1], { limit: 0 })).rejects.toThrow("limit between 1 and 256");
    await expect(search(backends[1], { vector: [1, 0] })).rejects.toThrow(
      "wrong number of dimensions",
    );
  });

  test("omits documents whose vector is missing or of another length", async () => {
    await backends[1].mutation("search:add", { owner: "dan" });
    await backends[1].mutation("search:add", { owner: "dan", embedding: [1, 0] });
    expect(await search(backends[1], { owner: "dan" })).toEqual([]);
  });
});
