import { utf8Length } from "../text";

/**
 * Words as Convex's text index sees them: runs of letters and digits of any script, in lower case.
 * The index has no stemming, no stop words and no accent folding, and drops words of 32 bytes and
 * more; what the ranking adds to that (parts of `camelCase`, word stems) is said here too.
 */

/** A word of a text with its place; `start` and `end` are UTF-16 offsets as `String.slice` takes them. */
type Word = { text: string; start: number; end: number };

/** Rust's `char::is_alphanumeric`, by which the index splits. */
const WORD = /[\p{Alphabetic}\p{N}]+/gu;

/** A hump (`userId`), the end of an acronym (`HTTPServer`) or a digit's edge (`sha256`, `v2beta`). */
const HUMP = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u;

/** The index drops words of this many bytes or more. */
export const INDEXED_WORD_MAX_BYTES = 31;

/** All words of a text in order, as written. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  for (const match of text.matchAll(WORD)) {
    words.push({ text: match[0], start: match.index, end: match.index + match[0].length });
  }
  return words;
}

/**
 * A word in lower case that is still one word, as the query's words must be: the index splits them again.
 * `İ` becomes two characters, of which the second is a mark and would part the word; it stays as it is.
 */
export function lowerCase(word: string): string {
  const lower = word.toLowerCase();
  return isOneWord(lower) ? lower : Array.from(word, lowerCaseOf).join("");
}

function lowerCaseOf(character: string): string {
  const lower = character.toLowerCase();
  return isOneWord(lower) ? lower : character;
}

const isOneWord = (text: string) => wordsOf(text)[0]?.text === text;

/** The lower-case parts of `getUserById` or `HTTPServer`; empty when the word has no inner hump. */
export function humps(word: string): string[] {
  if (word === word.toLowerCase() || word === word.toUpperCase()) return [];
  const parts = word.split(HUMP);
  return parts.length > 1 ? parts.map(lowerCase) : [];
}

/** Whether the index holds a word at all, or drops it for its length. */
export function isIndexed(word: string): boolean {
  return word.length <= INDEXED_WORD_MAX_BYTES && utf8Length(word) <= INDEXED_WORD_MAX_BYTES;
}

const SUFFIXES = ["ations", "ation", "ments", "ment", "ings", "ing", "ions", "ion", "ers", "ies"];
const SHORT_SUFFIXES = ["ed", "es", "er", "ly", "s", "e", "y"];

/**
 * A crude stem, so that "connections" meets "connecting": equal stems count as a weak match in the
 * ranking. Words shorter than five letters and words with digits are their own stem.
 */
export function stem(word: string): string {
  if (word.length < 5 || /[^a-z]/.test(word)) return word;
  for (const suffix of SUFFIXES) {
    if (word.endsWith(suffix) && word.length - suffix.length >= 4) {
      return undouble(word.slice(0, -suffix.length));
    }
  }
  for (const suffix of SHORT_SUFFIXES) {
    if (word.endsWith(suffix) && word.length - suffix.length >= 3) {
      return undouble(word.slice(0, -suffix.length));
    }
  }
  return word;
}

/** "running" loses its suffix and then its doubled consonant. */
function undouble(base: string): string {
  const end = base.length - 1;
  return end > 3 && base[end] === base[end - 1] ? base.slice(0, -1) : base;
}

/** Endings that make another form of the same word in English. */
const ENDINGS = [
  "",
  "s",
  "ed",
  "ing",
  "e",
  "es",
  "er",
  "ers",
  "ion",
  "ions",
  "y",
  "ies",
  "ation",
  "ments",
];

/**
 * Other forms that a text may hold of a word: `labels` gives label, labeled, labeling …, `running` gives
 * run. English only, and some of them are no words; those find nothing.
 */
export function inflections(word: string): string[] {
  if (!/^[a-z]{4,20}$/.test(word)) return [];
  const base = stem(word);
  if (base.length < 3) return [];
  const last = base.slice(-1);
  const single = base.endsWith(last + last) ? [base.slice(0, -1)] : [];
  const doubled = [`${base}${last}ed`, `${base}${last}ing`];
  const forms = [base, ...single, ...ENDINGS.map((ending) => base + ending), ...doubled];
  return [...new Set(forms)].filter((form) => form !== word);
}
