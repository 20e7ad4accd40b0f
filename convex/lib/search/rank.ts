import { evidenceOf, type Evidence, type Matcher } from "./matching";
import type { PreparedQuery } from "./query";

/**
 * Ranking of full-text candidates, decided here and not by the engine: Convex's index orders by BM25
 * over everybody's texts, other engines by nothing at all, and neither knows titles, identifiers or
 * that ten passages of one session are one answer.
 */

/** A text that may answer: a message, a piece of a part, or a session's own title and prompts. */
export type Passage = {
  sessionId: string;
  text: string;
  title?: string;
  project?: string;
  createdAt: number;
};

/** A passage with its score in 0–1. */
type Ranked<P> = { passage: P; score: number; isVerbatim: boolean };

/** Shares of the score. What is covered decides; the rest tells apart what covers the same. */
const COVERAGE = 0.55;
const CLOSENESS = 0.15;
const TITLE = 0.12;
const DENSITY = 0.1;
const VERBATIM = 0.08;

/** How a session's score is made of its best passage and of what its passages cover together. */
const BEST_PASSAGE = 0.8;

/** What is less telling than so many concepts that texts hold says nothing about which is meant. */
const MAX_DECIDING = 24;

/** BM25's saturation and length norm. */
const K1 = 1.2;
const B = 0.6;

/** Scores closer than this are equal, and the newer text wins. */
const DIGITS = 4;

type Judged<P> = { passage: P; evidence: Evidence; title: Evidence };

/** Passages best first, each session once with its best passage. Scores fall along the order. */
export function rankSessions<P extends Passage>(
  matcher: Matcher,
  passages: readonly P[],
): Ranked<P>[] {
  const { judged, weights } = judge(matcher, passages);
  const sessions = new Map<string, Judged<P>[]>();
  for (const one of judged) {
    sessions.set(one.passage.sessionId, [...(sessions.get(one.passage.sessionId) ?? []), one]);
  }
  const mean = meanLength(judged);
  const ranked = [...sessions.values()].flatMap((group) => {
    if (!holdsAllPhrases(group)) return [];
    const best = group.map((one) => toRanked(one, weights, mean)).sort(byScore)[0];
    if (best === undefined) return [];
    const together = weigh(union(group), weights);
    const score = BEST_PASSAGE * best.score + (1 - BEST_PASSAGE) * together;
    return [{ ...best, score: round(score) }];
  });
  return ranked.filter((one) => one.score > 0).sort(byScore);
}

/** All passages that hold anything of the query, best first. Scores fall along the order. */
export function rankPassages<P extends Passage>(
  matcher: Matcher,
  passages: readonly P[],
): Ranked<P>[] {
  const { judged, weights } = judge(matcher, passages);
  const mean = meanLength(judged);
  return judged
    .filter((one) => holdsAllPhrases([one]))
    .map((one) => toRanked(one, weights, mean))
    .filter((one) => one.score > 0)
    .sort(byScore);
}

/** Weighs every passage, its evidence taken once however often it is ranked, and says how much each concept of the query tells among them. */
function judge<P extends Passage>(matcher: Matcher, passages: readonly P[]) {
  const judged = passages.map((passage) => ({
    passage,
    evidence: evidenceOf(matcher, passage.text),
    title: evidenceOf(matcher, `${passage.title ?? ""} ${passage.project ?? ""}`),
  }));
  return { judged, weights: rarity(matcher.query, judged) };
}

/**
 * The weight of a concept: what it was worth beforehand, times its rarity among the sessions; of a long
 * query only the most telling ones weigh.
 */
function rarity<P extends Passage>(
  { concepts }: PreparedQuery,
  judged: readonly Judged<P>[],
): number[] {
  const all = new Set(judged.map((one) => one.passage.sessionId)).size;
  const weights = concepts.map(() => 0);
  const byWeight = [...concepts.entries()].sort(([, a], [, b]) => b.weight - a.weight);
  let deciding = 0;
  for (const [i, { weight }] of byWeight) {
    if (deciding === MAX_DECIDING) break;
    const holding = new Set<string>();
    for (const { passage, evidence, title } of judged) {
      if (isHeld(evidence, i) || isHeld(title, i)) holding.add(passage.sessionId);
    }
    weights[i] = weight * Math.log(1 + (all - holding.size + 0.5) / (holding.size + 0.5));
    if (holding.size > 0) deciding += 1;
  }
  return weights;
}

function isHeld(evidence: Evidence, concept: number): boolean {
  return (evidence.strengths[concept] ?? 0) >= 0.5;
}

function toRanked<P extends Passage>(
  { passage, evidence, title }: Judged<P>,
  weights: readonly number[],
  mean: number,
): Ranked<P> {
  const covered = weigh(evidence.strengths, weights);
  const titled = weigh(title.strengths, weights);
  if (covered === 0 && titled === 0) return { passage, score: 0, isVerbatim: false };
  const norm = K1 * (1 - B + (B * evidence.length) / mean);
  const density = weigh(
    evidence.counts.map((count) => count / (count + norm)),
    weights,
  );
  // A query of one word has no pairs; its closeness is that it is there.
  const close = weights.length > 1 ? evidence.closeness : covered;
  const score =
    COVERAGE * covered +
    CLOSENESS * close +
    TITLE * titled +
    DENSITY * density +
    (evidence.isVerbatim ? VERBATIM : 0);
  return { passage, score: round(score), isVerbatim: evidence.isVerbatim };
}

/** Mean of what holds for each concept, by weight: 0–1. */
function weigh(values: readonly number[], weights: readonly number[]): number {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return all === 0 ? 0 : values.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0) / all;
}

/** A quoted phrase must stand in the session: in one of its passages, or in its title. */
function holdsAllPhrases<P>(group: ReadonlyArray<Judged<P>>): boolean {
  const phrases = group[0]?.evidence.phrases ?? [];
  return phrases.every((_, i) =>
    group.some(({ evidence, title }) => evidence.phrases[i] === true || title.phrases[i] === true),
  );
}

/** For each concept the best that any passage of the session, or its title, holds. */
function union<P>(group: ReadonlyArray<Judged<P>>): number[] {
  const first = group[0];
  if (first === undefined) return [];
  return first.evidence.strengths.map((_, i) =>
    Math.max(
      ...group.map((one) => Math.max(one.evidence.strengths[i] ?? 0, one.title.strengths[i] ?? 0)),
    ),
  );
}

function meanLength<P>(judged: ReadonlyArray<Judged<P>>): number {
  const sum = judged.reduce((total, one) => total + one.evidence.length, 0);
  return Math.max(1, sum / Math.max(1, judged.length));
}

function round(score: number): number {
  return Math.min(1, Number(score.toFixed(DIGITS)));
}

function byScore<P extends Passage>(a: Ranked<P>, b: Ranked<P>): number {
  return b.score - a.score || b.passage.createdAt - a.passage.createdAt;
}
