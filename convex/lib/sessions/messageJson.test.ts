import fc from "fast-check";
import { expect, test } from "vitest";
import { MessageJson } from "./messageJson";
import { parseParts, storedForm, type StoredPart } from "./parts";
import { joinRows, type PartRow, splitParts, splitText } from "./partRows";
import { joinPortion, PortionJoiner, type Portion } from "./portions";

/** Cuts stored rows into portions of `size` rows, as a query hands them out. */
function portionsOf(text: string, parts: readonly StoredPart[], size: number) {
  const { head, tail } = splitText(text);
  const rows = [...tail, ...splitParts(parts.map(storedForm))];
  const portions: (ReturnType<typeof joined> & Portion)[] = [];
  let before: PartRow | undefined;
  for (let at = 0; at === 0 || at < rows.length; at += size) {
    const part = rows.slice(at, at + size);
    const isPart = (row: PartRow) => row.order >= 0;
    const continues = part.find(isPart)?.order === before?.order;
    portions.push({ ...joined(part, at === 0 ? head : ""), ...(at === 0 ? {} : { continues }) });
    before = part[part.length - 1];
  }
  return portions;
}

function joined(rows: readonly PartRow[], head: string) {
  const { text, parts } = joinRows(rows, head);
  return { textContent: text, parts };
}

function written(fields: object, portions: readonly ReturnType<typeof portionsOf>[number][]) {
  let json = "";
  const writer = new MessageJson((text) => (json += text), fields);
  for (const portion of portions) writer.add(portion);
  writer.end();
  return JSON.parse(json) as unknown;
}

const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>;
const someText = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom("a\nb\n", "\n", "x".repeat(40_000), `${"line\n".repeat(9_000)}🎉`, '},{"type":"'),
);
const beside = fc.dictionary(fc.constantFrom("id", "state", "a\nb"), json, { maxKeys: 2 });
const part: fc.Arbitrary<StoredPart> = fc
  .record({ type: fc.constantFrom("text", "tool-call", 'q"'), content: fc.oneof(someText, json) })
  .chain((one) => beside.map((fields) => ({ ...fields, ...one })));

test("a message written from portions equals the JSON of its parsed parts, however its rows are divided", () => {
  fc.assert(
    fc.property(
      someText,
      fc.array(part, { maxLength: 4 }),
      fc.integer({ min: 1, max: 3 }),
      (text, parts, size) => {
        const portions = portionsOf(text, parts, size);
        const [whole] = portionsOf(text, parts, Infinity);
        const found = written({ id: "m", none: undefined }, portions);
        expect(found).toEqual(
          JSON.parse(
            JSON.stringify({ id: "m", textContent: text, parts: parseParts(whole?.parts ?? []) }),
          ),
        );
      },
    ),
    { numRuns: 150 },
  );
});

test("parts that share rows are written as single parts", () => {
  const parts = Array.from({ length: 1_300 }, (_, n) => ({
    ...{ type: "text", content: n % 3 === 0 ? { n, "},{": '},{"' } : `part ${n} },{"type":"` },
    ...(n % 5 === 0 ? { id: n } : {}),
  }));
  const portions = portionsOf("", parts, 400);
  expect(written({}, portions)).toEqual({ textContent: "", parts });
});

test("portions joined again are the message, if it is not too long to interpret", () => {
  fc.assert(
    fc.property(someText, fc.array(part, { maxLength: 4 }), (text, parts) => {
      const joiner = new PortionJoiner();
      for (const portion of portionsOf(text, parts, 1)) joiner.add(portion);
      const [whole] = portionsOf(text, parts, Infinity);
      expect(joiner.end()).toEqual({ ...whole, isCut: false });
    }),
    { numRuns: 100 },
  );
});

test("what is too long to interpret is cut, and its text says how much is left out", () => {
  const long = `${"漢".repeat(1_500_000)}`;
  const joiner = new PortionJoiner();
  const parts: StoredPart[] = [
    { type: "tool-call", content: { name: "Write", args: { content: long } } },
    { type: "text", content: "short" },
    { type: "text", content: long },
    { type: "text", content: "never" },
  ];
  for (const portion of portionsOf("head", parts, 1)) joiner.add(portion);
  const { parts: kept, textContent, isCut } = joiner.end();
  expect(isCut).toBe(true);
  expect(textContent).toBe("head");
  expect(kept.map(({ content }) => content.slice(-40))).toEqual([
    expect.stringMatching(/漢\n… 1\.5MB more of this message$/),
    "short",
    expect.stringMatching(/漢\n… 1\.5MB more of this message$/),
    "… 5B more of this message",
  ]);
  expect(parseParts(kept)).toHaveLength(4);
});

test("characters that JSON writes as six are interpreted as far as six of others", () => {
  for (const [character, kept] of [
    ["x", 1_000_000],
    ["漢", 1_000_000],
    ["\n", 500_000],
    ["\u0001", 166_666],
  ] as const) {
    const joiner = new PortionJoiner();
    for (const slice of [600_000, 600_000])
      joiner.add({ textContent: character.repeat(slice), parts: [], continues: false });
    const { textContent = "", isCut } = joiner.end();
    const note = textContent.lastIndexOf("\n…");
    expect([character, isCut, note]).toEqual([character, true, kept]);
  }
});

test("the beginning of a message says how much follows, and never breaks JSON", () => {
  const parts: StoredPart[] = [{ type: "tool-result", content: { output: "x".repeat(900_000) } }];
  const [first] = portionsOf("", parts, 2);
  const beginning = joinPortion({
    id: "m",
    ...{ textContent: "", parts: [] },
    ...first,
    restBytes: 868_000,
  });
  expect(beginning).toMatchObject({ id: "m", isCut: true });
  expect(beginning).not.toHaveProperty("restBytes");
  const [open, note] = parseParts(beginning.parts);
  expect(open?.type).toBe("tool-result");
  expect(String(open?.content).slice(0, 9)).toBe('{"output"');
  expect(note?.content).toBe("… 868KB more of this message");
});
