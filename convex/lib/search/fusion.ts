/**
 * Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009). It merges by rank, because
 * scores of different searches are not comparable.
 */

/**
 * The paper's constant. It dampens the first ranks, so that agreement outweighs one list's
 * favourite.
 */
const RRF_K = 60;

/** An item, its rank in each list, and a score in 0–1 that decreases along the result. */
export type Fused<K> = { key: K; score: number; ranks: ReadonlyArray<number | undefined> };

/** The rank whose score is compared with the first one to measure how well a search discriminates. */
const SPREAD_RANK = 5;
/** The weight of a search whose scores are all equal: enough to break ties. */
const MIN_WEIGHT = 1e-6;

/**
 * The weight of one search for this query, from its scores (best first): the relative drop from the
 * first to the fifth score, squared. Scores that are all alike rank by chance, for example when
 * full text matches one common word of a paraphrase, or when the model does not know the word asked
 * for. `floor` is the highest score that an omitted result may have.
 */
export function weightOfScores(scores: readonly number[], floor = 0): number {
  const first = scores[0] ?? 0;
  const later = scores[SPREAD_RANK - 1] ?? floor;
  return first > 0 ? MIN_WEIGHT + (1 - later / first) ** 2 : MIN_WEIGHT;
}

/**
 * Merges ranked lists of keys (best first, each key once per list). The score is Σ weight / (k +
 * rank) with ranks from 1, divided by the score of a key that is first in every list. Keys with
 * equal scores keep the order of the first list that holds them.
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

/** A merged item, taken from the first list that holds it, with its fused score. */
type Merged<T> = { item: T; score: number; ranks: Fused<string>["ranks"] };

/**
 * Merges lists of scored items (best first), each item once. A list weighs more the better its
 * scores discriminate. `floors` gives for each list the score below which results were left out.
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
