import type { Concept, PreparedQuery } from "./terms";
import { humps, lowerCase, stem, wordsOf } from "./words";

/** How well a word of a text stands for a word of the query. */
const AS_PART = 0.8;
const AS_STEM = 0.7;
const AS_PREFIX = 0.5;

/** A prefix shorter than this matches by chance. */
const MIN_PREFIX = 4;

/** Scripts written without spaces, where a word of the query stands inside a longer run. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

/** Where, and how exactly, a text holds the words of a query. */
export type Match = { term: string; start: number; end: number; index: number; strength: number };

/** What one text has to say for a query. */
export type Evidence = {
  /** By concept of the query: 0 (absent) to 1 (as written). */
  strengths: number[];
  /** By concept: how often its most frequent word occurs, weak matches counting less. */
  counts: number[];
  /** Share of the query's adjacent word pairs that stand together here, 0–1. */
  closeness: number;
  /** The whole query, or one of its identifiers, stands here as written. */
  isVerbatim: boolean;
  length: number;
};

/** Words of a query, looked up by every form in which a text may hold them. Made once a query. */
export type Matcher = {
  query: PreparedQuery;
  whole: ReadonlySet<string>;
  stems: ReadonlyMap<string, string>;
  prefixes: readonly string[];
  unspaced: readonly string[];
  cache: Map<string, ReadonlyArray<{ term: string; strength: number }>>;
};

/** Prepares a query for matching against many texts. */
export function matcherOf(query: PreparedQuery): Matcher {
  const whole = new Set<string>(query.terms);
  for (const concept of query.concepts) {
    for (const word of [...concept.words, ...concept.split]) whole.add(word);
  }
  const words = [...whole];
  const typed = query.terms[query.terms.length - 1];
  return {
    query,
    whole,
    stems: new Map(words.map((word) => [stem(word), word])),
    prefixes: words.filter((word) => word.length >= MIN_PREFIX || word === typed),
    unspaced: words.filter((word) => UNSPACED.test(word)),
    cache: new Map(),
  };
}

/** Every place where a text holds a word of the query, in order. */
export function matchesIn(matcher: Matcher, text: string): Match[] {
  const matches: Match[] = [];
  wordsOf(text).forEach((word, index) => {
    for (const { term, strength } of lookUp(matcher, word.text)) {
      matches.push({ term, start: word.start, end: word.end, index, strength });
    }
    for (const term of matcher.unspaced) {
      const at = word.text.toLowerCase().indexOf(term);
      if (at < 0 || word.text.length === term.length) continue;
      const start = word.start + at;
      matches.push({ term, start, end: start + term.length, index, strength: 1 });
    }
  });
  return matches;
}

/** The words of the query that one word of a text stands for; remembered, as texts repeat words. */
function lookUp(matcher: Matcher, written: string) {
  const known = matcher.cache.get(written);
  if (known !== undefined) return known;
  const found = formsOf(matcher, written);
  matcher.cache.set(written, found);
  return found;
}

function formsOf(matcher: Matcher, written: string): Array<{ term: string; strength: number }> {
  const word = lowerCase(written);
  const found = new Map<string, number>();
  const add = (term: string | undefined, strength: number) => {
    if (term !== undefined) found.set(term, Math.max(strength, found.get(term) ?? 0));
  };
  if (matcher.whole.has(word)) add(word, 1);
  for (const part of humps(written)) if (matcher.whole.has(part)) add(part, AS_PART);
  add(matcher.stems.get(stem(word)), AS_STEM);
  for (const term of matcher.prefixes) if (word.startsWith(term)) add(term, AS_PREFIX);
  return [...found].map(([term, strength]) => ({ term, strength }));
}

/** What a text has to say for a query, from its matches. */
export function evidenceOf(matcher: Matcher, text: string): Evidence {
  const matches = matchesIn(matcher, text);
  const best = new Map<string, number>();
  const count = new Map<string, number>();
  for (const { term, strength } of matches) {
    best.set(term, Math.max(strength, best.get(term) ?? 0));
    count.set(term, strength + (count.get(term) ?? 0));
  }
  const lower = text.toLowerCase();
  const { concepts } = matcher.query;
  const verbatim = concepts.map((concept) => concept.isIdentifier && lower.includes(concept.raw));
  return {
    strengths: concepts.map((concept, i) => (verbatim[i] ? 1 : strengthOf(concept, best))),
    counts: concepts.map((concept) => countOf(concept, count)),
    closeness: closeness(matcher, matches),
    isVerbatim: verbatim.some(Boolean) || isPhrase(matcher.query, lower),
    length: text.length,
  };
}

/** An identifier that is only there in pieces counts for less than one that is there as written. */
function strengthOf(concept: Concept, best: ReadonlyMap<string, number>): number {
  const share = (words: readonly string[]) =>
    words.length === 0
      ? 0
      : words.reduce((sum, word) => sum + (best.get(word) ?? 0), 0) / words.length;
  const whole = share(concept.words) * (concept.words.length > 1 ? 0.7 : 1);
  return Math.max(whole, share(concept.split) * 0.6);
}

function countOf(concept: Concept, count: ReadonlyMap<string, number>): number {
  return Math.max(0, ...[...concept.words, ...concept.split].map((word) => count.get(word) ?? 0));
}

/** Pairs of query words count fully when adjacent in the text, half when a few words apart. */
function closeness(matcher: Matcher, matches: readonly Match[]): number {
  const { pairs } = matcher.query;
  if (pairs.length === 0) return 0;
  const places = new Map<string, number[]>();
  for (const { term, index } of matches) {
    const known = places.get(term);
    if (known === undefined) places.set(term, [index]);
    else if (known.length < 200) known.push(index);
  }
  let sum = 0;
  for (const [a, b] of pairs) {
    const gap = smallestGap(places.get(a) ?? [], places.get(b) ?? []);
    if (gap === 1) sum += 1;
    else if (gap <= 5) sum += 0.5;
  }
  return sum / pairs.length;
}

/** Both lists rise, so one walk through them finds the nearest two places; 1 is "right after". */
function smallestGap(first: readonly number[], second: readonly number[]): number {
  let smallest = Infinity;
  let j = 0;
  for (const at of first) {
    while (j < second.length && (second[j] ?? 0) < at) j++;
    const after = second[j];
    const before = second[j - 1];
    if (after !== undefined) smallest = Math.min(smallest, after === at ? 1 : after - at);
    if (before !== undefined) smallest = Math.min(smallest, at - before + 1);
  }
  return smallest;
}

function isPhrase(query: PreparedQuery, lower: string): boolean {
  return query.concepts.length > 1 && lower.includes(query.text.toLowerCase());
}
