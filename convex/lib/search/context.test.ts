import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ContextPacker, type Excerpt, type ContextMessage } from "./context";
import { estimateTokens } from "./tokens";

const message = (messageId: string, text: string, role = "user"): ContextMessage => ({
  messageId,
  role,
  text,
});
const excerpt = (
  sessionId: string,
  messages: ContextMessage[],
  messageId = messages[0]?.messageId,
): Excerpt => ({
  sessionId,
  title: `Title of ${sessionId}`,
  project: "shop",
  createdAt: Date.UTC(2026, 0, 2),
  score: 0.5,
  messageId,
  messages,
});
function pack(excerpts: Excerpt[], budget: { maxTokens: number; limit: number }) {
  const packer = new ContextPacker<Excerpt>(budget);
  for (const one of excerpts) packer.offer(one);
  return packer.packed;
}
const roomy = { maxTokens: 2_000, limit: 10 };

describe("a context", () => {
  test("cites each excerpt with its title and labels who spoke", () => {
    const one = excerpt("s", [message("a", "How?"), message("b", "So.", "assistant")]);
    const packed = pack([one], roomy);
    expect(packed.text).toBe("[1] Title of s (shop, 2026-01-02)\nUser: How?\n\nAssistant: So.");
    expect(packed.entries).toMatchObject([{ citation: 1, sessionId: "s", messageId: "a" }]);
  });

  test("repeats no message and no wording", () => {
    const packed = pack(
      [
        excerpt("s", [message("a", "the question"), message("b", "the answer")]),
        excerpt("s", [message("b", "the answer"), message("c", "a new thing")], "c"),
        excerpt("t", [message("d", "The  Answer")]),
      ],
      roomy,
    );
    expect(packed.text.match(/the answer/gi)).toHaveLength(1);
    expect(packed.entries.map((entry) => entry.messageId)).toEqual(["a", "c"]);
  });

  test("takes at most three excerpts of one session, and at most `limit` entries", () => {
    const many = Array.from({ length: 9 }, (_, i) => excerpt("s", [message(`m${i}`, `text ${i}`)]));
    const other = excerpt("t", [message("o", "other")]);
    expect(pack([...many, other], roomy).entries.map((one) => one.sessionId)).toEqual([
      "s",
      "s",
      "s",
      "t",
    ]);
    expect(pack([...many, other], { ...roomy, limit: 2 }).entries).toHaveLength(2);
  });

  test("drops neighbours before it cuts the answer, and cuts between words", () => {
    const long = "some words that go on. ".repeat(400);
    const answer = "the answer itself is short";
    const withNeighbours = excerpt("s", [message("a", long), message("b", answer)], "b");
    const packed = pack([withNeighbours], { maxTokens: 120, limit: 5 });
    expect(packed.entries[0]?.content).toBe(`User: ${answer}`);
    const cut = pack([excerpt("s", [message("a", long)])], { maxTokens: 200, limit: 5 });
    expect(cut.text).toMatch(/(some|words|that|go|on\.)…$/);
  });

  test("never exceeds its budget, whatever the excerpts", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 600 });
    const anyExcerpt = fc
      .tuple(fc.constantFrom("s", "t", "u"), fc.array(text, { minLength: 1, maxLength: 4 }))
      .map(([session, texts], i = 0) =>
        excerpt(
          session,
          texts.map((one, j) => message(`${session}${i}${j}${one.length}`, one)),
        ),
      );
    fc.assert(
      fc.property(fc.array(anyExcerpt), fc.integer({ min: 0, max: 500 }), (excerpts, maxTokens) => {
        const packed = pack(excerpts, { maxTokens, limit: 10 });
        expect(estimateTokens(packed.text)).toBeLessThanOrEqual(maxTokens);
      }),
    );
  });
});
