import { describe, expect, test } from "vitest";
import { defined, keysOf } from "../lib/record";
import { message, session } from "./exports.fixture";
import { type FormatName, formats } from "./index";
import { ALL_MESSAGES } from "./messageFilter";
import { DEFAULT_OPTIONS, type ExportHead, type ExportMessage, type ExportSession } from "./types";
import {
  ANSWER_BYTES,
  ANSWER_MAX_BYTES,
  type ExportJob,
  type Resume,
  type ExportSource,
} from "./job";
import { writeExport } from "./writer";

function headOf(one: ExportSession): ExportHead {
  const { externalId, source, title, messageCount, createdAt, updatedAt } = one;
  return { externalId, source, title, messageCount, createdAt, updatedAt };
}

const asStored = (one: ExportMessage) => ({
  ...one,
  parts: one.parts.map(({ type, content }) => ({
    type,
    format: "json" as const,
    content: JSON.stringify(content),
  })),
});

/** A database of sessions with at most `size` messages per page and `count` pages per query. */
function sourceOf(sessions: readonly ExportSession[], size: number, count: number): ExportSource {
  const pieces = sessions.flatMap((one, index) => {
    const starts = Array.from({ length: Math.max(1, Math.ceil(one.messages.length / size)) });
    return starts.map((_, piece) => {
      const from = piece * size;
      const messages = one.messages.slice(from, from + size);
      const isLast = from + size >= one.messages.length;
      const bytes = messages.reduce((sum, { textContent = "" }) => sum + textContent.length, 0);
      const head = headOf(one);
      return {
        head,
        messages: messages.map(asStored),
        from,
        isLast,
        position: `${index}:${from}`,
        unknown: from === 0 && index > 0 ? [`before-${index}`] : [],
        bytes,
      };
    });
  });
  const pages: ExportSource["pages"] = (position) => {
    const start = position === null ? 0 : pieces.findIndex((piece) => piece.position === position);
    const page = pieces.slice(start, start + count);
    const next = pieces[start + count]?.position ?? null;
    return Promise.resolve({ pieces: page, unknown: [], next });
  };
  const pagesOf = (id: string) =>
    sourceOf(
      sessions.filter(({ externalId }) => externalId === id),
      size,
      count,
    ).pages;
  return { pages, pagesOf };
}

const talk = (id: string, count: number, size: number) =>
  session(
    Array.from({ length: count }, (_, at) =>
      message(at, at % 2 === 0 ? "user" : "assistant", {
        textContent: `${id}-${at} `.padEnd(size, "x"),
      }),
    ),
    { externalId: id },
  );

const job = (name: FormatName, fields: Partial<ExportJob> = {}): ExportJob => ({
  format: formats[name],
  options: DEFAULT_OPTIONS,
  selection: ALL_MESSAGES,
  anonymity: null,
  limit: Infinity,
  at: 0,
  ...fields,
});

/** All answers of an export, read in a loop over its cursor as a client would. */
async function answers(exported: ExportJob, source: ExportSource) {
  const decoder = new TextDecoder();
  const found: { text: string; sessions: number; skipped: number; emptyBecause?: string }[] = [];
  let resume: Resume | null = null;
  do {
    // An export that never ends fails instead of hanging.
    expect(found.length).toBeLessThan(50);
    const written = await writeExport(exported, source, resume);
    const bytes = written.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    expect(bytes).toBeLessThan(20 * 1024 * 1024);
    const text = written.chunks.map((chunk) => decoder.decode(chunk)).join("");
    const { sessions, skipped, emptyBecause } = written;
    found.push({ text, sessions, skipped: skipped.length, ...defined({ emptyBecause }) });
    resume = written.resume;
  } while (resume !== null);
  return found;
}

const total = (found: { sessions: number }[]) =>
  found.reduce((sum, { sessions }) => sum + sessions, 0);
const ids = (found: { text: string }[], field: string) =>
  found.flatMap(({ text }) =>
    Array.from(text.matchAll(new RegExp(`"${field}":"([^"]+)"`, "g")), ([, id]) => id),
  );

describe("an export too large for one answer", () => {
  const many = Array.from({ length: 40 }, (_, index) => talk(`s${index}`, 10, 60_000));

  test("comes in several complete documents, without gaps or repetitions", async () => {
    const found = await answers(job("json"), sourceOf(many, 7, 5));
    expect(found.length).toBeGreaterThan(2);
    const sessions = found.flatMap(
      ({ text }) => (JSON.parse(text) as { sessions: ExportSession[] }).sessions,
    );
    const messages = sessions.flatMap((one) =>
      one.messages.map((_, at) => `${one.externalId}:${one.from + at}`),
    );
    expect(messages).toEqual(
      many.flatMap((one) => one.messages.map((_, at) => `${one.externalId}:${at}`)),
    );
    expect(total(found)).toBe(many.length);
  });

  test("keeps cases complete, wherever pages end", async () => {
    for (const size of [1, 3, 4, 100]) {
      const options = { ...DEFAULT_OPTIONS, mode: "replay" } as const;
      const found = await answers(
        job("promptfoo", { options }),
        sourceOf(many.slice(0, 20), size, 4),
      );
      expect(found.length).toBeGreaterThan(1);
      expect(ids(found, "providerOutput")).toHaveLength(100);
      for (const { text } of found) {
        for (const line of text.split("\n").filter((one) => one !== "")) {
          const { vars, providerOutput } = JSON.parse(line) as {
            vars: { input: string };
            providerOutput: string;
          };
          const [id, at] = vars.input.split(" ")[0]?.split("-") ?? [];
          expect(providerOutput.startsWith(`${id}-${Number(at) + 1} `)).toBe(true);
        }
      }
    }
  });

  test("gives the same bytes for the same data", async () => {
    const [one, two] = await Promise.all(
      [1, 2].map(() => answers(job("csv"), sourceOf(many.slice(0, 20), 7, 5))),
    );
    expect(one).toEqual(two);
  });

  test("applies a limit over all answers", async () => {
    for (const [limit, count] of [
      [25, 2],
      [many.length - 1, 3],
    ] as const) {
      const found = await answers(job("json", { limit }), sourceOf(many, 7, 5));
      expect(found.length).toBeGreaterThanOrEqual(count);
      expect(total(found)).toBe(limit);
    }
  });
});

test("a conversation larger than an answer is written in segments, in formats by turn and by session", async () => {
  const huge = talk("huge", 400, 100_000);
  for (const name of ["jsonl", "openai", "text"] as const) {
    const options = { ...DEFAULT_OPTIONS, turns: "multi", style: "chat" } as const;
    const found = await answers(job(name, { options }), sourceOf([huge, talk("b", 2, 10)], 40, 1));
    expect(found.length).toBeGreaterThan(3);
    const text = found.map((answer) => answer.text).join("");
    const written = Array.from(text.matchAll(/huge-(\d+) /g), ([, at]) => Number(at));
    expect(written).toEqual(Array.from({ length: 400 }, (_, at) => at));
    expect(text).toContain("b-1 ");
    expect(total(found)).toBe(2);
  }
});

test("a page that takes several answers resumes behind what each of them wrote, with one header", async () => {
  const huge = talk("huge", 480, 100_000);
  const found = await answers(job("text"), sourceOf([huge], 480, 1));
  expect(found.length).toBeGreaterThanOrEqual(3);
  const text = found.map((answer) => answer.text).join("");
  const written = Array.from(text.matchAll(/huge-(\d+) /g), ([, at]) => Number(at));
  expect(written).toEqual(Array.from({ length: 480 }, (_, at) => at));
  expect(text.match(/^Session:/gm)).toHaveLength(1);
});

describe("a conversation that takes several answers", () => {
  const COUNT = 220;
  const long = talk("long", COUNT, 100_000);
  /** Everything is copied as stored; a filter, even one that every message passes, makes the writer interpret it. */
  const ways = [ALL_MESSAGES, { ...ALL_MESSAGES, systemPrompts: false }];
  /** Pages smaller than an answer, and one page larger than any answer, which is written in halves. */
  const sizes = [30, COUNT];

  test("numbers its messages and its entries through, and names one entry the last", async () => {
    for (const selection of ways) {
      for (const size of sizes) {
        const found = await answers(job("json", { selection }), sourceOf([long], size, 1));
        const entries = found.flatMap(
          ({ text }) => (JSON.parse(text) as { sessions: ExportSession[] }).sessions,
        );
        expect(entries.length).toBeGreaterThanOrEqual(2);
        let before = 0;
        for (const { from, messages } of entries) {
          expect(from).toBe(before);
          before += messages.length;
        }
        expect(before).toBe(COUNT);
        const lasts = entries.map(({ isLast }) => isLast);
        expect(lasts).toEqual([...lasts.slice(1).map(() => false), true]);
      }
    }
  });

  test("numbers its lines through, after one line of the session", async () => {
    for (const selection of ways) {
      for (const size of sizes) {
        const found = await answers(job("jsonl", { selection }), sourceOf([long], size, 1));
        expect(found.length).toBeGreaterThanOrEqual(2);
        const lines = found.flatMap(({ text }) =>
          text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Line])),
        );
        const [head, ...messages] = lines;
        expect([head?.type, head?.externalId]).toEqual(["session", "long"]);
        expect(messages.map(({ index }) => index)).toEqual(
          Array.from({ length: COUNT }, (_, at) => at),
        );
      }
    }
  });

  test("has one last turn", async () => {
    const options = { ...DEFAULT_OPTIONS, turns: "last" } as const;
    for (const size of sizes) {
      const found = await answers(job("promptfoo", { options }), sourceOf([long], size, 1));
      const text = found.map((answer) => answer.text).join("");
      expect(text.split("\n").filter((line) => line !== "")).toHaveLength(1);
      expect(text).toContain(`long-${COUNT - 2} `);
    }
  });
});

type Line = { type: string; externalId: string; index?: number };

test("an export says why it is empty only if all of it is, not if its last answer is", async () => {
  const silent = session([], { externalId: "silent" });
  const explained = job("openai", { emptyBecause: (count) => `nothing in ${count}` });
  const sessions = [talk("big", 12, 900_000), silent];
  const found = await answers(explained, sourceOf(sessions, 20, 1));
  expect(found.length).toBeGreaterThanOrEqual(2);
  expect(found.at(-1)?.text).toBe("");
  expect(found.map(({ emptyBecause }) => emptyBecause)).toEqual(found.map(() => undefined));
  const [alone] = await answers(explained, sourceOf([silent], 20, 1));
  expect(alone?.emptyBecause).toBe("nothing in 1");
});

test("a message too large for any answer is counted, and does not stop the export", async () => {
  const bomb = session([
    message(0, "user", { textContent: "q" }),
    message(1, "assistant", { textContent: "\u0000".repeat(ANSWER_MAX_BYTES / 6 + 1) }),
    message(2, "user", { textContent: "after" }),
  ]);
  const found = await answers(job("json"), sourceOf([bomb, talk("b", 2, 10)], 10, 10));
  expect(found.reduce((sum, { skipped }) => sum + skipped, 0)).toBe(1);
  expect(found.map(({ text }) => text).join("")).toContain('"after"');
  expect(total(found)).toBe(2);
});

test("a session whose only message no answer can hold still has its line", async () => {
  const bomb = message(0, "user", { textContent: "\u0000".repeat(ANSWER_MAX_BYTES / 6 + 1) });
  const [found] = await answers(job("jsonl"), sourceOf([session([bomb])], 1, 1));
  expect(found).toMatchObject({ sessions: 1, skipped: 1 });
  expect(found?.text).toContain('"externalId":"s1"');
});

test("a message that does not fit the rest of an answer begins the next one", async () => {
  const said = [9, 12, 1, 9, 12].map((megabytes, at) =>
    message(at, at % 2 === 0 ? "user" : "assistant", {
      textContent: `at-${at} `.padEnd(megabytes * 1_000_000, "x"),
    }),
  );
  for (const size of [1, said.length]) {
    const found = await answers(job("json"), sourceOf([session(said)], size, 1));
    expect(found.length).toBeGreaterThanOrEqual(3);
    expect(found.reduce((sum, { skipped }) => sum + skipped, 0)).toBe(0);
    const text = found.map((answer) => answer.text).join("");
    const written = Array.from(text.matchAll(/"at-(\d+) /g), ([, at]) => Number(at));
    expect(written).toEqual([0, 1, 2, 3, 4]);
    expect(total(found)).toBe(1);
  }
});

test("a record that does not fit the rest of an answer comes whole in the next one", async () => {
  // A span of an answer holds it, and the span of the next one too: 3.6 MB for one of 900,000 letters of two bytes.
  const exchanges = (id: string, count: number) =>
    session(
      Array.from({ length: 2 * count }, (_, at) =>
        at % 2 === 0
          ? message(at, "user", { textContent: `question-${at}` })
          : message(at, "assistant", { textContent: `${id}-${at} `.padEnd(900_000, "é") }),
      ),
      { externalId: id },
    );
  const source = sourceOf([exchanges("short", 3), exchanges("long", 4)], 1, 1);
  const found = await answers(job("otel"), source);
  expect(found.map(({ sessions }) => sessions)).toEqual([1, 1]);
  const outputs = found.map(({ text }) =>
    Array.from(
      text.matchAll(/"gen_ai.output.messages".{1,120}?((?:short|long)-\d) é/g),
      ([, id]) => id,
    ),
  );
  expect(outputs).toEqual([
    ["short-1", "short-3", "short-5"],
    ["long-1", "long-3", "long-5", "long-7"],
  ]);
});

test("a session whose rest is deleted between two answers is not begun a second time", async () => {
  const long = talk("long", 12, 1_000_000);
  for (const name of ["json", "jsonl"] as const) {
    const source = sourceOf([long, talk("b", 2, 10)], 4, 1);
    const first = await writeExport(job(name), source, null);
    expect(first.resume).not.toBeNull();
    const pages: ExportSource["pages"] = async (position) => {
      const page = await source.pages(position);
      const rest = { messages: [], isLast: true };
      if (!position?.startsWith("0:")) return page;
      return { ...page, pieces: page.pieces.map((piece) => ({ ...piece, ...rest })), next: "1:0" };
    };
    const second = await writeExport(job(name), { ...source, pages }, first.resume);
    const decoder = new TextDecoder();
    const text = second.chunks.map((chunk) => decoder.decode(chunk)).join("");
    expect(text).not.toContain('"externalId":"long"');
    expect(text).toContain('"externalId":"b"');
    expect(first.sessions + second.sessions).toBe(2);
  }
});

describe("a session that is deleted while it is exported", () => {
  /** The source, in which the first session is gone once its first page was read. */
  const withoutRest = (source: ExportSource): ExportSource => ({
    ...source,
    pages: (position) => source.pages(position?.startsWith("0:") ? "1:0" : position),
  });

  const interpreted = keysOf(formats).filter((name) => formats[name].complete === undefined);
  test.each(interpreted)("leaves nothing in the next one, in %s", async (name) => {
    for (const size of [10, 600_000]) {
      const next = talk("next", 4, 10);
      const source = withoutRest(sourceOf([talk("gone", 12, size), next], 4, 1));
      const text = (await answers(job(name), source)).map((one) => one.text).join("");
      const whole = { ...headOf(next), messages: next.messages, from: 0, isLast: true };
      for (const record of formats[name].render(whole, DEFAULT_OPTIONS)) {
        expect(text).toContain(record);
      }
    }
  });

  test("is closed in a complete document, and the next one is whole", async () => {
    const source = sourceOf([talk("gone", 12, 10), talk("next", 2, 10)], 4, 1);
    const [{ text } = expect.fail()] = await answers(job("json"), withoutRest(source));
    expect(JSON.parse(text)).toMatchObject({
      sessions: [
        { externalId: "gone", messages: { length: 4 }, from: 0, isLast: false },
        { externalId: "next", messages: { length: 2 }, from: 0, isLast: true },
      ],
    });
  });

  test("between two answers takes no message from the next one", async () => {
    const source = sourceOf([talk("gone", 12, 1_000_000), talk("next", 4, 10)], 12, 1);
    for (const name of ["json", "jsonl"] as const) {
      const first = await writeExport(job(name), source, null);
      expect(first.resume?.skip).toBeGreaterThan(0);
      const second = await writeExport(job(name), withoutRest(source), first.resume);
      const text = second.chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
      for (const at of [0, 1, 2, 3]) expect(text).toContain(`next-${at} `);
    }
  });
});

test("a session that is read again, because it starts earlier now, is not continued by its beginning", async () => {
  const source = sourceOf([talk("moved", 12, 10), talk("next", 2, 10)], 4, 1);
  let isMoved = false;
  const pages: ExportSource["pages"] = (position) => {
    const again = position === "0:4" && !isMoved;
    if (again) isMoved = true;
    return source.pages(again ? "0:0" : position);
  };
  const [{ text } = expect.fail()] = await answers(job("json"), { ...source, pages });
  expect(JSON.parse(text)).toMatchObject({
    sessions: [
      { externalId: "moved", messages: { length: 4 }, isLast: false },
      { externalId: "moved", messages: { length: 12 }, isLast: true },
      { externalId: "next" },
    ],
  });
});

test("an export of nothing is a complete, empty document", async () => {
  const [json, csv] = await Promise.all([
    answers(job("json"), sourceOf([], 1, 1)),
    answers(job("csv"), sourceOf([], 1, 1)),
  ]);
  expect(json).toEqual([{ text: '{"version":1,"sessions":[]}\n', sessions: 0, skipped: 0 }]);
  expect(csv[0]?.text.startsWith("session_id,")).toBe(true);
});

test("a session without messages counts, and is written in the formats that can represent it", async () => {
  const found = await answers(job("json"), sourceOf([session([])], 1, 1));
  expect(found).toMatchObject([{ sessions: 1 }]);
  expect(found[0]?.text).toContain('"externalId":"s1"');
});

test("a session without messages that follows a full answer comes in the next one, and counts once", async () => {
  const source = sourceOf([talk("big", 12, 900_000), session([])], 20, 1);
  const found = await answers(job("json"), source);
  expect(found.map(({ sessions }) => sessions)).toEqual([1, 1]);
  expect(found[1]?.text).toContain('"externalId":"s1"');
});

test("filtered and anonymised content does not leave", async () => {
  const one = session([
    message(0, "system", { textContent: "SYSTEM" }),
    message(1, "user", { textContent: "in /home/grace" }),
    message(2, "assistant", {
      textContent: "```js\n1\n```",
      parts: [{ type: "tool-call", content: { name: "TOOL", args: {} } }],
    }),
  ]);
  const [found] = await answers(
    job("json", {
      selection: { systemPrompts: false, toolCalls: false, codeBlocksOnly: true, minLength: 0 },
      anonymity: { key: "k", names: [] },
    }),
    sourceOf([one], 10, 1),
  );
  expect(found?.text).toContain("```js");
  const [all] = await answers(job("json"), sourceOf([one], 10, 1));
  expect(all?.text).toContain('"parts":[{"type":"tool-call","content":{"name":"TOOL","args":{}}}]');
  expect(found?.text).not.toMatch(/SYSTEM|TOOL|grace/);
});

test("an answer has reserve above its target size for one segment", () => {
  expect(ANSWER_MAX_BYTES).toBeLessThan(20 * 1024 * 1024);
  expect(ANSWER_BYTES).toBeLessThan(ANSWER_MAX_BYTES);
});

test("of the records of one message, those too large for any answer are counted, and the others are written", async () => {
  const sizes = [5, ANSWER_MAX_BYTES + 1, 6, ANSWER_MAX_BYTES - 5];
  const format = {
    ...formats.openai,
    isWhole: () => false,
    render: () => sizes.map((size) => "x".repeat(size)),
  };
  const source = sourceOf([session([message(0, "user", { textContent: "q" })])], 1, 1);
  const [found = expect.fail(), ...more] = await answers(job("openai", { format }), source);
  expect(more).toEqual([]);
  expect(found).toMatchObject({ sessions: 1, skipped: 2 });
  expect(found.text).toBe("xxxxx\nxxxxxx\n");
});

/** A format that needs whole conversations. A record tells which messages it has, and is as long as `sizeOf` says. */
const labelling = (sizeOf: (texts: string[]) => number) => ({
  ...formats.openai,
  isWhole: () => true,
  render: ({ messages, from, isLast }: ExportSession) => {
    const label = `${from}-${from + messages.length - 1}${isLast ? " last" : ""}`;
    return [label.padEnd(sizeOf(messages.map(({ textContent = "" }) => textContent)))];
  },
});
const labelsIn = (text: string) => text.split("\n").flatMap((line) => line.trim() || []);

describe("a segment too large for one answer is written in parts", () => {
  /** Each message is as many megabytes long as its text says. */
  const format = labelling((texts) => texts.reduce((sum, text) => sum + Number(text) * 1e6, 0));

  test.each([
    ["the rest comes in the next answer, in order", [9, 12, 1], [["0-0"], ["1-2 last"]], 0],
    ["the end is the last also after what no answer can hold", [20, 1], [["1-1 last"]], 1],
  ])("%s", async (_, sizes, expected, skipped) => {
    const messages = sizes.map((size, at) => message(at, "user", { textContent: String(size) }));
    const found = await answers(job("openai", { format }), sourceOf([session(messages)], 10, 1));
    expect(found.map(({ text }) => labelsIn(text))).toEqual(expected);
    expect(found.reduce((sum, one) => sum + one.skipped, 0)).toBe(skipped);
    expect(total(found)).toBe(1);
  });
});

describe("a conversation of more than four megabytes becomes several records", () => {
  const exchanges = talk("long", 12, 1_000_000);
  const question = exchanges.messages.map((one, at) =>
    at === 0 ? one : { ...one, role: "assistant" as const },
  );

  test.each([
    ["each of which begins with a question", exchanges, ["0-5", "6-11 last"]],
    ["also if nobody asks after its beginning", session(question), ["0-7", "8-11 last"]],
  ])("%s", async (_, long, expected) => {
    const exported = job("openai", { format: labelling(() => 0) });
    const [{ text } = expect.fail()] = await answers(exported, sourceOf([long], 4, 1));
    expect(labelsIn(text)).toEqual(expected);
  });
});
