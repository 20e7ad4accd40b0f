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

  test("holds an excerpt that fits exactly, and is full if none of sixty tokens would fit", () => {
    const one = excerpt("s", [message("a", "so many words. ".repeat(40))]);
    const { tokens } = pack([one], roomy);
    expect(pack([one], { maxTokens: tokens, limit: 5 }).entries[0]?.messages).toEqual(one.messages);
    for (const [left, isFull] of [
      [59, true],
      [60, false],
    ] as const) {
      const packer = new ContextPacker<Excerpt>({ maxTokens: tokens + left, limit: 5 });
      packer.offer(one);
      expect([packer.isFull, packer.acceptsFrom("t")]).toEqual([isFull, !isFull]);
    }
  });

  test("leaves an excerpt out if a cut would leave less than sixty tokens of it", () => {
    const long = excerpt("s", [message("a", "some words that go on. ".repeat(400))]);
    const titled = { ...long, title: "a long title ".repeat(30) };
    const { tokens } = pack([{ ...titled, messages: [message("b", "x")], messageId: "b" }], roomy);
    expect(pack([titled], { maxTokens: tokens + 40, limit: 5 }).entries).toEqual([]);
    expect(pack([titled], { maxTokens: tokens + 80, limit: 5 }).entries).toHaveLength(1);
  });

  test("of an excerpt without an answer holds what is new, or the beginning of its first message", () => {
    const messages = [message("a", "How?"), message("b", "So.", "assistant")];
    const unanswered = { ...excerpt("s", messages), messageId: undefined };
    const later = { ...unanswered, messages: [...messages, message("c", "More.")] };
    const contents = pack([unanswered, unanswered, later], roomy).entries.map((one) => one.content);
    expect(contents).toEqual(["User: How?\n\nAssistant: So.", "User: More."]);
    const long = [message("d", "some words that go on. ".repeat(400)), message("e", "the end")];
    const cut = pack([{ ...unanswered, messages: long }], { maxTokens: 200, limit: 5 });
    expect(cut.text).toMatch(/User: some words that go on\. .*…$/);
    expect(cut.text).not.toContain("the end");
  });

  test("leaves out an excerpt whose answer it holds, though its neighbours are new", () => {
    const first = excerpt("s", [message("a", "the answer")]);
    const again = excerpt("t", [message("b", "something new"), message("c", " The\nanswer ")], "c");
    expect(pack([first, again], roomy).entries).toHaveLength(1);
  });

  test("leaves out messages without words, and white space around words, but not between them", () => {
    const one = excerpt("s", [message("a", "\n no where "), message("b", " \n")]);
    const other = excerpt("t", [message("c", "nowhere")]);
    const contents = pack([one, other], roomy).entries.map(({ content }) => content);
    expect(contents).toEqual(["User: no where", "User: nowhere"]);
  });

  test("names no project where there is none", () => {
    const one = excerpt("s", [message("a", "How?")]);
    for (const project of [undefined, ""]) {
      expect(pack([{ ...one, project }], roomy).text).toMatch(/^\[1\] Title of s \(2026-01-02\)/);
    }
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
