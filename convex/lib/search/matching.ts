import { EMOJI, emojiWord, IN_RUN, normalWord } from "./hiddenWords";
import { type Concept, MIN_TYPED_CHARS, type PreparedQuery } from "./query";
import { humps, stem, wordsOf } from "./words";

/** How well a word of a text matches a word of the query. */
const AS_PART = 0.8;
const AS_STEM = 0.7;
const AS_PREFIX = 0.5;
/** Of a commit hash people write the beginning, and mean the whole. */
const AS_ABBREVIATION = 0.95;

/** A prefix shorter than this matches by chance. */
const MIN_PREFIX = 4;
const ABBREVIATION = /^(?=[a-f]*\d)[0-9a-f]{7,39}$/;

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
  /** By phrase of the query: whether its words stand together here. */
  phrases: boolean[];
  length: number;
};

type Form = { term: string; strength: number };

/** Words of a query, looked up by every form in which a text may hold them. Made once a query. */
export type Matcher = {
  query: PreparedQuery;
  whole: ReadonlySet<string>;
  stems: ReadonlyMap<string, string>;
  prefixes: readonly string[];
  abbreviations: readonly string[];
  unspaced: readonly string[];
  asksForEmoji: boolean;
  /** First letters of all that can match: most words of a text are told apart by them. */
  beginnings: ReadonlySet<string>;
  forms: Map<string, readonly Form[]>;
  /** Evidence of texts already read: a candidate is ranked before and after its session is known. */
  evidence: Map<string, Evidence>;
};

const BEGINNING_CHARS = 3;
const NO_FORMS: readonly Form[] = [];
/** Words of a text remembered with their forms; a text of unique words must not fill the heap. */
const CACHE_MAX = 20_000;

/** Prepares a query for matching against many texts. */
export function matcherOf(query: PreparedQuery): Matcher {
  const whole = new Set<string>();
  for (const concept of query.concepts) {
    for (const word of [...concept.words, ...concept.split]) whole.add(word);
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
    unspaced: words.filter((word) => IN_RUN.test(word)),
    asksForEmoji: words.some((word) => word.startsWith("emoji")),
    beginnings: new Set([...words, ...stems.keys()].map((word) => word.slice(0, BEGINNING_CHARS))),
    forms: new Map(),
    evidence: new Map(),
  };
}

/** Every place where a text holds a word of the query, in order. */
export function matchesIn(matcher: Matcher, text: string): Match[] {
  const matches: Match[] = [];
  wordsOf(text).forEach((word, index) => {
    const { end } = word;
    for (const { term, strength } of lookUp(matcher, word.text)) {
      matches.push({ term, start: word.start, end, index, strength });
    }
    const glued = gluedChars(text, word.start, word.text);
    if (glued > 0) {
      for (const { term, strength } of lookUp(matcher, word.text.slice(glued))) {
        matches.push({ term, start: word.start + glued, end, index, strength });
      }
    }
    for (const match of insideRun(matcher, word.text)) {
      matches.push({
        ...match,
        start: word.start + match.start,
        end: word.start + match.end,
        index,
      });
    }
  });
  const emoji = emojiIn(matcher, text);
  return emoji.length === 0 ? matches : [...matches, ...emoji].sort((a, b) => a.start - b.start);
}

/** Before a word: a backslash, a percent sign, or the bracket of a colour code. */
const GLUE: { readonly [before: string]: RegExp } = {
  "\\": /^(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|0?33|[nrtbfve0])(?=.)/u,
  "%": /^[0-9A-Fa-f]{2}(?=.)/u,
  "[": /^\d{1,3}m(?=.)/u,
  ";": /^\d{1,3}m(?=.)/u,
};

/** How many characters at the start of a word belong to an escape before it: `\nword` is one run. */
function gluedChars(text: string, start: number, word: string): number {
  const glue = start > 0 ? GLUE[text.charAt(start - 1)] : undefined;
  return glue?.exec(word)?.[0].length ?? 0;
}

/** Words of the query inside a run of a script that writes no spaces. */
function insideRun(matcher: Matcher, written: string) {
  if (matcher.unspaced.length === 0 || !IN_RUN.test(written)) return [];
  const run = normalWord(written);
  // Only where the spelling has the same length are places in the one places in the other.
  const isAligned = run.length === written.length;
  return matcher.unspaced.flatMap((term) => {
    const at = run.indexOf(term);
    if (at < 0 || run.length === term.length) return [];
    const [start, end] = isAligned ? [at, at + term.length] : [0, written.length];
    return [{ term, start, end, strength: 1 }];
  });
}

function emojiIn(matcher: Matcher, text: string): Match[] {
  if (!matcher.asksForEmoji) return [];
  return Array.from(text.matchAll(EMOJI), (match) => ({
    term: emojiWord(match[0]),
    start: match.index,
    end: match.index + match[0].length,
    index: 0,
    strength: 1,
  })).filter(({ term }) => matcher.whole.has(term));
}

/** The words of the query that one word of a text matches; remembered, as texts repeat words. */
function lookUp(matcher: Matcher, written: string): readonly Form[] {
  const known = matcher.forms.get(written);
  if (known !== undefined) return known;
  const found = formsOf(matcher, written);
  if (matcher.forms.size < CACHE_MAX) matcher.forms.set(written, found);
  return found;
}

function formsOf(matcher: Matcher, written: string): readonly Form[] {
  const word = normalWord(written);
  const parts = humps(written);
  const may = (one: string) => matcher.beginnings.has(one.slice(0, BEGINNING_CHARS));
  if (!may(word) && !parts.some(may)) return NO_FORMS;
  const found = new Map<string, number>();
  const add = (term: string | undefined, strength: number) => {
    if (term !== undefined) found.set(term, Math.max(strength, found.get(term) ?? 0));
  };
  if (matcher.whole.has(word)) add(word, 1);
  for (const part of parts) if (matcher.whole.has(part)) add(part, AS_PART);
  add(matcher.stems.get(stem(word)), AS_STEM);
  for (const term of matcher.abbreviations) if (word.startsWith(term)) add(term, AS_ABBREVIATION);
  for (const term of matcher.prefixes) if (word.startsWith(term)) add(term, AS_PREFIX);
  return [...found].map(([term, strength]) => ({ term, strength }));
}

/** What a text has to say for a query; each text is read once. */
export function evidenceOf(matcher: Matcher, text: string): Evidence {
  const known = matcher.evidence.get(text);
  if (known !== undefined) return known;
  const evidence = readEvidence(matcher, text);
  matcher.evidence.set(text, evidence);
  return evidence;
}

function readEvidence(matcher: Matcher, text: string): Evidence {
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
    (concept) => concept.isIdentifier && holdsWhole(lower, concept.raw),
  );
  return {
    strengths: concepts.map((concept, i) => (verbatim[i] ? 1 : strengthOf(concept, best))),
    counts: concepts.map((concept) => countOf(concept, count)),
    closeness: closeness(matcher, matches),
    isVerbatim: verbatim.some(Boolean) || isPhrase(matcher.query, lower),
    phrases: phrases.length === 0 ? [] : phrasesIn(text, phrases),
    length: text.length,
  };
}

const WORD_CHARACTER = /[\p{Alphabetic}\p{N}]/u;
/** Places of one identifier that are looked at; a text may repeat part of it endlessly. */
const WHOLE_TRIES = 50;

/** Whether a text holds an identifier that is not part of a longer word: `AST` is not in `last`. */
function holdsWhole(lower: string, raw: string): boolean {
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

/** Whether the words of each phrase stand together, in this order, with nothing but signs between. */
function phrasesIn(text: string, phrases: ReadonlyArray<readonly string[]>): boolean[] {
  const words = wordsOf(text.normalize("NFKC")).map((word) => normalWord(word.text));
  const all = ` ${words.join(" ")} `;
  return phrases.map((phrase) => {
    if (phrase.some((word) => IN_RUN.test(word))) return words.join("").includes(phrase.join(""));
    return all.includes(` ${phrase.join(" ")} `);
  });
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
