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

describe("a quoted phrase", () => {
  const parts = [candidate("s", "the lease ended"), candidate("s", "a renewal failed here")];
  const titled = candidate("titled", "a renewal", { title: "Lease ended" });
  const neither = candidate("neither", "ended: the lease of a renewal");
  const all = [...parts, titled, neither];
  const ranked = (query: string) =>
    rankCandidates(matcherOf(prepareQuery(query)), all).map((one) => one.candidate.text);

  test("selects the sessions that have it in any candidate or in the title", () => {
    expect(order('"lease ended" renewal', all).sort()).toEqual(["s", "titled"]);
    expect(order('"lease ended" "renewal failed"', all)).toEqual(["s"]);
    expect(order('"nothing of it" lease', all)).toEqual([]);
  });

  test("selects the candidates that have it themselves or in their title", () => {
    expect(ranked('"lease ended" renewal').sort()).toEqual(["a renewal", "the lease ended"]);
    expect(ranked('"lease ended" "renewal failed"')).toEqual([]);
  });
});

describe("of two sessions of the same age, the better one", () => {
  const others = ["u", "v", "w"].map((session) => candidate(session, filler));
  test.each<[string, string, TextCandidate[], TextCandidate[]]>([
    [
      "has the query in several messages together",
      "retry backoff",
      [candidate("worse", "a retry"), candidate("worse", "another retry")],
      [candidate("better", "a retry"), candidate("better", "the backoff")],
    ],
    [
      "says a word more often",
      "zebra",
      [candidate("worse", "a zebra and a horse and a cow")],
      [candidate("better", "a zebra and a zebra and a cow")],
    ],
    [
      "says a word in fewer other words",
      "zebra",
      [candidate("worse", `a zebra. ${filler}`)],
      [candidate("better", "a zebra")],
    ],
    [
      "belongs to the project that is named",
      "zebra uploader",
      [candidate("worse", "a zebra uploader", { project: "other" })],
      [candidate("better", "a zebra uploader", { project: "uploader" })],
    ],
    [
      "has all words beside each other as they were asked for",
      "rotate signing keys",
      [candidate("worse", "keys signing rotate")],
      [candidate("better", "rotate signing keys")],
    ],
  ])("%s", (_, query, worse, better) => {
    for (const all of [
      [...worse, ...better, ...others],
      [...others, ...better, ...worse],
    ]) {
      expect(order(query, all).slice(0, 2)).toEqual(["better", "worse"]);
    }
  });

  test("is found by its title alone, behind one that says it in a message", () => {
    const all = [candidate("t", "nothing", { title: "The zebra" }), candidate("m", "the zebra")];
    expect(order("zebra", [...all, ...others])).toEqual(["m", "t"]);
  });
});

test("of a query of many words, the 24 that distinguish most decide", () => {
  const words = Array.from({ length: 30 }, (_, n) => `distinctword${n}`);
  const query = words.join(" ");
  const all = [
    candidate("first", words.slice(0, 15).join(" ")),
    candidate("second", words.slice(15).join(" ")),
  ];
  const scores = rankSessions(matcherOf(prepareQuery(query)), all);
  const [better, worse] = scores.map((one) => [one.candidate.sessionId, one.score]);
  expect([better?.[0], worse?.[0]]).toEqual(["first", "second"]);
  expect(better?.[1]).toBeGreaterThan(Number(worse?.[1]));
});

test("scores stay as they are: a change of the formula is meant", () => {
  const all = [
    candidate("a", "the token refresh of the uploader", { title: "Token refresh" }),
    candidate("b", `token ${filler} refresh`),
    candidate("b", "refresh the page"),
    candidate("c", "a token", { project: "refresh" }),
    candidate("d", filler),
  ];
  const scores = (rank: typeof rankSessions) =>
    rank(matcherOf(prepareQuery("token refresh")), all).map((one) => [
      ...[one.candidate.sessionId, one.score, one.isVerbatim],
    ]);
  expect(scores(rankSessions)).toEqual([
    ["a", 0.9712, true],
    ["b", 0.6648, false],
    ["c", 0.4881, false],
  ]);
  expect(scores(rankCandidates)).toEqual([
    ["a", 0.964, true],
    ["b", 0.581, false],
    ["c", 0.3601, false],
    ["b", 0.3182, false],
  ]);
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
