import { EMOJI, emojiTerm, UNSPACED_CHARACTER, normalWord } from "./hiddenWords";
import { type Concept, MIN_TYPED_CHARS, type PreparedQuery } from "./query";
import { camelCaseParts, stem, WordCursor, wordsOf } from "./words";

/** Strength of a match between a word of a text and a word of the query. */
const PART_STRENGTH = 0.8;
const STEM_STRENGTH = 0.7;
const PREFIX_STRENGTH = 0.5;
/** People abbreviate a commit hash to its first characters and mean the whole. */
const ABBREVIATION_STRENGTH = 0.95;

/** Shorter prefixes match by chance. */
const MIN_PREFIX = 4;
const ABBREVIATION = /^(?=[a-f]*\d)[0-9a-f]{7,39}$/;

/** One occurrence of a query word in a text. `strength` tells how exact the match is. */
export type Match = { term: string; start: number; end: number; index: number; strength: number };

/** How one text matches a query. */
export type MatchSummary = {
  /** Per concept of the query: 0 (absent) to 1 (as written). */
  strengths: number[];
  /** Per concept: how often its most frequent word occurs. Weak matches count less. */
  counts: number[];
  /** Share of the query's adjacent word pairs that are close together in the text, 0–1. */
  proximity: number;
  /** Whether the text contains the whole query or one of its identifiers as written. */
  isVerbatim: boolean;
  /** Per phrase of the query: whether the text contains its words next to each other. */
  phrases: boolean[];
  length: number;
};

type TermMatch = { term: string; strength: number };

/**
 * The words of a query, indexed by every form in which a text may contain them. Made once per
 * query.
 */
export type Matcher = {
  query: PreparedQuery;
  whole: ReadonlySet<string>;
  stems: ReadonlyMap<string, string>;
  prefixes: readonly string[];
  abbreviations: readonly string[];
  unspaced: readonly string[];
  asksForEmoji: boolean;
  /** The first letters of every word that can match, because they rule out most words of a text. */
  wordStarts: ReadonlySet<string>;
  matchesByWord: Map<string, readonly TermMatch[]>;
  /** Summaries of texts already read: a candidate is ranked before and after its session is loaded. */
  summaries: Map<string, MatchSummary>;
};

const WORD_START_CHARS = 3;
const NO_MATCHES: readonly TermMatch[] = [];
/** Words whose matches are cached. The limit keeps a text of unique words from filling the heap. */
const CACHE_MAX = 20_000;

/** Prepares a query for matching against many texts. */
export function matcherOf(query: PreparedQuery): Matcher {
  const whole = new Set<string>();
  for (const concept of query.concepts) {
    for (const word of [...concept.words, ...concept.subwords]) whole.add(word);
  }
  for (const phrase of query.phrases) for (const word of phrase) whole.add(word);
  const words = [...whole];
  const typed = query.concepts[query.concepts.length - 1]?.words.at(-1);
  const stems = new Map(words.map((word) => [stem(word), word]));
  const isPrefix = (word: string) =>
    word.length >= MIN_PREFIX || (word === typed && word.length >= MIN_TYPED_CHARS);
  return {
    query,
    whole,
    stems,
    prefixes: words.filter(isPrefix),
    abbreviations: words.filter((word) => ABBREVIATION.test(word)),
    unspaced: words.filter((word) => UNSPACED_CHARACTER.test(word)),
    asksForEmoji: words.some((word) => word.startsWith("emoji")),
    wordStarts: new Set([...words, ...stems.keys()].map((word) => word.slice(0, WORD_START_CHARS))),
    matchesByWord: new Map(),
    summaries: new Map(),
  };
}

/** Every occurrence of a query word in a text, in order. */
export function matchesIn(matcher: Matcher, text: string): Match[] {
  const matches: Match[] = [];
  const words = new WordCursor(text);
  for (let index = 0; words.next(); index++) {
    const { start, end } = words;
    const word = text.slice(start, end);
    for (const { term, strength } of lookUp(matcher, word)) {
      matches.push({ term, start, end, index, strength });
    }
    const escapeChars = leadingEscapeChars(text, start, word);
    if (escapeChars > 0) {
      for (const { term, strength } of lookUp(matcher, word.slice(escapeChars))) {
        matches.push({ term, start: start + escapeChars, end, index, strength });
      }
    }
    for (const inside of matchesInsideUnspaced(matcher, word)) {
      matches.push({ ...inside, start: start + inside.start, end: start + inside.end, index });
    }
  }
  const emoji = emojiIn(matcher, text);
  return emoji.length === 0 ? matches : [...matches, ...emoji].sort((a, b) => a.start - b.start);
}

/**
 * Escapes by the character before the word: a backslash, a percent sign, the bracket of a colour
 * code.
 */
const LEADING_ESCAPES: { readonly [before: string]: RegExp } = {
  "\\": /^(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|0?33|[nrtbfve0])(?=.)/u,
  "%": /^[0-9A-Fa-f]{2}(?=.)/u,
  "[": /^\d{1,3}m(?=.)/u,
  ";": /^\d{1,3}m(?=.)/u,
};

/** How many leading characters of a word belong to an escape before it (`\nword` reads as one word). */
function leadingEscapeChars(text: string, start: number, word: string): number {
  const pattern = start > 0 ? LEADING_ESCAPES[text.charAt(start - 1)] : undefined;
  return pattern?.exec(word)?.[0].length ?? 0;
}

/** Finds query words inside a segment of a script that writes no spaces. */
function matchesInsideUnspaced(matcher: Matcher, written: string) {
  if (matcher.unspaced.length === 0 || !UNSPACED_CHARACTER.test(written)) return [];
  const normal = normalWord(written);
  // Positions carry over only when normalising kept the length.
  const isAligned = normal.length === written.length;
  return matcher.unspaced.flatMap((term) => {
    const at = normal.indexOf(term);
    if (at < 0 || normal.length === term.length) return [];
    const [start, end] = isAligned ? [at, at + term.length] : [0, written.length];
    return [{ term, start, end, strength: 1 }];
  });
}

function emojiIn(matcher: Matcher, text: string): Match[] {
  if (!matcher.asksForEmoji) return [];
  return Array.from(text.matchAll(EMOJI), (match) => ({
    term: emojiTerm(match[0]),
    start: match.index,
    end: match.index + match[0].length,
    index: 0,
    strength: 1,
  })).filter(({ term }) => matcher.whole.has(term));
}

/** The query words that one word of a text matches. Cached, because texts repeat words. */
function lookUp(matcher: Matcher, written: string): readonly TermMatch[] {
  const known = matcher.matchesByWord.get(written);
  if (known !== undefined) return known;
  const found = termMatchesOf(matcher, written);
  if (matcher.matchesByWord.size < CACHE_MAX) matcher.matchesByWord.set(written, found);
  return found;
}

function termMatchesOf(matcher: Matcher, written: string): readonly TermMatch[] {
  const word = normalWord(written);
  const parts = camelCaseParts(written);
  const mayMatch = (one: string) => matcher.wordStarts.has(one.slice(0, WORD_START_CHARS));
  if (!mayMatch(word) && !parts.some(mayMatch)) return NO_MATCHES;
  const found = new Map<string, number>();
  const add = (term: string | undefined, strength: number) => {
    if (term !== undefined) found.set(term, Math.max(strength, found.get(term) ?? 0));
  };
  if (matcher.whole.has(word)) add(word, 1);
  for (const part of parts) if (matcher.whole.has(part)) add(part, PART_STRENGTH);
  add(matcher.stems.get(stem(word)), STEM_STRENGTH);
  for (const term of matcher.abbreviations)
    if (word.startsWith(term)) add(term, ABBREVIATION_STRENGTH);
  for (const term of matcher.prefixes) if (word.startsWith(term)) add(term, PREFIX_STRENGTH);
  return [...found].map(([term, strength]) => ({ term, strength }));
}

/** Summarises how a text matches the query. Each text is read once. */
export function summarizeMatches(matcher: Matcher, text: string): MatchSummary {
  const known = matcher.summaries.get(text);
  if (known !== undefined) return known;
  const summary = readSummary(matcher, text);
  matcher.summaries.set(text, summary);
  return summary;
}

function readSummary(matcher: Matcher, text: string): MatchSummary {
  const matches = matchesIn(matcher, text);
  const best = new Map<string, number>();
  const count = new Map<string, number>();
  for (const { term, strength } of matches) {
    best.set(term, Math.max(strength, best.get(term) ?? 0));
    count.set(term, strength + (count.get(term) ?? 0));
  }
  const lower = text.toLowerCase();
  const { concepts, phrases } = matcher.query;
  const verbatim = concepts.map(
    (concept) => concept.isIdentifier && containsWhole(lower, concept.raw),
  );
  return {
    strengths: concepts.map((concept, i) => (verbatim[i] ? 1 : strengthOf(concept, best))),
    counts: concepts.map((concept) => countOf(concept, count)),
    proximity: proximity(matcher, matches),
    isVerbatim: verbatim.some(Boolean) || containsQuery(matcher.query, lower),
    phrases: phrases.length === 0 ? [] : phrasesIn(text, phrases),
    length: text.length,
  };
}

const WORD_CHARACTER = /[\p{Alphabetic}\p{N}]/u;
/**
 * How many occurrences of an identifier are checked, because a text may repeat part of it
 * endlessly.
 */
const WHOLE_TRIES = 50;

/** Whether a text contains an identifier that is not part of a longer word: `AST` is not in `last`. */
function containsWhole(lower: string, raw: string): boolean {
  let at = lower.indexOf(raw);
  for (let tries = 0; at >= 0 && tries < WHOLE_TRIES; tries++) {
    const isBounded = (inside: string | undefined, outside: string) =>
      !(WORD_CHARACTER.test(inside ?? "") && WORD_CHARACTER.test(outside));
    const before = at === 0 ? "" : lower.charAt(at - 1);
    const after = lower.charAt(at + raw.length);
    if (isBounded(raw[0], before) && isBounded(raw.at(-1), after)) return true;
    at = lower.indexOf(raw, at + 1);
  }
  return false;
}

/** Whether the words of each phrase follow each other in this order, with only punctuation between. */
function phrasesIn(text: string, phrases: ReadonlyArray<readonly string[]>): boolean[] {
  const words = wordsOf(text.normalize("NFKC")).map((word) => normalWord(word.text));
  const all = ` ${words.join(" ")} `;
  return phrases.map((phrase) => {
    if (phrase.some((word) => UNSPACED_CHARACTER.test(word)))
      return words.join("").includes(phrase.join(""));
    return all.includes(` ${phrase.join(" ")} `);
  });
}

/** The strength of a concept. An identifier counts less when a text holds only its parts. */
function strengthOf(concept: Concept, best: ReadonlyMap<string, number>): number {
  const share = (words: readonly string[]) =>
    words.length === 0
      ? 0
      : words.reduce((sum, word) => sum + (best.get(word) ?? 0), 0) / words.length;
  const whole = share(concept.words) * (concept.words.length > 1 ? 0.7 : 1);
  return Math.max(whole, share(concept.subwords) * 0.6);
}

function countOf(concept: Concept, count: ReadonlyMap<string, number>): number {
  return Math.max(
    0,
    ...[...concept.words, ...concept.subwords].map((word) => count.get(word) ?? 0),
  );
}

/** Scores pairs of query words: 1 when adjacent in the text, a half when a few words apart. */
function proximity(matcher: Matcher, matches: readonly Match[]): number {
  const { pairs } = matcher.query;
  if (pairs.length === 0) return 0;
  const positions = new Map<string, number[]>();
  for (const { term, index } of matches) {
    const known = positions.get(term);
    if (known === undefined) positions.set(term, [index]);
    else if (known.length < 200) known.push(index);
  }
  let sum = 0;
  for (const [a, b] of pairs) {
    const gap = smallestGap(positions.get(a) ?? [], positions.get(b) ?? []);
    if (gap === 1) sum += 1;
    else if (gap <= 5) sum += 0.5;
  }
  return sum / pairs.length;
}

/** The smallest distance between two ascending lists of positions; 1 means "directly after". */
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

function containsQuery(query: PreparedQuery, lower: string): boolean {
  return query.concepts.length > 1 && lower.includes(query.text.toLowerCase());
}
