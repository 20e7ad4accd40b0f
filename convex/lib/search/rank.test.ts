import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type TextCandidate, rankCandidates, rankSessions } from "./rank";
import { matcherOf } from "./matching";
import { prepareQuery } from "./query";

const filler = "We looked at the deployment and the tests and found nothing of note. ".repeat(10);
const candidate = (
  sessionId: string,
  text: string,
  more: Partial<TextCandidate> = {},
): TextCandidate => ({
  sessionId,
  text,
  createdAt: 1,
  ...more,
});
const order = (query: string, candidates: TextCandidate[]) =>
  rankSessions(matcherOf(prepareQuery(query)), candidates).map((one) => one.candidate.sessionId);

describe("ranking does not depend on the order of candidates", () => {
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
      "adjacent words outweigh scattered words",
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
    const candidates = [
      candidate(worse[0]!, worse[1]!),
      candidate(better[0]!, better[1]!),
      ...["u", "v", "w"].map((session) => candidate(session, filler)),
    ];
    expect(order(query, candidates)[0]).toBe(better[0]);
    expect(order(query, [...candidates].reverse())[0]).toBe(better[0]);
  });

  test("a match in the title outweighs a match in the text", () => {
    const plain = candidate("plain", `token refresh ${filler}`, { title: "Other things" });
    const titled = candidate("titled", `token refresh ${filler}`, { title: "Token refresh" });
    expect(order("token refresh", [plain, titled])).toEqual(["titled", "plain"]);
  });

  test("age decides only between equal scores", () => {
    const old = candidate("old", "rotate keys", { createdAt: 1 });
    const recent = candidate("new", "rotate keys", { createdAt: 2 });
    const better = candidate("better", "rotate signing keys", { createdAt: 0 });
    expect(order("rotate signing keys", [old, recent, better])).toEqual(["better", "new", "old"]);
  });

  test("a session is listed once, with its best candidate", () => {
    const candidates = [
      candidate("a", `nothing of the lease here ${filler}`),
      candidate("a", "the lease renewal failed"),
      candidate("b", "a lease"),
    ];
    const ranked = rankSessions(matcherOf(prepareQuery("lease renewal failed")), candidates);
    expect(ranked.map((one) => one.candidate.text)).toEqual([
      "the lease renewal failed",
      "a lease",
    ]);
  });

  test("a candidate without any word of the query is not a result", () => {
    expect(rankCandidates(matcherOf(prepareQuery("zebra")), [candidate("a", filler)])).toEqual([]);
  });
});

test("scores lie in 0–1 and decrease along the result, whatever the query and the texts", () => {
  const word = fc.constantFrom("alpha", "betaGamma", "x_y", "数据库", "42", "the", "!", "delta.ts");
  const text = fc.array(word, { maxLength: 30 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(text, fc.array(fc.tuple(fc.constantFrom("s", "t", "u"), text)), (query, texts) => {
      const candidates = texts.map(([session, body], i) =>
        candidate(session, body, { createdAt: i }),
      );
      for (const rank of [rankSessions, rankCandidates]) {
        const scores = rank(matcherOf(prepareQuery(query)), candidates).map((one) => one.score);
        expect(scores).toEqual([...scores].sort((a, b) => b - a));
        for (const score of scores) expect(score > 0 && score <= 1).toBe(true);
      }
    }),
  );
});
