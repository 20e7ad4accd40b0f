import { describe, expect, test, vi } from "vitest";
import { pause } from "../lib/pause";
import { SLICE } from "../lib/sync/writeCost";
import * as Sync from "../model/sync/upsertMany";
import {
  deployment,
  eachTestAt,
  loseScheduled,
  pagesOfSession,
  person,
  read,
  rows,
  settle,
  type Deployment,
  type Person,
} from "../test.setup";

/** Syncs that take several transactions, which users must not notice. */

vi.mock("../model/sync/upsertMany", { spy: true });
eachTestAt(Date.UTC(2026, 0, 22, 12));

type Chunk = Parameters<typeof Sync.upsertMany>[2];
type Run = (chunk: Chunk, store: () => ReturnType<typeof Sync.upsertMany>) => unknown;

/** Lets `run` decide what each transaction does, until the test ends. */
async function intercept(run: Run) {
  const actual = await vi.importActual<typeof Sync>("../model/sync/upsertMany");
  vi.spyOn(Sync, "upsertMany").mockImplementation(async (ctx, user, chunk) => {
    const store = () => actual.upsertMany(ctx, user, chunk);
    return (await run(chunk, store)) as Awaited<ReturnType<typeof Sync.upsertMany>>;
  });
}

/** A text so long that its message takes at least four slices. */
const longText = (word: string) =>
  Array.from({ length: 90_000 }, (_, n) => `${word}${n}`).join(" ");
const TEXTS = { a: longText("a"), b: longText("b") };
const sent = (word: keyof typeof TEXTS) => ({
  sessionExternalId: "s",
  externalId: "long",
  role: "assistant",
  textContent: TEXTS[word],
  parts: Array.from({ length: 40 }, (_, n) => ({
    type: "tool-result",
    content: { n, output: `${word} 🎉 `.repeat(2_000) },
  })),
});

async function only(who: Person) {
  const [page] = await pagesOfSession(who, "s");
  const { externalId, textContent, parts } = page?.messages[0] ?? {};
  return { externalId, textContent, parts };
}
const whole = (word: keyof typeof TEXTS) => {
  const { externalId, textContent, parts } = sent(word);
  return { externalId, textContent, parts };
};

const sizes = (chunk: Chunk) =>
  chunk.messages.map(({ textTail = [], partRows = [] }) =>
    [...textTail, ...partRows].reduce(
      (sum, { text, content }) => sum + (text ?? content ?? "").length,
      0,
    ),
  );

describe("a message larger than a slice", () => {
  test("comes back unchanged, and no transaction stores more than one slice of it", async () => {
    const seen: number[] = [];
    await intercept((chunk, store) => {
      seen.push(...sizes(chunk));
      return store();
    });
    const t = deployment();
    const ada = await person(t);
    const answer = await read(ada.post("/sync/batch", { messages: [sent("a")] }));
    expect(answer).toMatchObject({
      messages: 1,
      errors: [],
      results: { messages: { inserted: 1 } },
    });
    expect(await only(ada)).toEqual(whole("a"));
    expect(seen.length).toBeGreaterThanOrEqual(4);
    expect(Math.max(...seen)).toBeLessThan(SLICE.bytes);
    const [stored] = await rows(t, "messages");
    const parts = await rows(t, "parts");
    expect(stored?.partRows).toBe(parts.length);
  });

  test("is recognised by its first slice if delivered again, and nothing is written", async () => {
    const t = deployment();
    const ada = await person(t);
    await ada.post("/sync/message", sent("a"));
    const before = await rows(t, "parts");
    vi.mocked(Sync.upsertMany).mockClear();
    const answer = await read(ada.post("/sync/batch", { messages: [sent("a")] }));
    expect(answer).toMatchObject({
      results: { messages: { inserted: 0, updated: 0, skipped: 1 } },
    });
    expect(vi.mocked(Sync.upsertMany)).toHaveBeenCalledTimes(1);
    expect(await rows(t, "parts")).toEqual(before);
  });

  test.each([0, 1, 2, 3])(
    "is fully replaced by a later delivery, even if slice %i fails permanently",
    async (bad) => {
      vi.spyOn(console, "error").mockReturnValue();
      const t = deployment();
      const ada = await person(t);
      await ada.post("/sync/message", sent("a"));
      await intercept((chunk, store) => {
        if (chunk.messages.some(({ slice }) => slice?.number === bad))
          throw new Error("TooManyWrites");
        return store();
      });
      expect((await ada.post("/sync/message", sent("b"))).status).toBe(503);
      vi.mocked(Sync.upsertMany).mockRestore();
      expect((await ada.post("/sync/message", sent("b"))).status).toBe(200);
      expect(await only(ada)).toEqual(whole("b"));
      const [stored] = await rows(t, "messages");
      expect(stored?.partRows).toBe((await rows(t, "parts")).length);
    },
  );

  test.each([1, 2, 3])(
    "is marked as incomplete in every export and in its session while slice %i is missing, and not afterwards",
    async (missing) => {
      vi.spyOn(console, "error").mockReturnValue();
      const t = deployment();
      const ada = await person(t);
      const after = { sessionExternalId: "s", externalId: "after", textContent: "after" };
      await ada.post("/sync/message", after);
      await intercept((chunk, store) => {
        if (chunk.messages.some(({ slice }) => slice?.number === missing))
          throw new Error("TooManyWrites");
        return store();
      });
      expect((await ada.post("/sync/message", sent("a"))).status).toBe(503);
      const marked = async () => {
        const found: { [where: string]: unknown } = {};
        for (const format of ["json", "jsonl", "json&anonymize=true", "text", "csv", "otel"]) {
          const answer = await ada.get(`/api/export?format=${format}&id=s`);
          const text = await answer.text();
          const marks = text.match(/"isIncomplete":true|was still being stored/g) ?? [];
          found[format] = [marks.length, answer.headers.get("X-Export-Incomplete")];
        }
        const [page] = await pagesOfSession(ada, "s");
        found.session = page?.messages.map((one) => [one.externalId, one.isIncomplete]);
        return found;
      };
      const named = '1; messages="long"; reason="still being stored"';
      expect(await marked()).toEqual({
        json: [1, named],
        jsonl: [1, named],
        "json&anonymize=true": [1, named],
        text: [1, named],
        csv: [0, named],
        otel: [0, named],
        session: [
          ["after", undefined],
          ["long", true],
        ],
      });
      vi.mocked(Sync.upsertMany).mockRestore();
      expect((await ada.post("/sync/message", sent("a"))).status).toBe(200);
      const whole = [0, null];
      expect(await marked()).toMatchObject({ json: whole, jsonl: whole, text: whole, otel: whole });
    },
  );

  test("another delivery between two slices wins as a whole", async () => {
    const t = deployment();
    const ada = await person(t);
    const actual = await vi.importActual<typeof Sync>("../model/sync/upsertMany");
    let between: Promise<Response> | undefined;
    // The other request arrives in the pause after the second slice.
    vi.mocked(pause.forMs).mockImplementation(async () => {
      if (between !== undefined) return;
      between = ada.post("/sync/message", {
        ...sent("b"),
        parts: [{ type: "text", content: "b" }],
      });
      await between;
    });
    vi.spyOn(Sync, "upsertMany").mockImplementation(actual.upsertMany);
    expect((await ada.post("/sync/message", sent("a"))).status).toBe(200);
    expect((await between)?.status).toBe(200);
    const parts = [{ type: "text", content: "b" }];
    expect(await only(ada)).toEqual({ ...whole("b"), parts });
  });

  test("a slice stored whose answer was lost is not stored twice", async () => {
    const t = deployment();
    const ada = await person(t);
    const lost = new Set<number>();
    // Stores the slice twice, as if the answer of the first transaction had been lost.
    await intercept(async (chunk, store) => {
      const result = await store();
      const number = chunk.messages[0]?.slice?.number ?? 0;
      if (lost.has(number)) return result;
      lost.add(number);
      return await store();
    });
    await ada.post("/sync/message", sent("a"));
    expect(await only(ada)).toEqual(whole("a"));
  });

  test("a refresh between two slices is followed by one that counts the rest", async () => {
    const t = deployment();
    const ada = await person(t);
    vi.mocked(pause.forMs).mockImplementation(() => settle(t));
    await ada.post("/sync/message", sent("a"));
    const [session] = await rows(t, "sessions");
    expect(session?.messageCount).toBe(1);
    expect(session?.refreshDueAt).toBeGreaterThan(0);
    await settle(t);
    const [stored] = await rows(t, "messages");
    expect(stored?.rewrittenAt).toBeUndefined();
    expect((await rows(t, "sessions"))[0]).toMatchObject({ messageCount: 1 });
  });

  test("a session deleted between two slices stays deleted, and the rest creates no empty session", async () => {
    const t = deployment();
    const ada = await person(t);
    let isDeleted = false;
    vi.mocked(pause.forMs).mockImplementation(async () => {
      if (isDeleted) return;
      isDeleted = true;
      await ada.send("DELETE", "/api/sessions/s", undefined);
    });
    expect((await ada.post("/sync/message", sent("a"))).status).toBe(200);
    await settle(t);
    expect([await rows(t, "sessions"), await rows(t, "messages"), await rows(t, "parts")]).toEqual([
      [],
      [],
      [],
    ]);
  });
});

const hook = (session: string, n: number) => ({
  sessionExternalId: session,
  externalId: `${session}-${n}`,
  textContent: `message ${n} `.repeat(20),
  promptTokens: 1,
});

async function counted(t: Deployment) {
  await settle(t);
  const [session] = await rows(t, "sessions");
  return [session?.messageCount, session?.promptTokens];
}

describe("a batch of many slices", () => {
  const messages = Array.from({ length: 800 }, (_, n) => hook("s", n));

  test("takes at least three, waits between them, and counts every message once", async () => {
    const t = deployment();
    const ada = await person(t);
    vi.mocked(Sync.upsertMany).mockClear();
    const answer = await read(ada.post("/sync/batch", { messages }));
    expect(answer).toMatchObject({ messages: 800, results: { messages: { inserted: 800 } } });
    const calls = vi.mocked(Sync.upsertMany).mock.calls.length;
    expect(calls).toBeGreaterThanOrEqual(3);
    const waits = vi.mocked(pause.forMs).mock.calls;
    expect(waits).toHaveLength(calls - 1);
    for (const [ms] of waits) expect(ms).toBeGreaterThan(200);
    expect(await counted(t)).toEqual([800, 800]);
    expect((await rows(t, "apiLogs")).length).toBe(1);
  });

  test.each([1, 2, 3])(
    "answers 503 if slice %i fails permanently; sent again, everything is stored once",
    async (bad) => {
      vi.spyOn(console, "error").mockReturnValue();
      const t = deployment();
      const ada = await person(t);
      let call = 0;
      let isBroken = true;
      await intercept((_, store) => {
        call += 1;
        if (isBroken && call >= bad) throw new Error("Too many writes in this second");
        return store();
      });
      expect((await ada.post("/sync/batch", { messages })).status).toBe(503);
      isBroken = false;
      const answer = await read<{ results: { messages: { skipped: number } } }>(
        ada.post("/sync/batch", { messages }),
      );
      expect(answer.results.messages.skipped > 0).toBe(bad > 1);
      expect(await counted(t)).toEqual([800, 800]);
      expect((await rows(t, "messages")).length).toBe(800);
    },
  );

  test("is stored without the client noticing a few failures", async () => {
    const t = deployment();
    const ada = await person(t);
    let call = 0;
    await intercept((_, store) => {
      call += 1;
      if (call % 4 !== 0) throw new Error("Documents read from or written to the table changed");
      return store();
    });
    expect((await ada.post("/sync/batch", { messages })).status).toBe(200);
    expect(await counted(t)).toEqual([800, 800]);
  });

  test("halves a slice that runs out of time until it fits", async () => {
    const t = deployment();
    const ada = await person(t);
    await intercept((chunk, store) => {
      if (chunk.messages.length > 100) {
        throw new Error("Function execution timed out (maximum duration: 1s)");
      }
      return store();
    });
    const answer = await read(ada.post("/sync/batch", { messages }));
    expect(answer).toMatchObject({ messages: 800, errors: [] });
    expect(await counted(t)).toEqual([800, 800]);
  });

  test("is counted completely even if the refresh after each slice is lost", async () => {
    const t = deployment();
    const ada = await person(t);
    await ada.post("/sync/batch", { messages });
    for (let round = 0; round < 3; round++) {
      await loseScheduled(t);
      vi.setSystemTime(Date.now() + 120_000);
      await ada.post("/sync/message", hook("s", 800 + round));
    }
    expect(await counted(t)).toEqual([803, 803]);
  });
});

/** Simulates Convex's write limit: accepts 4 MiB per second, retries four times within 0.75 s, then refuses. */
function writeWindow() {
  const writes: { at: number; bytes: number }[] = [];
  return {
    most: 0,
    admit(bytes: number): void {
      const used = writes.filter(({ at }) => at > Date.now() - 1_000);
      const sum = used.reduce((all, one) => all + one.bytes, 0);
      if (sum > 4 * 1024 * 1024) throw new Error("TooManyWritesInTimePeriod");
      writes.push({ at: Date.now(), bytes });
      this.most = Math.max(this.most, sum + bytes);
    },
  };
}

test("hooks of one user are not refused while two others import their history", async () => {
  const window = writeWindow();
  const cost = (chunk: Chunk) =>
    chunk.messages.reduce((sum, one) => sum + 2 * JSON.stringify(one).length + 3_000, 0);
  await intercept((chunk, store) => {
    window.admit(cost(chunk));
    return store();
  });
  vi.mocked(pause.forMs).mockImplementation(async (ms) => {
    vi.setSystemTime(Date.now() + ms / 3);
    await Promise.resolve();
  });
  const t = deployment();
  const [ada, bob, eve] = [
    await person(t),
    await person(t, "bob@example.com"),
    await person(t, "eve@example.com"),
  ];
  const history = (name: string) =>
    Array.from({ length: 400 }, (_, n) => ({
      ...hook(name, n),
      textContent: "word ".repeat(1_200),
    }));
  const statuses: number[] = [];
  const noted = async (sending: Promise<Response>) => {
    statuses.push((await sending).status);
  };
  const hooks = async () => {
    for (let n = 0; n < 40; n++) await noted(eve.post("/sync/message", hook("live", n)));
  };
  await Promise.all([
    noted(ada.post("/sync/batch", { messages: history("a") })),
    noted(bob.post("/sync/batch", { messages: history("b") })),
    hooks(),
  ]);
  expect(new Set(statuses)).toEqual(new Set([200]));
});

describe("a slice whose messages replace many rows", () => {
  const manyParts = (id: string, count: number, word: string) => ({
    sessionExternalId: "s",
    externalId: id,
    role: "assistant",
    parts: Array.from({ length: count }, (_, n) => ({ type: "text", content: `${word} ${n}` })),
  });

  test("ends before a transaction would replace more than it may read", async () => {
    const stored: number[] = [];
    await intercept(async (_chunk, store) => {
      const result = await store();
      stored.push(result.messages.length);
      return result;
    });
    const t = deployment();
    const ada = await person(t);
    const ids = ["a", "b", "c", "d", "e", "f"];
    await ada.post("/sync/batch", { messages: ids.map((id) => manyParts(id, 700, "long")) });
    stored.length = 0;
    await ada.post("/sync/batch", { messages: ids.map((id) => manyParts(id, 1, "short")) });
    // Of 3,000 operations, each message takes two for each of its 700 rows.
    expect(stored).toEqual([2, 2, 2]);
    expect(await rows(t, "parts")).toHaveLength(ids.length);
  });

  test("stores its first message, even if that alone replaces more than a transaction's share", async () => {
    const t = deployment();
    const ada = await person(t);
    const ids = { sessionExternalId: "s", externalId: "a", role: "assistant" };
    const long = { type: "tool-result", content: "0123456789 ".repeat(420_000) };
    await ada.post("/sync/message", { ...ids, parts: [long] });
    const answer = await ada.post("/sync/message", { ...ids, textContent: "short", parts: [] });
    expect(answer.status).toBe(200);
    const [page] = await pagesOfSession(ada, "s");
    expect(page?.messages).toMatchObject([{ textContent: "short", parts: [] }]);
  });
});
