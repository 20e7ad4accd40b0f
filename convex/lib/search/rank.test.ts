import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Passage, rankPassages, rankSessions } from "./rank";
import { matcherOf } from "./matching";
import { prepareQuery } from "./query";

const filler = "We looked at the deployment and the tests and found nothing of note. ".repeat(10);
const passage = (sessionId: string, text: string, more: Partial<Passage> = {}): Passage => ({
  sessionId,
  text,
  createdAt: 1,
  ...more,
});
const order = (query: string, passages: Passage[]) =>
  rankSessions(matcherOf(prepareQuery(query)), passages).map((one) => one.passage.sessionId);

describe("among candidates, whatever order they came in", () => {
  test.each([
    [
      "a rare word outweighs a common one",
      "deployment zebra",
      ["common", filler],
      ["rare", `a zebra walked by. ${filler.replace(/deployment/g, "build")}`],
    ],
    [
      "more of the query outweighs more of one word",
      "retry backoff",
      ["one", "retry ".repeat(30)],
      ["both", `set a retry. ${filler} then the backoff.`],
    ],
    [
      "words that stand together outweigh words that stand apart",
      "connection pool exhausted",
      ["apart", `connection ${filler} pool ${filler} exhausted`],
      ["together", `${filler} connection pool exhausted ${filler}`],
    ],
    [
      "an identifier as written outweighs its parts",
      "getUserById",
      ["parts", `get the user by its id. ${filler}`],
      ["whole", `${filler} getUserById() ${filler}`],
    ],
    [
      "a path as written outweighs its segments",
      "src/auth/session.ts",
      ["parts", "the session of auth is in src, a ts file"],
      ["whole", `${filler} see src/auth/session.ts ${filler}`],
    ],
  ])("%s", (_, query, worse, better) => {
    const passages = [
      passage(worse[0]!, worse[1]!),
      passage(better[0]!, better[1]!),
      ...["u", "v", "w"].map((session) => passage(session, filler)),
    ];
    expect(order(query, passages)[0]).toBe(better[0]);
    expect(order(query, [...passages].reverse())[0]).toBe(better[0]);
  });

  test("a title that says it outweighs a text that says it", () => {
    const plain = passage("plain", `token refresh ${filler}`, { title: "Other things" });
    const titled = passage("titled", `token refresh ${filler}`, { title: "Token refresh" });
    expect(order("token refresh", [plain, titled])).toEqual(["titled", "plain"]);
  });

  test("age decides only between equals", () => {
    const old = passage("old", "rotate keys", { createdAt: 1 });
    const recent = passage("new", "rotate keys", { createdAt: 2 });
    const better = passage("better", "rotate signing keys", { createdAt: 0 });
    expect(order("rotate signing keys", [old, recent, better])).toEqual(["better", "new", "old"]);
  });

  test("a session is listed once, with the passage that answers best", () => {
    const passages = [
      passage("a", `nothing of the lease here ${filler}`),
      passage("a", "the lease renewal failed"),
      passage("b", "a lease"),
    ];
    const ranked = rankSessions(matcherOf(prepareQuery("lease renewal failed")), passages);
    expect(ranked.map((one) => one.passage.text)).toEqual(["the lease renewal failed", "a lease"]);
  });

  test("a passage without any word of the query is no result", () => {
    expect(rankPassages(matcherOf(prepareQuery("zebra")), [passage("a", filler)])).toEqual([]);
  });
});

test("scores lie in 0–1 and fall along the order, whatever is asked of whatever", () => {
  const word = fc.constantFrom("alpha", "betaGamma", "x_y", "数据库", "42", "the", "!", "delta.ts");
  const text = fc.array(word, { maxLength: 30 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(text, fc.array(fc.tuple(fc.constantFrom("s", "t", "u"), text)), (query, texts) => {
      const passages = texts.map(([session, body], i) => passage(session, body, { createdAt: i }));
      for (const rank of [rankSessions, rankPassages]) {
        const scores = rank(matcherOf(prepareQuery(query)), passages).map((one) => one.score);
        expect(scores).toEqual([...scores].sort((a, b) => b - a));
        for (const score of scores) expect(score > 0 && score <= 1).toBe(true);
      }
    }),
  );
});
