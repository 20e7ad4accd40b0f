import { trimEndWhere } from "../text";
import { askedWords, EMOJI, emojiWord, IN_RUN, normalWord } from "./hiddenWords";
import { humps, inflections, isIndexed, lowerCase, wordsOf } from "./words";

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
 * One thing the query asks for: a word, or an identifier with the words it is made of. `words` are as a
 * text holds them, `asked` what the index knows them by (bigrams, beginnings of long words), `split` the
 * parts of an identifier (`getUserById`: get, user, by, id).
 */
export type Concept = {
  raw: string;
  words: readonly string[];
  asked: readonly string[];
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
  /** Quoted words, as the words that must stand together. */
  phrases: ReadonlyArray<readonly string[]>;
  /** Words of the query that nothing was asked for, because it has more than an answer can look for. */
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
  const written = query.normalize("NFKC");
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

/** What stands in quotation marks, at least two words of it each; one word is a word anyway. */
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
    for (const raw of pieces(match[0])) {
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
 * The identifiers in a run without spaces: quotes, brackets and commas part them, while `.`, `/`,
 * `_`, `-`, `:`, `#`, `@` hold one together. A long path or URL is cut to its last segments.
 */
function pieces(run: string): string[] {
  return run
    .split(/[^\p{Alphabetic}\p{N}._/\\:#@$-]+/u)
    .map((piece) => piece.replace(/(?::\d{1,9}){1,3}$/, "").replace(LEADING_SIGNS, ""))
    .map((piece) => trimEndWhere(piece, isSign))
    .map((piece) => piece.split(/[/\\]/).slice(-3).join("/"))
    .filter((piece) => piece !== "");
}

function emojiConcept(emoji: string): Concept {
  const word = emojiWord(emoji);
  return { raw: emoji, words: [word], asked: [word], split: [], isIdentifier: false, weight: 1 };
}

function toConcept(raw: string, isLong: boolean, inHeadline: boolean): Concept | undefined {
  const written = wordsOf(raw);
  if (written.length === 0) return undefined;
  const words = written.map((word) => lowerCase(word.text)).slice(0, MAX_TERMS);
  const split = written.flatMap((word) => humps(word.text)).slice(0, MAX_TERMS);
  const isIdentifier = written.length > 1 || split.length > 0 || isCode(raw);
  const emphasis = isLong ? (inHeadline ? 1.5 : 0.5) : 1;
  const weight = emphasis * weightOf(raw, words, isIdentifier, isLong);
  const asked = words.flatMap((word) => [...askedWords(word)]).slice(0, MAX_GROUPS * MAX_TERMS);
  return { raw: raw.toLowerCase(), words, asked, split, isIdentifier, weight };
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

/**
 * Groups of up to 16 words: those of each concept by weight, then the parts of identifiers, then joined
 * words. What is found by its beginning comes in a group of its own, since the index takes only the last
 * word of a search as a beginning.
 */
function chooseTerms(inOrder: readonly Concept[], byWeight: readonly Concept[]): string[][] {
  const telling = byWeight.filter((concept) => concept.weight > 0.1);
  const used = telling.length > 0 ? telling : byWeight;
  const terms = new Set<string>();
  const add = (word: string) => {
    if (terms.size < MAX_GROUPS * MAX_TERMS && isIndexed(word)) terms.add(word);
  };
  for (const concept of used) concept.asked.filter(isTelling).forEach(add);
  if (terms.size === 0) used.flatMap((concept) => concept.asked).forEach(add);
  for (const concept of used) concept.split.filter(isTelling).forEach(add);
  joined(inOrder).forEach(add);
  addInflections(terms, used);
  const chosen = [...terms];
  const groups = Array.from({ length: Math.ceil(chosen.length / MAX_TERMS) }, (_, i) =>
    lastTypedLast(chosen.slice(i * MAX_TERMS, (i + 1) * MAX_TERMS), inOrder),
  );
  return [...groups, ...beginnings(groups, used)].slice(0, MAX_GROUPS);
}

/** Other forms of the words, as far as the first search has places left: they cost no further search. */
function addInflections(terms: Set<string>, concepts: readonly Concept[]): void {
  for (const concept of concepts) {
    for (const form of concept.words.flatMap(inflections)) {
      if (terms.size >= MAX_TERMS) return;
      terms.add(form);
    }
  }
}

/** The beginning of a commit hash, and a single character of a script without spaces. */
const IS_BEGINNING =
  /^(?:(?=[a-f]*\d)[0-9a-f]{7,39}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul})$/u;
const MAX_BEGINNINGS = 2;

function beginnings(groups: readonly string[][], concepts: readonly Concept[]): string[][] {
  const lasts = new Set(groups.map((group) => group[group.length - 1]));
  return concepts
    .flatMap((concept) => concept.asked)
    .filter((word) => IS_BEGINNING.test(word) && !lasts.has(word))
    .slice(0, MAX_BEGINNINGS)
    .map((word) => [word]);
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
  const isPlainWord = ({ raw, words: [word, ...more] }: Concept) =>
    more.length === 0 && raw === word && !IN_RUN.test(raw);
  if (!concepts.every(isPlainWord)) return [];
  if (concepts.filter((concept) => concept.words.some(isTelling)).length < 2) return [];
  return [concepts.flatMap((concept) => concept.words).join("")];
}

/** The shortest word that says something as a beginning: two letters begin a tenth of all words. */
export const MIN_TYPED_CHARS = 3;

/**
 * The index takes the last word of a search as a beginning too, so the one being typed belongs there, unless
 * it is so short that it begins half the words; then a longer one is last, and matches little by chance.
 */
function lastTypedLast(terms: string[], inOrder: readonly Concept[]): string[] {
  const typed = inOrder[inOrder.length - 1]?.asked.at(-1);
  const isUsable = typed !== undefined && terms.includes(typed) && typed.length >= MIN_TYPED_CHARS;
  const longest = terms.reduce((best, term) => (term.length > best.length ? term : best), "");
  const last = isUsable ? typed : longest;
  return [...terms.filter((term) => term !== last), last];
}

function pairs(concepts: readonly Concept[]): Array<readonly [string, string]> {
  const words = concepts.flatMap((concept) => concept.words).slice(0, 2 * MAX_PAIRED_CONCEPTS);
  return words.slice(1).map((word, i) => [words[i] ?? "", word] as const);
}
