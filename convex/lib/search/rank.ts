import { summarizeMatches, type MatchSummary, type Matcher } from "./matching";
import type { PreparedQuery } from "./query";

/**
 * Ranks full-text candidates here and not in the engine: Convex orders by BM25 over all users'
 * texts, other engines do not order at all, and neither knows titles, identifiers or that ten
 * candidates of one session are one result.
 */

/** A text that may answer a query: a message, a row of a part, or a session's title and prompts. */
export type TextCandidate = {
  sessionId: string;
  text: string;
  title?: string;
  project?: string;
  createdAt: number;
};

/** A candidate with its score in 0–1. */
type Ranked<P> = { candidate: P; score: number; isVerbatim: boolean };

/** Score weights (sum 1). Coverage dominates; the rest break ties. */
const COVERAGE = 0.55;
const PROXIMITY = 0.15;
const TITLE = 0.12;
const DENSITY = 0.1;
const VERBATIM = 0.08;

/** The share of a session's score that comes from its best candidate; the rest is joint coverage. */
const BEST_CANDIDATE = 0.8;

/**
 * How many of the most distinctive concepts found in texts have a weight. The rest of a long query
 * is noise.
 */
const MAX_WEIGHTED_CONCEPTS = 24;

/** BM25's saturation and length norm. */
const K1 = 1.2;
const B = 0.6;

/** Scores that are equal after rounding to this many digits are ordered by age, newest first. */
const SCORE_DIGITS = 4;

type MatchedCandidate<P> = { candidate: P; body: MatchSummary; title: MatchSummary };

/** Ranks sessions by their best candidate, each session once. Scores decrease along the result. */
export function rankSessions<P extends TextCandidate>(
  matcher: Matcher,
  candidates: readonly P[],
): Ranked<P>[] {
  const { matched, weights } = matchAll(matcher, candidates);
  const sessions = new Map<string, MatchedCandidate<P>[]>();
  for (const one of matched) {
    sessions.set(one.candidate.sessionId, [...(sessions.get(one.candidate.sessionId) ?? []), one]);
  }
  const mean = meanLength(matched);
  const ranked = [...sessions.values()].flatMap((group) => {
    if (!containsAllPhrases(group)) return [];
    const best = group.map((one) => toRanked(one, weights, mean)).sort(byScore)[0];
    if (best === undefined) return [];
    const together = weightedMean(jointStrengths(group), weights);
    const score = BEST_CANDIDATE * best.score + (1 - BEST_CANDIDATE) * together;
    return [{ ...best, score: round(score) }];
  });
  return ranked.filter((one) => one.score > 0).sort(byScore);
}

/** Ranks all candidates that match anything of the query. Scores decrease along the result. */
export function rankCandidates<P extends TextCandidate>(
  matcher: Matcher,
  candidates: readonly P[],
): Ranked<P>[] {
  const { matched, weights } = matchAll(matcher, candidates);
  const mean = meanLength(matched);
  return matched
    .filter((one) => containsAllPhrases([one]))
    .map((one) => toRanked(one, weights, mean))
    .filter((one) => one.score > 0)
    .sort(byScore);
}

/** Summarises the matches of every candidate and weighs each concept by its rarity among them. */
function matchAll<P extends TextCandidate>(matcher: Matcher, candidates: readonly P[]) {
  const matched = candidates.map((candidate) => ({
    candidate,
    body: summarizeMatches(matcher, candidate.text),
    title: summarizeMatches(matcher, `${candidate.title ?? ""} ${candidate.project ?? ""}`),
  }));
  return { matched, weights: rarity(matcher.query, matched) };
}

/**
 * The weights of the concepts: the weight of each times its rarity among the sessions. Only the
 * most distinctive concepts of a long query get one.
 */
function rarity<P extends TextCandidate>(
  { concepts }: PreparedQuery,
  matched: readonly MatchedCandidate<P>[],
): number[] {
  const all = new Set(matched.map((one) => one.candidate.sessionId)).size;
  const weights = concepts.map(() => 0);
  const byWeight = [...concepts.entries()].sort(([, a], [, b]) => b.weight - a.weight);
  let weighted = 0;
  for (const [i, { weight }] of byWeight) {
    if (weighted === MAX_WEIGHTED_CONCEPTS) break;
    const matching = new Set<string>();
    for (const { candidate, body, title } of matched) {
      if (matchesConcept(body, i) || matchesConcept(title, i)) matching.add(candidate.sessionId);
    }
    weights[i] = weight * Math.log(1 + (all - matching.size + 0.5) / (matching.size + 0.5));
    if (matching.size > 0) weighted += 1;
  }
  return weights;
}

function matchesConcept(body: MatchSummary, concept: number): boolean {
  return (body.strengths[concept] ?? 0) >= 0.5;
}

function toRanked<P extends TextCandidate>(
  { candidate, body, title }: MatchedCandidate<P>,
  weights: readonly number[],
  mean: number,
): Ranked<P> {
  const covered = weightedMean(body.strengths, weights);
  const titled = weightedMean(title.strengths, weights);
  if (covered === 0 && titled === 0) return { candidate, score: 0, isVerbatim: false };
  const norm = K1 * (1 - B + (B * body.length) / mean);
  const density = weightedMean(
    body.counts.map((count) => count / (count + norm)),
    weights,
  );
  // A query of one word has no pairs, so its coverage takes the place of proximity.
  const close = weights.length > 1 ? body.proximity : covered;
  const score =
    COVERAGE * covered +
    PROXIMITY * close +
    TITLE * titled +
    DENSITY * density +
    (body.isVerbatim ? VERBATIM : 0);
  return { candidate, score: round(score), isVerbatim: body.isVerbatim };
}

/** Weighted mean of one value per concept: 0–1. */
function weightedMean(values: readonly number[], weights: readonly number[]): number {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return all === 0 ? 0 : values.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0) / all;
}

/** Whether every quoted phrase occurs in the session: in one of its candidates or in its title. */
function containsAllPhrases<P>(group: ReadonlyArray<MatchedCandidate<P>>): boolean {
  const phrases = group[0]?.body.phrases ?? [];
  return phrases.every((_, i) =>
    group.some(({ body, title }) => body.phrases[i] === true || title.phrases[i] === true),
  );
}

/** For each concept, the strongest match in any candidate of the session or in its title. */
function jointStrengths<P>(group: ReadonlyArray<MatchedCandidate<P>>): number[] {
  const first = group[0];
  if (first === undefined) return [];
  return first.body.strengths.map((_, i) =>
    Math.max(
      ...group.map((one) => Math.max(one.body.strengths[i] ?? 0, one.title.strengths[i] ?? 0)),
    ),
  );
}

function meanLength<P>(matched: ReadonlyArray<MatchedCandidate<P>>): number {
  const sum = matched.reduce((total, one) => total + one.body.length, 0);
  return Math.max(1, sum / Math.max(1, matched.length));
}

function round(score: number): number {
  return Math.min(1, Number(score.toFixed(SCORE_DIGITS)));
}

function byScore<P extends TextCandidate>(a: Ranked<P>, b: Ranked<P>): number {
  return b.score - a.score || b.candidate.createdAt - a.candidate.createdAt;
}
