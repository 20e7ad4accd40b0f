import { trimEndWhere } from "../text";
import { queryTerms, EMOJI, emojiTerm, UNSPACED_CHARACTER, normalWord } from "./hiddenWords";
import { camelCaseParts, inflections, isIndexed, lowerCase, wordsOf } from "./words";

/** Convex reads the first 16 words of a search and silently ignores the rest. */
export const MAX_TERMS = 16;

/**
 * How many searches of 16 words one query may take. A pasted log has thousands of words, and those
 * that no text contains must not keep the others from being searched.
 */
export const MAX_GROUPS = 8;
const MAX_CONCEPTS = MAX_GROUPS * MAX_TERMS;

/** Only the most distinctive words of a long query count for proximity. */
const MAX_PAIRED_CONCEPTS = 24;

/** A pasted stack trace names the problem on its first line; the rest is locations. */
const LONG_QUERY_CHARS = 300;
const HEADLINE_CHARS = 200;

/**
 * One thing the query asks for: a word, or an identifier with its words. `words` are the words as a
 * text contains them, `indexTerms` how the index holds them (bigrams, prefixes of long words), and
 * `subwords` the parts of an identifier (`getUserById`: get, user, by, id).
 */
export type Concept = {
  raw: string;
  words: readonly string[];
  indexTerms: readonly string[];
  subwords: readonly string[];
  isIdentifier: boolean;
  weight: number;
};

/** A prepared query: `terms` go to the index, `concepts` to the ranking. */
export type PreparedQuery = {
  /** Trimmed, with each run of white space replaced by one space. */
  text: string;
  /** At most 16 distinct words, the most distinctive first; the word still being typed comes last. */
  terms: readonly string[];
  /** `terms`, then further groups of up to 16 other words; at most eight groups. */
  groups: ReadonlyArray<readonly string[]>;
  concepts: readonly Concept[];
  /** Adjacent words of the query, for proximity. */
  pairs: ReadonlyArray<readonly [string, string]>;
  /** Quoted phrases: the words that must follow each other. */
  phrases: ReadonlyArray<readonly string[]>;
  /** Words of the query that are not searched, because the query has too many. */
  ignored: readonly string[];
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

/** Words that appear in every stack trace and path, and so do not discriminate. */
const TRACE_WORDS = new Set(
  (
    "node_modules node modules internal anonymous async await file line column at home users user usr lib dist src " +
    "js ts tsx jsx mjs cjs py rb go rs java http https www com error trace traceback call most recent last"
  ).split(" "),
);

/**
 * Invisible characters that a query copied from a page contains. Joiners are kept, because Persian and
 * Indian scripts write them on purpose.
 */
const PASTED_INVISIBLE = /[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Prepares a query of any length and script: chooses the words to search for and what the ranking
 * looks for. A query without a single word (only punctuation) has no terms.
 */
export function prepareQuery(query: string): PreparedQuery {
  const written = query.replace(PASTED_INVISIBLE, "").normalize("NFKC");
  const text = written.replace(/\s+/g, " ").trim();
  const all = conceptsOf(written);
  const byWeight = [...all].sort((a, b) => b.weight - a.weight);
  const concepts = byWeight.slice(0, MAX_CONCEPTS);
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
    phrases: phrasesOf(written),
    ignored: byWeight.slice(MAX_CONCEPTS).map((concept) => concept.raw),
  };
}

const QUOTED = /["“”„«»]([^"“”„«»]{1,400})["“”„«»]/gu;
const MAX_PHRASES = 4;

/** The quoted phrases of at least two words. A single quoted word is treated like any other word. */
function phrasesOf(query: string): string[][] {
  return Array.from(query.matchAll(QUOTED), ([, quoted = ""]) =>
    wordsOf(quoted).map((word) => normalWord(word.text)),
  )
    .filter((words) => words.length > 1)
    .slice(0, MAX_PHRASES);
}

const LEADING_SIGNS = /^[^\p{Alphabetic}\p{N}]+/u;
const isSign = (character: string) => /[^\p{Alphabetic}\p{N}]/u.test(character);

/** All distinct concepts in the order of the query. */
function conceptsOf(query: string): Concept[] {
  const isLong = query.length > LONG_QUERY_CHARS;
  const concepts = new Map<string, Concept>();
  for (const match of query.matchAll(/\S+/gu)) {
    const inHeadline = match.index < HEADLINE_CHARS;
    for (const raw of identifiersIn(match[0])) {
      const concept = toConcept(raw, isLong, inHeadline);
      if (concept !== undefined && !concepts.has(concept.raw)) concepts.set(concept.raw, concept);
    }
    for (const [emoji] of match[0].matchAll(EMOJI)) {
      if (!concepts.has(emoji)) concepts.set(emoji, emojiConcept(emoji));
    }
  }
  return [...concepts.values()];
}

/**
 * The identifiers in a segment without spaces. Quotes, brackets and commas separate them; `.`, `/`,
 * `_`, `-`, `:`, `#` and `@` do not. A long path or URL is cut to its last three segments.
 */
function identifiersIn(segment: string): string[] {
  return segment
    .split(/[^\p{Alphabetic}\p{N}._/\\:#@$-]+/u)
    .map((identifier) => identifier.replace(/(?::\d{1,9}){1,3}$/, "").replace(LEADING_SIGNS, ""))
    .map((identifier) => trimEndWhere(identifier, isSign))
    .map((identifier) => identifier.split(/[/\\]/).slice(-3).join("/"))
    .filter((identifier) => identifier !== "");
}

function emojiConcept(emoji: string): Concept {
  const word = emojiTerm(emoji);
  return {
    raw: emoji,
    words: [word],
    indexTerms: [word],
    subwords: [],
    isIdentifier: false,
    weight: 1,
  };
}

function toConcept(raw: string, isLong: boolean, inHeadline: boolean): Concept | undefined {
  const written = wordsOf(raw);
  if (written.length === 0) return undefined;
  const words = written.map((word) => lowerCase(word.text)).slice(0, MAX_TERMS);
  const subwords = written.flatMap((word) => camelCaseParts(word.text)).slice(0, MAX_TERMS);
  const isIdentifier = written.length > 1 || subwords.length > 0 || isCode(raw);
  const emphasis = isLong ? (inHeadline ? 1.5 : 0.5) : 1;
  const weight = emphasis * weightOf(raw, words, isIdentifier, isLong);
  const indexTerms = words
    .flatMap((word) => [...queryTerms(word)])
    .slice(0, MAX_GROUPS * MAX_TERMS);
  return { raw: raw.toLowerCase(), words, indexTerms, subwords, isIdentifier, weight };
}

/** Letters and digits in one word (`sha256`, `E2BIG`), or all capitals (`ECONNRESET`). */
function isCode(word: string): boolean {
  if (/\p{N}/u.test(word) && /\p{Alphabetic}/u.test(word)) return true;
  return word.length > 2 && /^[A-Z]+$/.test(word);
}

/** Weighs a concept before any text is known: longer and more unusual words weigh more. */
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

/**
 * Groups of up to 16 words: the words of each concept by weight, then the parts of identifiers,
 * then compound words. Terms that need a prefix search get a group of their own, because the index
 * treats only the last word of a search as a prefix.
 */
function chooseTerms(inOrder: readonly Concept[], byWeight: readonly Concept[]): string[][] {
  const distinctive = byWeight.filter((concept) => concept.weight > 0.1);
  const used = distinctive.length > 0 ? distinctive : byWeight;
  const terms = new Set<string>();
  const add = (word: string) => {
    if (terms.size < MAX_GROUPS * MAX_TERMS && isIndexed(word)) terms.add(word);
  };
  for (const concept of used) concept.indexTerms.filter(isContentWord).forEach(add);
  if (terms.size === 0) used.flatMap((concept) => concept.indexTerms).forEach(add);
  for (const concept of used) concept.subwords.filter(isContentWord).forEach(add);
  compoundWords(inOrder).forEach(add);
  addInflections(terms, used);
  const chosen = [...terms];
  const groups = Array.from({ length: Math.ceil(chosen.length / MAX_TERMS) }, (_, i) =>
    moveTypedTermLast(chosen.slice(i * MAX_TERMS, (i + 1) * MAX_TERMS), inOrder),
  );
  return [...groups, ...prefixGroups(groups, used)].slice(0, MAX_GROUPS);
}

/** Fills the first group with inflections of the words, which costs no further search. */
function addInflections(terms: Set<string>, concepts: readonly Concept[]): void {
  for (const concept of concepts) {
    for (const form of concept.words.flatMap(inflections)) {
      if (terms.size >= MAX_TERMS) return;
      terms.add(form);
    }
  }
}

/** Terms that need a prefix search: an abbreviated commit hash, a single character without spaces. */
const NEEDS_PREFIX_SEARCH =
  /^(?:(?=[a-f]*\d)[0-9a-f]{7,39}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul})$/u;
const MAX_PREFIX_GROUPS = 2;

function prefixGroups(groups: readonly string[][], concepts: readonly Concept[]): string[][] {
  const lasts = new Set(groups.map((group) => group[group.length - 1]));
  return concepts
    .flatMap((concept) => concept.indexTerms)
    .filter((word) => NEEDS_PREFIX_SEARCH.test(word) && !lasts.has(word))
    .slice(0, MAX_PREFIX_GROUPS)
    .map((word) => [word]);
}

/**
 * The query as it is embedded: without stop words, because they would pull a short question towards
 * every short text. A query of only stop words stays as it is.
 */
export function withoutStopWords(query: string): string {
  const distinctive = query.replace(/[\p{Alphabetic}\p{N}']+/gu, (word) =>
    isContentWord(word.toLowerCase()) ? word : "",
  );
  return wordsOf(distinctive).length > 0 ? distinctive.replace(/\s+/g, " ").trim() : query.trim();
}

/** Whether a lower-case word carries meaning by itself, unlike "the". English only. */
function isContentWord(word: string): boolean {
  return !STOP_WORDS.has(word);
}

/** "get user by id" may be written `getUserById`, which the index holds as one word. */
function compoundWords(concepts: readonly Concept[]): string[] {
  if (concepts.length < 2 || concepts.length > 4) return [];
  const isPlainWord = ({ raw, words: [word, ...more] }: Concept) =>
    more.length === 0 && raw === word && !UNSPACED_CHARACTER.test(raw);
  if (!concepts.every(isPlainWord)) return [];
  if (concepts.filter((concept) => concept.words.some(isContentWord)).length < 2) return [];
  return [concepts.flatMap((concept) => concept.words).join("")];
}

/** The shortest prefix worth searching for: a tenth of all words start with a given two letters. */
export const MIN_TYPED_CHARS = 3;

/**
 * Moves the term being typed to the end, because the index treats the last word of a search as a
 * prefix. If that term is too short to discriminate, the longest one goes last instead, because it
 * rarely matches by chance.
 */
function moveTypedTermLast(terms: string[], inOrder: readonly Concept[]): string[] {
  const typed = inOrder[inOrder.length - 1]?.indexTerms.at(-1);
  const isUsable = typed !== undefined && terms.includes(typed) && typed.length >= MIN_TYPED_CHARS;
  const longest = terms.reduce((best, term) => (term.length > best.length ? term : best), "");
  const last = isUsable ? typed : longest;
  return [...terms.filter((term) => term !== last), last];
}

function pairs(concepts: readonly Concept[]): Array<readonly [string, string]> {
  const words = concepts.flatMap((concept) => concept.words).slice(0, 2 * MAX_PAIRED_CONCEPTS);
  return words.slice(1).map((word, i) => [words[i] ?? "", word] as const);
}
