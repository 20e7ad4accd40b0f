import { utf8Length } from "../text";
import { percentDecoded, unescaped, withoutInlineData, withoutTerminalCodes } from "./readable";
import { INDEXED_WORD_MAX_BYTES, isIndexed, lowerCase, wordsOf } from "./words";

/**
 * Words that a reader sees in a text and that the index does not hold, because it splits the stored text
 * and not the readable one: words glued to an escape or a colour code, other spellings of the same
 * letters, characters inside a run without spaces, words too long for the index, emoji. The same
 * function prepares the words of a query, so that both sides agree.
 */

/** Scripts whose words stand in runs without spaces, or carry particles (Korean). */
const RUN_SCRIPTS =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}";
/** A character of a script whose words stand in runs. */
export const IN_RUN = new RegExp(`[${RUN_SCRIPTS}ー々〆]`, "u");
const RUNS = new RegExp(`[${RUN_SCRIPTS}ー々〆\\p{M}]+`, "gu");
export const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}/gu;

/** Text that is exactly what the index sees: no escape, no code, no other script, no long word. */
const NEEDS_A_LOOK =
  /[\\%\u001b\u009b\u009d]|\[\d{1,3}[;m]|[^\u0000-\u024f]|\p{M}|[A-Za-z0-9]{32}/u;

/** Levels of escapes undone: tool arguments are JSON in JSON, and may quote source code. */
const ESCAPE_LEVELS = 3;

/** One spelling for one word: composed letters, one width, lower case. */
export function normalWord(word: string): string {
  return lowerCase(word.normalize("NFKC"));
}

/** Overlapping bigrams of a run without spaces; a single character is itself. */
function gramsOf(run: string): string[] {
  const characters = Array.from(run);
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, i) => (characters[i] ?? "") + character);
}

/** The last character of a run begins no bigram, so that it is stored alone: a prefix finds it. */
function storedGramsOf(run: string): string[] {
  const last = Array.from(run).at(-1);
  return last === undefined ? [] : [...gramsOf(run), last];
}

/** An emoji as a word of its own, since the index takes letters and digits only. */
export function emojiWord(emoji: string): string {
  const points = Array.from(emoji, (one) => (one.codePointAt(0) ?? 0).toString(16));
  return `emoji${points.join("")}`;
}

/** The beginning of a word that is too long for the index. */
export function beginningOf(word: string): string {
  if (isIndexed(word)) return word;
  let beginning = "";
  for (const character of word) {
    if (utf8Length(beginning + character) > INDEXED_WORD_MAX_BYTES) break;
    beginning += character;
  }
  return beginning;
}

/**
 * The words to ask the index for: whole words, bigrams of runs, beginnings of long words, emoji. A run of
 * one character asks for itself, and is found as the beginning of a bigram.
 */
export function askedWords(text: string): Set<string> {
  return indexableWords(text, gramsOf);
}

/** What the index can hold of a text, by the same rules. */
function indexableWords(text: string, grams: (run: string) => string[]): Set<string> {
  const words = new Set<string>();
  const normal = text.normalize("NFKC");
  for (const { text: written } of wordsOf(normal)) {
    const word = normalWord(written);
    if (IN_RUN.test(word)) addRuns(words, word, grams);
    else words.add(beginningOf(word));
  }
  for (const [emoji] of normal.matchAll(EMOJI)) words.add(emojiWord(emoji));
  return words;
}

/** A word may mix scripts (`第3版beta`): its runs become grams, what is between them stays a word. */
function addRuns(words: Set<string>, word: string, grams: (run: string) => string[]): void {
  let at = 0;
  const addPlain = (plain: string) => {
    if (plain !== "") words.add(beginningOf(plain));
  };
  for (const match of word.matchAll(RUNS)) {
    addPlain(word.slice(at, match.index));
    for (const gram of grams(match[0])) words.add(gram);
    at = match.index + match[0].length;
  }
  addPlain(word.slice(at));
}

/**
 * The words of a text that its own index entry does not hold, each once, in order of appearance.
 * `isStoredIndexed` says whether the stored text is in the index at all. Empty for plain text, which is
 * nearly all; of other text only the runs between spaces are read that the index may see differently.
 */
export function hiddenWords(stored: string, isStoredIndexed: boolean): string[] {
  if (isStoredIndexed && !NEEDS_A_LOOK.test(stored)) return [];
  const text = withoutInlineData(stored);
  const looked = isStoredIndexed ? runsToLookAt(text) : text;
  const words = new Set<string>();
  for (const form of readings(looked)) {
    for (const word of indexableWords(form, storedGramsOf)) if (word !== "") words.add(word);
  }
  if (isStoredIndexed && words.size > 0) {
    for (const { text: known } of wordsOf(stored)) {
      if (isIndexed(known)) words.delete(known.toLowerCase());
    }
  }
  return [...words];
}

function runsToLookAt(text: string): string {
  const runs = text.match(/\S+/g) ?? [];
  return runs.filter((run) => NEEDS_A_LOOK.test(run)).join(" ");
}

/**
 * A text as it may be meant: as stored, and with each further level of escapes undone. A backslash may
 * begin an escape or part a Windows path, so that every reading is searched.
 */
function readings(looked: string): Set<string> {
  const forms = new Set<string>();
  let text = looked;
  for (let level = 0; level <= ESCAPE_LEVELS; level++) {
    for (const instead of ["", " "]) forms.add(percentDecoded(withoutTerminalCodes(text, instead)));
    const next = unescaped(text);
    if (next === text) break;
    text = withoutInlineData(next);
  }
  return forms;
}
