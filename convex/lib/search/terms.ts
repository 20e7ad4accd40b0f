import { utf8Length } from "../text";
import { humps, isIndexed, lowerCase, wordsOf } from "./words";

/** Convex reads the first 16 words of a search and silently ignores the rest. */
export const MAX_TERMS = 16;

/**
 * A query is asked for in at most so many searches of 16 words: words that no text holds cost nothing, and
 * must not keep the others from being asked for. A pasted log has thousands.
 */
export const MAX_GROUPS = 8;
const MAX_CONCEPTS = MAX_GROUPS * MAX_TERMS;

/** Of a long query only what its most telling words stand beside is proximity. */
const MAX_PAIRED_CONCEPTS = 24;

/** A pasted trace says what went wrong on its first line; what follows is where. */
const LONG_QUERY_CHARS = 300;
const HEADLINE_CHARS = 200;

/**
 * One thing the query asks for: a word, or an identifier with the words it is made of.
 * `words` are what the index knows it by, `split` its parts (`getUserById`: get, user, by, id).
 */
export type Concept = {
  raw: string;
  words: readonly string[];
  split: readonly string[];
  isIdentifier: boolean;
  weight: number;
};

/** A query made ready: `terms` go to the index, `concepts` to the ranking. */
export type PreparedQuery = {
  /** Trimmed, with white space made single spaces. */
  text: string;
  /** At most 16 distinct words, the most telling first; the one still being typed comes last. */
  terms: readonly string[];
  /** The same, and what 16 words leave over in further groups, distinct too; at most eight. */
  groups: ReadonlyArray<readonly string[]>;
  concepts: readonly Concept[];
  /** Adjacent words of the query, for proximity. */
  pairs: ReadonlyArray<readonly [string, string]>;
};

const STOP_WORDS = new Set(
  (
    "a about after all also am an and any are as at be because been before being but by can cannot could did do does " +
    "doing don for from had has have having he her here hers him his how i if in into is isn it its just let like me " +
    "more most my no nor not of off on once only or other our out over own re s same she should so some such t than " +
    "that the their them then there these they this those through to too under until up us ve very was we were what " +
    "when where which while who whom why will with would you your"
  ).split(" "),
);

/** Words that stand in every stack trace and path, and so tell nothing apart. */
const TRACE_WORDS = new Set(
  (
    "node_modules node modules internal anonymous async await file line column at home users user usr lib dist src " +
    "js ts tsx jsx mjs cjs py rb go rs java http https www com error trace traceback call most recent last"
  ).split(" "),
);

/**
 * Makes a query of any length and script ready: which words are worth one of 16 places, and
 * what the ranking should look for. A query without a single word (punctuation, emoji) has no terms.
 */
export function prepareQuery(query: string): PreparedQuery {
  const text = query.replace(/\s+/g, " ").trim();
  const all = conceptsOf(query);
  const concepts = [...all].sort((a, b) => b.weight - a.weight).slice(0, MAX_CONCEPTS);
  const inOrder = (kept: readonly Concept[]) => {
    const set = new Set(kept);
    return all.filter((concept) => set.has(concept));
  };
  const groups = chooseTerms(inOrder(concepts), concepts);
  return {
    text,
    terms: groups[0] ?? [],
    groups,
    concepts: inOrder(concepts),
    pairs: pairs(inOrder(concepts.slice(0, MAX_PAIRED_CONCEPTS))),
  };
}

const EDGES = /^[^\p{Alphabetic}\p{N}]+|[^\p{Alphabetic}\p{N}]+$/gu;

/** All distinct concepts in the order of the query. */
function conceptsOf(query: string): Concept[] {
  const isLong = query.length > LONG_QUERY_CHARS;
  const concepts = new Map<string, Concept>();
  for (const match of query.matchAll(/\S+/gu)) {
    const inHeadline = match.index < HEADLINE_CHARS;
    for (const raw of pieces(match[0])) {
      const concept = toConcept(raw, isLong, inHeadline);
      if (concept !== undefined && !concepts.has(concept.raw)) concepts.set(concept.raw, concept);
    }
  }
  return [...concepts.values()];
}

/**
 * The identifiers in a run without spaces: quotes, brackets and commas part them, while `.`, `/`,
 * `_`, `-`, `:`, `#`, `@` hold one together. A long path or URL is cut to its last segments.
 */
function pieces(run: string): string[] {
  return run
    .split(/[^\p{Alphabetic}\p{N}._/\\:#@$-]+/u)
    .map((piece) => piece.replace(/(?::\d+)+$/, "").replace(EDGES, ""))
    .map((piece) => piece.split(/[/\\]/).slice(-3).join("/"))
    .filter((piece) => piece !== "");
}

function toConcept(raw: string, isLong: boolean, inHeadline: boolean): Concept | undefined {
  const written = wordsOf(raw);
  if (written.length === 0) return undefined;
  const words = written.map((word) => lowerCase(word.text)).slice(0, MAX_TERMS);
  const split = written.flatMap((word) => humps(word.text)).slice(0, MAX_TERMS);
  const isIdentifier = written.length > 1 || split.length > 0 || isCode(raw);
  const emphasis = isLong ? (inHeadline ? 1.5 : 0.5) : 1;
  const weight = emphasis * weightOf(raw, words, isIdentifier, isLong);
  return { raw: raw.toLowerCase(), words, split, isIdentifier, weight };
}

/** Letters and digits in one word (`sha256`, `E2BIG`), or all capitals (`ECONNRESET`). */
function isCode(word: string): boolean {
  if (/\p{N}/u.test(word) && /\p{Alphabetic}/u.test(word)) return true;
  return word.length > 2 && /^[A-Z]+$/.test(word);
}

/** How telling a concept is before anything is known of the texts: the longer and odder, the more. */
function weightOf(raw: string, words: readonly string[], isIdentifier: boolean, isLong: boolean) {
  const lower = raw.toLowerCase();
  if (words.every((word) => STOP_WORDS.has(word))) return 0.1;
  if (/^\d+$/.test(lower)) return lower.length > 2 ? 0.6 : 0.2;
  if (isLong && /node_modules|node:|internal/.test(lower)) return 0.1;
  if (isLong && words.every((word) => TRACE_WORDS.has(word) || word.length < 3)) return 0.15;
  if (isIdentifier) return 2;
  if (/[^\p{ASCII}]/u.test(lower)) return 1.2;
  if (lower.length < 3) return 0.4;
  return lower.length === 3 ? 0.8 : 1 + Math.min(lower.length, 12) / 24;
}

/** The words of a query that no index holds, as written, each once. */
export function unindexedWords(query: string): string[] {
  const long = wordsOf(query).filter(({ text }) => !isIndexed(text));
  return [...new Set(long.map(({ text }) => text))].slice(0, MAX_CONCEPTS);
}

/**
 * Groups of up to 16 words: those of each concept by weight, then the parts of identifiers, then joined
 * words.
 */
function chooseTerms(inOrder: readonly Concept[], byWeight: readonly Concept[]): string[][] {
  const telling = byWeight.filter((concept) => concept.weight > 0.1);
  const used = telling.length > 0 ? telling : byWeight;
  const terms = new Set<string>();
  const add = (word: string) => {
    if (terms.size < MAX_GROUPS * MAX_TERMS && isIndexed(word)) terms.add(word);
  };
  for (const concept of used) concept.words.filter(isTelling).forEach(add);
  if (terms.size === 0) used.flatMap((concept) => concept.words).forEach(add);
  if (terms.size === 0)
    used
      .flatMap((concept) => concept.words)
      .map(cutToIndex)
      .forEach(add);
  for (const concept of used) concept.split.filter(isTelling).forEach(add);
  joined(inOrder).forEach(add);
  const chosen = [...terms];
  return Array.from({ length: Math.ceil(chosen.length / MAX_TERMS) }, (_, i) =>
    lastTypedLast(chosen.slice(i * MAX_TERMS, (i + 1) * MAX_TERMS), inOrder),
  );
}

/**
 * A query as it is embedded: without the words that say nothing, which would pull a short question
 * towards every short text. A query of nothing else stays as it is.
 */
export function tellingText(query: string): string {
  const telling = query.replace(/[\p{Alphabetic}\p{N}']+/gu, (word) =>
    isTelling(word.toLowerCase()) ? word : "",
  );
  return wordsOf(telling).length > 0 ? telling.replace(/\s+/g, " ").trim() : query.trim();
}

/** Whether a lower-case word says something by itself, unlike "the". English only. */
function isTelling(word: string): boolean {
  return !STOP_WORDS.has(word);
}

/** "get user by id" may stand in the text as `getUserById`, which the index knows as one word. */
function joined(concepts: readonly Concept[]): string[] {
  if (concepts.length < 2 || concepts.length > 4) return [];
  if (concepts.some((concept) => concept.words.length > 1)) return [];
  if (concepts.filter((concept) => concept.words.some(isTelling)).length < 2) return [];
  return [concepts.flatMap((concept) => concept.words).join("")];
}

/** The index takes its last word as a prefix too, so the one being typed belongs there. */
function lastTypedLast(terms: string[], inOrder: readonly Concept[]): string[] {
  const last = inOrder[inOrder.length - 1]?.words;
  const word = last?.[last.length - 1];
  if (word === undefined || !terms.includes(word)) return terms;
  return [...terms.filter((term) => term !== word), word];
}

/** A word too long for the index (a run of Chinese, a digest), as the prefix it may be found by. */
function cutToIndex(word: string): string {
  let cut = "";
  for (const character of word) {
    if (utf8Length(cut + character) > 31) break;
    cut += character;
  }
  return cut;
}

function pairs(concepts: readonly Concept[]): Array<readonly [string, string]> {
  const words = concepts.flatMap((concept) => concept.words).slice(0, 2 * MAX_PAIRED_CONCEPTS);
  return words.slice(1).map((word, i) => [words[i] ?? "", word] as const);
}
