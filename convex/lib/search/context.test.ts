import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ContextPacker, type ContextPassage, type Turn } from "./context";
import { estimateTokens } from "./tokens";

const turn = (messageId: string, text: string, role = "user"): Turn => ({ messageId, role, text });
const passage = (
  sessionId: string,
  turns: Turn[],
  messageId = turns[0]?.messageId,
): ContextPassage => ({
  sessionId,
  title: `Title of ${sessionId}`,
  project: "shop",
  createdAt: Date.UTC(2026, 0, 2),
  score: 0.5,
  messageId,
  turns,
});
function pack(passages: ContextPassage[], budget: { maxTokens: number; limit: number }) {
  const packer = new ContextPacker<ContextPassage>(budget);
  for (const one of passages) packer.offer(one);
  return packer.packed;
}
const roomy = { maxTokens: 2_000, limit: 10 };

describe("a context", () => {
  test("cites each passage with its title, and says who spoke", () => {
    const one = passage("s", [turn("a", "How?"), turn("b", "So.", "assistant")]);
    const packed = pack([one], roomy);
    expect(packed.text).toBe("[1] Title of s (shop, 2026-01-02)\nUser: How?\n\nAssistant: So.");
    expect(packed.entries).toMatchObject([{ citation: 1, sessionId: "s", messageId: "a" }]);
  });

  test("holds no message and no wording twice", () => {
    const packed = pack(
      [
        passage("s", [turn("a", "the question"), turn("b", "the answer")]),
        passage("s", [turn("b", "the answer"), turn("c", "a new thing")], "c"),
        passage("t", [turn("d", "The  Answer")]),
      ],
      roomy,
    );
    expect(packed.text.match(/the answer/gi)).toHaveLength(1);
    expect(packed.entries.map((entry) => entry.messageId)).toEqual(["a", "c"]);
  });

  test("takes at most three passages of one session, and as many entries as asked for", () => {
    const many = Array.from({ length: 9 }, (_, i) => passage("s", [turn(`m${i}`, `text ${i}`)]));
    const other = passage("t", [turn("o", "other")]);
    expect(pack([...many, other], roomy).entries.map((one) => one.sessionId)).toEqual([
      "s",
      "s",
      "s",
      "t",
    ]);
    expect(pack([...many, other], { ...roomy, limit: 2 }).entries).toHaveLength(2);
  });

  test("drops neighbours before it cuts the answer, and cuts it between words", () => {
    const long = "some words that go on. ".repeat(400);
    const answer = "the answer itself is short";
    const withNeighbours = passage("s", [turn("a", long), turn("b", answer)], "b");
    const packed = pack([withNeighbours], { maxTokens: 120, limit: 5 });
    expect(packed.entries[0]?.content).toBe(`User: ${answer}`);
    const cut = pack([passage("s", [turn("a", long)])], { maxTokens: 200, limit: 5 });
    expect(cut.text).toMatch(/(some|words|that|go|on\.)…$/);
  });

  test("never exceeds its budget, whatever it is given", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 600 });
    const anyPassage = fc
      .tuple(fc.constantFrom("s", "t", "u"), fc.array(text, { minLength: 1, maxLength: 4 }))
      .map(([session, texts], i = 0) =>
        passage(
          session,
          texts.map((one, j) => turn(`${session}${i}${j}${one.length}`, one)),
        ),
      );
    fc.assert(
      fc.property(fc.array(anyPassage), fc.integer({ min: 0, max: 500 }), (passages, maxTokens) => {
        const packed = pack(passages, { maxTokens, limit: 10 });
        expect(estimateTokens(packed.text)).toBeLessThanOrEqual(maxTokens);
      }),
    );
  });
});
