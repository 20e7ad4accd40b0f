import type { Finding } from "./finding";
import { ISSUED } from "./issuedRules";

/** Finds keys by the format of their issuers: a literal prefix, then a body. Linear, pure. */

type Rule = { kind: string; body: RegExp };

const rulesOf = new Map<string, Rule[]>();
for (const { kind, prefixes, body } of ISSUED) {
  for (const prefix of prefixes) {
    const rules = rulesOf.get(prefix) ?? [];
    rules.push({ kind, body: new RegExp(withFlatRepeat(body), "y") });
    rulesOf.set(prefix, rules);
  }
}

/**
 * Writes `[…]{20,}` as `[…]{20}[…]*`, which matches the same. V8 repeats a single `[…]*` without a stack, but keeps a
 * place to go back to for each character of `[…]{20,}`, and throws when 6 million of them fill its stack.
 */
function withFlatRepeat(body: string): string {
  return body.replace(/(\[[^[\]]{1,40}\])\{(\d{1,3}),\}/g, "$1{$2}$1*");
}

/** Longest first, because the alternation takes the first matching prefix. */
const ALL_PREFIXES = Array.from(rulesOf.keys())
  .sort((a, b) => b.length - a.length)
  .map((prefix) => prefix.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"))
  .join("|");
const PREFIXES = new RegExp(ALL_PREFIXES, "g");
const FIRST_CHARACTERS = Array.from(rulesOf.keys(), (prefix) => prefix.charAt(0)).join("");
/** For texts without an escape. Tries no prefix after a letter or digit, which is where nearly all characters are. */
const PREFIXES_OF_WORDS = new RegExp(
  `(?<![A-Za-z0-9])(?=[${FIRST_CHARACTERS}])(?:${ALL_PREFIXES})`,
  "g",
);

/** Adds every key with a known prefix. */
export function findIssued(text: string, found: Finding[]): void {
  const prefixes = ESCAPE.test(text) ? PREFIXES : PREFIXES_OF_WORDS;
  prefixes.lastIndex = 0;
  for (let hit = prefixes.exec(text); hit !== null; hit = prefixes.exec(text)) {
    const [prefix] = hit;
    if (!isTokenStart(text, hit.index, prefix)) {
      // A longer prefix may hide one that starts inside it.
      prefixes.lastIndex = nextStart(text, hit.index);
      continue;
    }
    const bodyStart = hit.index + prefix.length;
    const finding = matched(text, rulesOf.get(prefix) ?? [], hit.index, bodyStart);
    if (finding) found.push(finding);
    prefixes.lastIndex = finding ? finding.end : nextStart(text, hit.index);
  }
}

/**
 * The first position after `at` where a token may start. Inside a long run of one character, such as the `A`s that
 * stand for zero bytes in base64, none starts, because the same character precedes it.
 */
function nextStart(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  let same = at;
  while (at - same < ESCAPE_MAX && text.charCodeAt(same - 1) === unit) same--;
  if (at - same < ESCAPE_MAX) return at + 1;
  let end = at + 1;
  while (text.charCodeAt(end) === unit) end++;
  return end;
}

function matched(
  text: string,
  rules: readonly Rule[],
  start: number,
  bodyStart: number,
): Finding | undefined {
  for (const { kind, body } of rules) {
    body.lastIndex = bodyStart;
    if (!body.test(text)) continue;
    if (!isFiller(text.slice(bodyStart, body.lastIndex)))
      return { kind, start, end: body.lastIndex };
  }
  CUT.lastIndex = bodyStart;
  const [first] = rules;
  if (first === undefined || bodyStart - start < CUT_PREFIX_MIN || !CUT.test(text))
    return undefined;
  return { kind: first.kind, start, end: CUT.lastIndex };
}

/** The beginning of a body that a terminal or a log cut. A short one tells nothing. */
const CUT = /[A-Za-z0-9_-]{12,200}(?=…|\.{3})/y;
/** Shorter prefixes also begin words. */
const CUT_PREFIX_MIN = 4;

/** Prefixes of this length do not begin ordinary words. */
const JOINED_PREFIX_MIN = 4;

const isLineStart = (text: string, at: number) => at === 0 || /[\n\r]/.test(text.charAt(at - 1));

/** The most characters of a body that are judged. */
const JUDGED_MAX = 2_000;

/**
 * Whether a body is mostly one character: `ghp_xxxx` in documentation, zero bytes in the base64 of a picture. An issuer
 * draws every character at random.
 */
function isFiller(body: string): boolean {
  const judged = Math.min(body.length, JUDGED_MAX);
  const counts = new Map<number, number>();
  let most = 0;
  for (let at = 0; at < judged; at++) {
    const unit = body.charCodeAt(at);
    const count = (counts.get(unit) ?? 0) + 1;
    counts.set(unit, count);
    most = Math.max(most, count);
  }
  return most * 2 > judged;
}

/** The most characters of an escape before a token. */
const ESCAPE_MAX = 12;

/** Escapes whose letters may precede a token: `\n` in JSON text, `%20` in a URL, `\x1b[32m` in terminal output. */
const ESCAPE = /\\[nrtbf]|%[0-9A-Fa-f]{2}|\[[\d;]{1,8}m|\\u[0-9A-Fa-f]{4}/;
const ESCAPE_BEFORE = new RegExp(`(?:${ESCAPE.source})$`);

/**
 * Whether a token may start here, which is not inside a word. Letters that belong to an escape do
 * not count as a word.
 */
function isTokenStart(text: string, at: number, prefix: string): boolean {
  if (at === 0 || !/[\w-]/.test(text.charAt(at - 1))) return true;
  // `-ghp_…` in a diff, `fix-ghp_…`. A short prefix such as `sk-` also begins words of longer names.
  if (
    /[-_]/.test(text.charAt(at - 1)) &&
    (prefix.length >= JOINED_PREFIX_MIN || isLineStart(text, at - 1))
  )
    return true;
  const before = text.slice(Math.max(0, at - ESCAPE_MAX), at);
  return ESCAPE_BEFORE.test(before);
}
