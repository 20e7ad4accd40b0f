import { isPerson } from "./homes";

/** Replaces known names that appear as whole words. Linear, pure. */

/** The most names replaced in one text. */
const NAMES_MAX = 200;

/** Names that are also words of prose or code, like `max` in `Math.max`. */
const WORDS = new Set(
  (
    "max min mark will art page chase bill grant may june april august long small short white black green brown " +
    "gray grey field fields case price power best gold silver sharp swift strong major scout ruby perl java " +
    "python dart julia crystal jade pearl amber sage hunter parker king young rich ray gene don pat sue jack " +
    "guy hope joy love cook baker cross street west east north south day summer winter rose stone wood hill park " +
    "lane bell ward church bishop knight fox wolf bird bash jest main master code core data demo echo link log " +
    "map match name object option order owner path plan post project read rob root run script set state story " +
    "table task term text time token tool trace type union unit value view web word world zone drew dean earl frank"
  ).split(" "),
);

/** Whether a name may be replaced everywhere; short and common words would match too often. */
export function isName(name: string): boolean {
  return (
    /^[\p{L}][\p{L}\p{N} ._-]{2,63}$/u.test(name) && !/\.[a-z]{1,5}$/.test(name) && isPerson(name)
  );
}

const WORD = /[\p{L}\p{N}]+/gu;
/** Separators between the words of one name, because spaces may have become any of these. */
const GLUE = /[ ._-]/;

type Known = { name: string; words: string[]; isOrdinary: boolean };

/** Replaces every known name by its label, longer names before shorter ones. */
export function replaceNames(
  text: string,
  names: readonly string[],
  label: (name: string) => string,
): string {
  const known = byFirstWord(names);
  if (known.size === 0) return text;
  const slices: string[] = [];
  let done = 0;
  WORD.lastIndex = 0;
  for (let word = WORD.exec(text); word !== null; word = WORD.exec(text)) {
    const candidates = known.get(word[0].toLowerCase());
    const found = candidates && longest(text, word.index, candidates);
    if (!found) continue;
    slices.push(text.slice(done, word.index), label(found.name));
    done = found.end;
    WORD.lastIndex = found.end;
  }
  return slices.length === 0 ? text : slices.join("") + text.slice(done);
}

function byFirstWord(names: readonly string[]): Map<string, Known[]> {
  const known = new Map<string, Known[]>();
  const sorted = [...names].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  for (const name of sorted.slice(0, NAMES_MAX)) {
    const words = name.toLowerCase().match(WORD) ?? [];
    const first = words[0] ?? "";
    const isOrdinary = words.length === 1 && WORDS.has(first);
    known.set(first, [...(known.get(first) ?? []), { name, words, isOrdinary }]);
  }
  return known;
}

/** The longest known name at this position, and where it ends. */
function longest(text: string, start: number, candidates: readonly Known[]) {
  for (const { name, words, isOrdinary } of candidates) {
    const end = endOf(text, start, words);
    if (end === undefined || (isOrdinary && !isInProse(text, start, end))) continue;
    return { name, end };
  }
  return undefined;
}

function endOf(text: string, start: number, words: readonly string[]): number | undefined {
  let at = start;
  for (const [index, word] of words.entries()) {
    if (index > 0 && !GLUE.test(text.charAt(at++))) return undefined;
    if (text.slice(at, at + word.length).toLowerCase() !== word) return undefined;
    at += word.length;
  }
  return /[\p{L}\p{N}]/u.test(text.charAt(at)) ? undefined : at;
}

/** Whether an ordinary word is written like a name: capitalised, between spaces, and not in code. */
function isInProse(text: string, start: number, end: number): boolean {
  if (!/^\p{Lu}\p{Ll}/u.test(text.slice(start, start + 2))) return false;
  const before = text.charAt(start - 1);
  const after = text.slice(end, end + 2);
  return /^(?:|[\s("'@])$/.test(before) && /^(?:$|[\s,!?)"':;]|\.(?:\s|$)|'s)/.test(after);
}
