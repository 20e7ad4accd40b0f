import { utf8Length } from "../text";

/**
 * Words as Convex's text index sees them: sequences of letters and digits of any script, in lower
 * case. The index does no stemming, stop-word removal or accent folding, and drops words of 32
 * bytes and more. What the ranking adds (parts of `camelCase`, stems) is defined here too.
 */

/** A word of a text. `start` and `end` are UTF-16 offsets, as `String.slice` takes them. */
type Word = { text: string; start: number; end: number };

/** The characters that form words in the index (Rust's `char::is_alphanumeric`). */
const WORD = /[\p{Alphabetic}\p{N}]+/gu;
const WORD_HERE = new RegExp(WORD.source, "uy");
const ONE_WORD = new RegExp(`^${WORD.source}$`, "u");

/**
 * A camel-case boundary (`userId`), the end of an acronym (`HTTPServer`), or a digit before a
 * capital.
 */
const CAMEL_CASE_BOUNDARY = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u;

/** The longest word the index holds, in bytes. */
export const INDEXED_WORD_MAX_BYTES = 31;

/** All words of a text in order, as written. */
export function wordsOf(text: string): Word[] {
  return Array.from(eachWord(text));
}

/** Like `wordsOf`, but one word at a time, because the words of half a MiB of text take 8 MB. */
export function* eachWord(text: string): Generator<Word, void> {
  const words = new WordCursor(text);
  while (words.next()) {
    const { start, end } = words;
    yield { text: text.slice(start, end), start, end };
  }
}

/** The first code of a character that only the regular expression tells apart. */
const NON_ASCII = 0x80;

/** 1 for each ASCII character that is a letter or digit, by its code. */
const IS_ASCII_WORD = Uint8Array.from({ length: NON_ASCII }, (_, code) =>
  isOneWord(String.fromCharCode(code)) ? 1 : 0,
);

/**
 * Moves through the words of a text without an object for each. Compares ASCII characters itself, because
 * the regular expression takes several times as long for them; it reads the others.
 */
export class WordCursor {
  readonly #text: string;
  /** Where the current word starts and ends. */
  start = 0;
  end = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Moves to the next word; returns false if there is none. */
  next(): boolean {
    const text = this.#text;
    for (let at = this.end; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code >= NON_ASCII) return this.#find(at);
      if (IS_ASCII_WORD[code] === 0) continue;
      this.start = at;
      this.end = this.#endOf(at);
      return true;
    }
    this.start = text.length;
    return false;
  }

  /** Returns where the word ends that has a letter or digit before this position. */
  #endOf(start: number): number {
    const text = this.#text;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code < NON_ASCII && IS_ASCII_WORD[code] === 1) continue;
      if (code < NON_ASCII) return at;
      WORD_HERE.lastIndex = at;
      return WORD_HERE.test(text) ? WORD_HERE.lastIndex : at;
    }
    return text.length;
  }

  /** Moves to the first word at or after a position; returns false if there is none. */
  #find(from: number): boolean {
    WORD.lastIndex = from;
    const found = WORD.exec(this.#text);
    this.start = found?.index ?? this.#text.length;
    this.end = this.start + (found?.[0].length ?? 0);
    return found !== null;
  }
}

/**
 * Lower-cases a word without splitting it, because the index would split the query's words once
 * more. `İ` becomes two characters, of which the second is a combining mark that would split the
 * word, so it stays as it is.
 */
export function lowerCase(word: string): string {
  const lower = word.toLowerCase();
  return isOneWord(lower) ? lower : Array.from(word, lowerCaseOf).join("");
}

function lowerCaseOf(character: string): string {
  const lower = character.toLowerCase();
  return isOneWord(lower) ? lower : character;
}

function isOneWord(text: string): boolean {
  return ONE_WORD.test(text);
}

/** The lower-case parts of `getUserById` or `HTTPServer`; empty when the word is not camel case. */
export function camelCaseParts(word: string): string[] {
  if (word === word.toLowerCase() || word === word.toUpperCase()) return [];
  const parts = word.split(CAMEL_CASE_BOUNDARY);
  return parts.length > 1 ? parts.map(lowerCase) : [];
}

/** Whether the index holds the word; it drops longer ones. */
export function isIndexed(word: string): boolean {
  return word.length <= INDEXED_WORD_MAX_BYTES && utf8Length(word) <= INDEXED_WORD_MAX_BYTES;
}

const SUFFIXES = ["ations", "ation", "ments", "ment", "ings", "ing", "ions", "ion", "ers", "ies"];
const SHORT_SUFFIXES = ["ed", "es", "er", "ly", "s", "e", "y"];

/**
 * A rough stem, so that "connections" matches "connecting". Equal stems count as a weak match in
 * the ranking. Words shorter than five letters and words with digits are their own stem.
 */
export function stem(word: string): string {
  if (word.length < 5 || /[^a-z]/.test(word)) return word;
  for (const suffix of SUFFIXES) {
    if (word.endsWith(suffix) && word.length - suffix.length >= 4) {
      return withoutDoubledEnd(word.slice(0, -suffix.length));
    }
  }
  for (const suffix of SHORT_SUFFIXES) {
    if (word.endsWith(suffix) && word.length - suffix.length >= 3) {
      return withoutDoubledEnd(word.slice(0, -suffix.length));
    }
  }
  return word;
}

/** Removes a doubled final consonant: "running" gives "runn", then "run". */
function withoutDoubledEnd(base: string): string {
  const end = base.length - 1;
  return end > 3 && base[end] === base[end - 1] ? base.slice(0, -1) : base;
}

/** Endings of other forms of the same English word. */
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
 * Other forms of a word that a text may contain: `labels` gives label, labeled, labeling …,
 * `running` gives run. English only. Some results are not words; they match nothing.
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
