import { type BenchQuery, type BenchSession, KINDS } from "./searchSet.ts";

/** Characters of a session that the baseline searches, like an index of one field. */
const BASELINE_CHARS = 10_000;

/** BM25's usual constants. */
const K1 = 1.2;
const B = 0.75;

/** Share of queries answered in the first result, in the first five, and the mean reciprocal rank in the first ten. */
export type Measures = { recallAt1: number; recallAt5: number; mrrAt10: number; count: number };

/** Ranked `externalId`s for a query, best first. */
export type Search = (query: string) => Promise<string[]> | string[];

/** Measures a search with labelled queries, by kind and in total. */
export async function measure(queries: readonly BenchQuery[], search: Search) {
  const ranks = new Map<string, number[]>();
  for (const query of queries) {
    const rank = (await search(query.text)).indexOf(query.answer) + 1;
    ranks.set(query.kind, [...(ranks.get(query.kind) ?? []), rank]);
  }
  const rows = KINDS.map((kind) => [kind, toMeasures(ranks.get(kind) ?? [])] as const);
  return new Map<string, Measures>([...rows, ["all", toMeasures([...ranks.values()].flat())]]);
}

/** Averages several runs of the same queries. */
export function meanOf(runs: readonly Map<string, Measures>[]): Map<string, Measures> {
  const mean = (kind: string, what: keyof Measures) =>
    runs.reduce((sum, run) => sum + (run.get(kind)?.[what] ?? 0), 0) / runs.length;
  const kinds = [...(runs[0]?.keys() ?? [])];
  return new Map(
    kinds.map((kind) => [
      kind,
      {
        recallAt1: mean(kind, "recallAt1"),
        recallAt5: mean(kind, "recallAt5"),
        mrrAt10: mean(kind, "mrrAt10"),
        count: mean(kind, "count"),
      },
    ]),
  );
}

/** Computes the measures from ranks, which start at 1; 0 means not found. */
function toMeasures(ranks: readonly number[]): Measures {
  const share = (fits: (rank: number) => boolean) =>
    ranks.filter((rank) => rank > 0 && fits(rank)).length / Math.max(1, ranks.length);
  const reciprocals = ranks.map((rank) => (rank > 0 && rank <= 10 ? 1 / rank : 0));
  return {
    recallAt1: share((rank) => rank === 1),
    recallAt5: share((rank) => rank <= 5),
    mrrAt10: reciprocals.reduce((a, b) => a + b, 0) / Math.max(1, ranks.length),
    count: ranks.length,
  };
}

/** Plain BM25 over title, project and the first 10,000 characters of each session, parts as they are sent. */
export function bm25(sessions: readonly BenchSession[]): Search {
  const texts = sessions.map((session) => {
    const body = session.messages
      .map(({ textContent, parts = [] }) => textContent + parts.slice(1).map(asSent).join("\n"))
      .join("\n");
    return wordsOf(`${session.title} ${session.projectName} ${body}`.slice(0, BASELINE_CHARS));
  });
  const mean = texts.reduce((sum, words) => sum + words.length, 0) / texts.length;
  const counts = texts.map(countsOf);
  return (query) => {
    const scores = counts.map((count, i) => {
      const norm = K1 * (1 - B + (B * (texts[i]?.length ?? 0)) / mean);
      return [...new Set(wordsOf(query))].reduce((sum, word) => {
        const holding = counts.filter((one) => one.has(word)).length;
        const idf = Math.log(1 + (counts.length - holding + 0.5) / (holding + 0.5));
        const times = count.get(word) ?? 0;
        return sum + (idf * times * (K1 + 1)) / (times + norm);
      }, 0);
    });
    return sessions
      .map((session, i) => ({ id: session.externalId, score: scores[i] ?? 0 }))
      .filter((one) => one.score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, 10)
      .map((one) => one.id);
  };
}

const asSent = (part: object) => JSON.stringify(part);

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function countsOf(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
