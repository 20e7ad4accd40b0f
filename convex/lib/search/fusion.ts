/**
 * Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): ranks are comparable where
 * scores of two searches are not.
 */

/** Dampens the first ranks, so that one list's favourite does not outvote agreement; the paper's value. */
const RRF_K = 60;

/** An item with the lists that hold it, and a score in 0–1 that falls along the order. */
export type Fused<K> = { key: K; score: number; ranks: ReadonlyArray<number | undefined> };

/** How many results a search must tell apart from its first to be trusted fully. */
const SPREAD_AT = 5;
/** A search that tells nothing apart still breaks ties. */
const LEAST_WEIGHT = 1e-6;

/**
 * How much a search is worth for this query, by its scores (best first): how far its fifth result
 * falls behind its first, squared. Scores that are all alike rank by chance: full text that found one
 * common word of a paraphrase, or vectors of a question about a word they do not know. Results that a
 * search has left out may score up to `floor`.
 */
export function weightOfScores(scores: readonly number[], floor = 0): number {
  const first = scores[0] ?? 0;
  const later = scores[SPREAD_AT - 1] ?? floor;
  return first > 0 ? LEAST_WEIGHT + (1 - later / first) ** 2 : LEAST_WEIGHT;
}

/**
 * Merges ranked lists of keys (best first, each key once a list): the score is Σ weight / (k + rank),
 * ranks from 1, divided by what the first of all lists would get. Equal scores keep the order of the
 * first list that holds them.
 */
export function fuse<K>(
  lists: ReadonlyArray<readonly K[]>,
  weights?: readonly number[],
): Fused<K>[] {
  const weightOf = (list: number) => weights?.[list] ?? 1;
  const ranks = new Map<K, Array<number | undefined>>();
  lists.forEach((list, l) => {
    list.forEach((key, i) => {
      const known = ranks.get(key) ?? lists.map(() => undefined);
      known[l] ??= i + 1;
      ranks.set(key, known);
    });
  });
  const best = lists.reduce((sum, _, l) => sum + weightOf(l) / (RRF_K + 1), 0);
  return [...ranks.entries()]
    .map(([key, places]) => {
      const sum = places.reduce<number>(
        (total, rank, l) => total + (rank === undefined ? 0 : weightOf(l) / (RRF_K + rank)),
        0,
      );
      return { key, score: sum / best, ranks: places };
    })
    .sort((a, b) => b.score - a.score);
}

/** A merged item: the one of the first list that holds it, with its fused score. */
type Merged<T> = { item: T; score: number; ranks: Fused<string>["ranks"] };

/**
 * Merges lists of scored items, best first, each item once: every list counts by how well its scores
 * tell its items apart. `floors`: what scores less was left out of each list.
 */
export function mergeRanked<T extends { score: number }>(
  lists: ReadonlyArray<readonly T[]>,
  keyOf: (item: T) => string,
  floors: readonly number[],
): Merged<T>[] {
  const items = new Map<string, T>();
  for (const list of lists) {
    for (const item of list) if (!items.has(keyOf(item))) items.set(keyOf(item), item);
  }
  const weights = lists.map((list, l) =>
    weightOfScores(
      list.map((item) => item.score),
      floors[l],
    ),
  );
  return fuse(
    lists.map((list) => list.map(keyOf)),
    weights,
  ).flatMap(({ key, score, ranks }) => {
    const item = items.get(key);
    return item === undefined ? [] : [{ item, score: Number(score.toFixed(4)), ranks }];
  });
}
