import { isAscii, utf8Length } from "../text";
import {
  ESCAPE_LEVELS,
  percentDecoded,
  unescaped,
  withoutInlineData,
  withoutInvisible,
  withoutTerminalCodes,
} from "./readable";
import { eachWord, INDEXED_WORD_MAX_BYTES, isIndexed, lowerCase, WordCursor } from "./words";

/**
 * Words that a reader sees in a text but that the text index misses, because it splits the stored
 * text and not the readable one: words attached to an escape or a colour code, other spellings of
 * the same letters, words of scripts without spaces, words too long for the index, emoji. The words
 * of a query go through the same functions, so that both sides agree.
 */

/** Scripts that write words without spaces between them, or with particles attached (Korean). */
const UNSPACED_SCRIPTS =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}";
/** A character of a script without spaces. */
export const UNSPACED_CHARACTER = new RegExp(`[${UNSPACED_SCRIPTS}ー々〆]`, "u");
const UNSPACED_SEGMENTS = new RegExp(`[${UNSPACED_SCRIPTS}ー々〆\\p{M}]+`, "gu");
export const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}/gu;

/** Latin letters and digits of which search knows another spelling: `µ`, `²`, `ĳ`. */
const OTHER_SPELLINGS = "ª²³µ¹º¼-¾ĲĳĿŀŉſ\u01c4-\u01cc\u01f1-\u01f3";

/**
 * Matches, at a place, text that the index may split differently: escapes, codes, invisible characters, other
 * scripts and spellings, long words. A Latin word of 32 bytes has 32 ASCII characters in a row, or a letter of two
 * bytes with eight more before or after it, because it has at least 17 letters; that also matches shorter words.
 */
const HIDES_HERE = new RegExp(
  [
    String.raw`[\\%\u001b\u009b\u009d\u00ad${OTHER_SPELLINGS}]|\[\d{1,3}[;m]|[^\u0000-\u024f]`,
    String.raw`[\u00c0-\u024f](?:(?=[A-Za-z0-9\u00c0-\u024f]{8})|(?<=[A-Za-z0-9\u00c0-\u024f]{9}))`,
  ].join("|"),
  "uy",
);
const LONG_RUN_CHARS = 32;
const ASCII_CODES = 128;
/** `\s` takes a byte order mark for white space, but a reader sees none. */
const WHITE_SPACE = /[^\S\ufeff]/;

/** Kinds of characters. `HIDES_HERE` always matches an escape, and may match a bracket or a character beyond ASCII. */
const [OTHER, IN_WORD, SPACE, ESCAPE, BRACKET, BEYOND_ASCII] = [0, 1, 2, 3, 4, 5];
const KINDS = Uint8Array.from({ length: ASCII_CODES }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z0-9]/.test(character)) return IN_WORD;
  if (WHITE_SPACE.test(character)) return SPACE;
  if (character === "[") return BRACKET;
  return /[\\%\u001b]/.test(character) ? ESCAPE : OTHER;
});

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code < ASCII_CODES ? KINDS[code] === SPACE : WHITE_SPACE.test(text.charAt(at));
}

/**
 * The first place at or after the beginning of a word where the index may split a text differently; -1 if there is
 * none. Compares ASCII characters itself, because the pattern takes ten times as long for them.
 */
function hidingPlace(text: string, from: number): number {
  let wordStart = from;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const kind = code < ASCII_CODES ? KINDS[code] : BEYOND_ASCII;
    if (kind === IN_WORD) {
      if (at - wordStart === LONG_RUN_CHARS - 1) return at;
      continue;
    }
    wordStart = at + 1;
    if (kind === OTHER || kind === SPACE) continue;
    if (kind === ESCAPE) return at;
    HIDES_HERE.lastIndex = at;
    if (HIDES_HERE.test(text) && !isSpace(text, at)) return at;
  }
  return -1;
}

/** Matches words that `toLowerCase` alone normalises. Nearly all words are such, and Unicode normalisation is slower. */
const PLAIN_WORD = /^[A-Za-z0-9]+$/;

/** Normalises spellings of one word: composed letters, one width, lower case. */
export function normalWord(word: string): string {
  return PLAIN_WORD.test(word) ? word.toLowerCase() : lowerCase(word.normalize("NFKC"));
}

/** Overlapping bigrams of a segment without spaces. A single character stays as it is. */
function bigramsOf(segment: string): string[] {
  const characters = Array.from(segment);
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, i) => (characters[i] ?? "") + character);
}

/** Bigrams plus the last character alone. It begins no bigram, so a prefix search would miss it. */
function storedBigramsOf(segment: string): string[] {
  const last = Array.from(segment).at(-1);
  return last === undefined ? [] : [...bigramsOf(segment), last];
}

/** Encodes an emoji as a word, because the index holds only letters and digits. */
export function emojiTerm(emoji: string): string {
  const points = Array.from(emoji, (one) => (one.codePointAt(0) ?? 0).toString(16));
  return `emoji${points.join("")}`;
}

/** The longest prefix of a word that the index can hold. */
export function indexablePrefix(word: string): string {
  if (isIndexed(word)) return word;
  let prefix = "";
  for (const character of word) {
    if (utf8Length(prefix + character) > INDEXED_WORD_MAX_BYTES) break;
    prefix += character;
  }
  return prefix;
}

/**
 * The terms to search the index for: whole words, bigrams of segments without spaces, prefixes of
 * long words, emoji. A segment of one character stays as it is and matches as the prefix of a
 * bigram.
 */
export function queryTerms(text: string): Set<string> {
  return indexableTerms(text, bigramsOf);
}

/** The most words remembered in order to skip repetitions, which most words of a text are. Bounds the memory. */
const SEEN_MAX = 2_000;

/** The terms of a text that the index can hold, by the same rules. */
function indexableTerms(text: string, toBigrams: (segment: string) => string[]): Set<string> {
  const words = new Set<string>();
  addTerms(words, text, toBigrams);
  return words;
}

/** Adds the terms of a text. May leave out those in `known`. */
function addTerms(
  words: Set<string>,
  text: string,
  toBigrams: (segment: string) => string[],
  known: ReadonlySet<string> = NONE,
): void {
  if (isAscii(text)) addAsciiTerms(words, text, known);
  else addTermsOfAnyScript(words, text, toBigrams);
}

const NONE: ReadonlySet<string> = new Set();

/** In ASCII text, words need no normalisation, and there are no other scripts and no emoji. */
function addAsciiTerms(words: Set<string>, text: string, known: ReadonlySet<string>): void {
  const lower = text.toLowerCase();
  for (const cursor = new WordCursor(lower); cursor.next();) {
    const { start, end } = cursor;
    const term = lower.slice(start, Math.min(end, start + INDEXED_WORD_MAX_BYTES));
    if (!known.has(term)) words.add(term);
  }
}

function addTermsOfAnyScript(
  words: Set<string>,
  text: string,
  toBigrams: (segment: string) => string[],
): void {
  const normal = text.normalize("NFKC");
  const seen = new Set<string>();
  for (const { text: written } of eachWord(normal)) {
    if (seen.has(written)) continue;
    if (seen.size === SEEN_MAX) seen.clear();
    seen.add(written);
    const word = normalWord(written);
    if (UNSPACED_CHARACTER.test(word)) addMixedWord(words, word, toBigrams);
    else words.add(indexablePrefix(word));
  }
  for (const [emoji] of normal.matchAll(EMOJI)) {
    if (seen.has(emoji)) continue;
    seen.add(emoji);
    words.add(emojiTerm(emoji));
  }
}

/** Splits a word that mixes scripts (`第3版beta`) into bigrams and the plain words between them. */
function addMixedWord(
  words: Set<string>,
  word: string,
  toBigrams: (segment: string) => string[],
): void {
  let at = 0;
  const addPlain = (plain: string) => {
    if (plain !== "") words.add(indexablePrefix(plain));
  };
  for (const match of word.matchAll(UNSPACED_SEGMENTS)) {
    addPlain(word.slice(at, match.index));
    for (const bigram of toBigrams(match[0])) words.add(bigram);
    at = match.index + match[0].length;
  }
  addPlain(word.slice(at));
}

/**
 * The words of a text that its own index entry lacks, each once, in order of appearance.
 * `isStoredIndexed` tells whether the stored text itself is indexed. Nearly all texts are plain and
 * give nothing; of the others, only the space-separated segments that the index may split
 * differently are examined.
 */
export function hiddenWords(stored: string, isStoredIndexed: boolean): string[] {
  const hidingAt = isStoredIndexed ? hidingPlace(stored, 0) : 0;
  if (hidingAt === -1) return [];
  const text = withoutInlineData(stored);
  const examined = isStoredIndexed
    ? suspectSegments(text, text === stored ? hidingAt : hidingPlace(text, 0))
    : text;
  const words = new Set<string>();
  const [first = "", ...others] = decodedForms(examined);
  // If the first form is a part of the indexed text, only its long words can be hidden.
  const isIndexedPart = isStoredIndexed && text === stored && first === examined && isAscii(first);
  const known = isIndexedPart ? addLongTerms(words, first) : NONE;
  for (const form of isIndexedPart ? others : [first, ...others]) {
    addTerms(words, form, storedBigramsOf, known);
  }
  if (isStoredIndexed) removeIndexed(words, stored);
  return [...words];
}

/** Adds the beginnings of the words of an indexed ASCII text that are too long for the index; returns the other words. */
function addLongTerms(words: Set<string>, text: string): Set<string> {
  const indexed = new Set<string>();
  const lower = text.toLowerCase();
  for (const cursor = new WordCursor(lower); cursor.next();) {
    const { start, end } = cursor;
    if (end - start <= INDEXED_WORD_MAX_BYTES) indexed.add(lower.slice(start, end));
    else words.add(lower.slice(start, start + INDEXED_WORD_MAX_BYTES));
  }
  return indexed;
}

/**
 * Removes the words that the index holds of a text. They are as long in lower case, but for U+0130, which becomes a letter
 * and a mark; hidden words have no such marks (https://www.unicode.org/Public/UNIDATA/SpecialCasing.txt).
 */
function removeIndexed(words: Set<string>, text: string): void {
  const lengths = lengthsOf(words);
  for (const cursor = new WordCursor(text); words.size > 0 && cursor.next();) {
    const { start, end } = cursor;
    // Each character takes at least a byte.
    if (end - start > INDEXED_WORD_MAX_BYTES) continue;
    const first = text.charCodeAt(start);
    if (first < ASCII_CODES && !mayHold(lengths, first, end - start)) continue;
    const word = text.slice(start, end);
    if (isIndexed(word)) words.delete(word.toLowerCase());
  }
}

/**
 * The lengths of the words that the index may hold, a bit for each, by the code of their first character: so most
 * words of a text are told apart from these without a string for each.
 */
function lengthsOf(words: ReadonlySet<string>): Int32Array {
  const lengths = new Int32Array(ASCII_CODES);
  for (const word of words) {
    const first = word.charCodeAt(0);
    if (first < ASCII_CODES && word.length <= INDEXED_WORD_MAX_BYTES)
      lengths[first] = (lengths[first] ?? 0) | (1 << word.length);
  }
  return lengths;
}

/** `first` is an ASCII letter in either case, or a digit. */
function mayHold(lengths: Int32Array, first: number, length: number): boolean {
  return ((lengths[first | LOWER_CASE] ?? 0) & (1 << length)) !== 0;
}

/** The bit that tells a lower-case letter of ASCII from its capital; digits have it too. */
const LOWER_CASE = 0x20;

/** The segments between white space that may hold hidden words; the first holds this place. */
function suspectSegments(text: string, first: number): string {
  const segments: string[] = [];
  for (let at = first; at !== -1;) {
    let start = at;
    while (start > 0 && !isSpace(text, start - 1)) start--;
    let end = at;
    while (end < text.length && !isSpace(text, end)) end++;
    segments.push(text.slice(start, end));
    at = hidingPlace(text, end);
  }
  return segments.join(" ");
}

/**
 * Returns the text as stored and with each further level of escapes decoded, with and without invisible
 * characters. A backslash may start an escape or separate the parts of a Windows path, so every form is
 * searched.
 */
function decodedForms(examined: string): string[] {
  const forms: string[] = [];
  const add = (form: string) => {
    if (!forms.includes(form)) forms.push(form);
  };
  let text = examined;
  for (let level = 0; level <= ESCAPE_LEVELS; level++) {
    for (const replacement of ["", " "]) {
      const form = percentDecoded(withoutTerminalCodes(text, replacement));
      add(form);
      add(withoutInvisible(form));
    }
    const next = unescaped(text);
    if (next === text) break;
    text = withoutInlineData(next);
  }
  return forms;
}
