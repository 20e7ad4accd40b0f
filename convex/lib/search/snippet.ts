import { matchesIn, type Match, type Matcher } from "./matching";
import { oneLine } from "../text";

/** The longest snippet in UTF-16 units, ellipses included. */
export const SNIPPET_MAX_CHARS = 240;

/** Context shown before the first match. */
const LEAD_CHARS = 60;

const ELLIPSIS = "…";

/**
 * Plain text and the positions of the query's words in it: `[start, end)`, as `String.slice` takes
 * them.
 */
type Snippet = { snippet: string; highlights: Array<[number, number]> };

/**
 * Returns the window of a text in which most of the query occurs, as one line of plain text of at
 * most 240 characters. Words stay whole, except a word longer than the window. "…" marks omissions.
 * Without a match the snippet is the start of the text.
 */
export function makeSnippet(matcher: Matcher, text: string, max = SNIPPET_MAX_CHARS): Snippet {
  const plain = oneLine(text);
  const matches = matchesIn(matcher, plain);
  const snippet = plain.length <= max ? plain : cut(plain, anchorOf(matches, max), max);
  return { snippet, highlights: merge(matchesIn(matcher, snippet).filter(isShown)) };
}

/** Omits weak matches, because a prefix of two letters would highlight half the text. */
function isShown(match: Match): boolean {
  return match.strength >= 0.5;
}

/** The first match of the window, which the snippet must show. */
type Anchor = { start: number; end: number };

/** Finds the window with the most distinct query words, then with the most matches. */
function anchorOf(matches: readonly Match[], max: number): Anchor {
  const reach = max - LEAD_CHARS - 2 * ELLIPSIS.length;
  const inside = new Map<string, number>();
  let best = { start: 0, end: 0, score: -1 };
  let value = 0;
  let end = 0;
  matches.forEach((first, i) => {
    for (; end < matches.length && (matches[end]?.end ?? 0) - first.start <= reach; end++) {
      value += gain(inside, matches[end], 1);
    }
    if (end > i && value > best.score + 1e-9) {
      best = { start: first.start, end: first.end, score: value };
    }
    if (end > i) value -= gain(inside, first, -1);
    else end = i + 1;
  });
  return best;
}

/** The first match of a word counts its full strength; repetitions count little. */
function gain(inside: Map<string, number>, match: Match | undefined, by: 1 | -1): number {
  if (match === undefined) return 0;
  const before = inside.get(match.term) ?? 0;
  inside.set(match.term, before + by);
  const isFirst = (by === 1 ? before : before - 1) === 0;
  return match.strength * (isFirst ? 1 : 0.05);
}

function cut(plain: string, anchor: Anchor, max: number): string {
  const start = wordStart(plain, anchor);
  const lead = start > 0 ? ELLIPSIS : "";
  if (plain.length - start <= max - lead.length) return lead + plain.slice(start);
  const end = wordEnd(plain, anchor, start + max - lead.length - ELLIPSIS.length);
  return lead + plain.slice(start, end).trimEnd() + ELLIPSIS;
}

/** The start of a word within the lead, or any position in text without spaces. */
function wordStart(plain: string, anchor: Anchor): number {
  const from = anchor.start - LEAD_CHARS;
  if (from <= 0) return 0;
  const space = plain.indexOf(" ", from - 1);
  return space >= 0 && space < anchor.start ? space + 1 : toBoundary(plain, from);
}

function wordEnd(plain: string, anchor: Anchor, to: number): number {
  const space = plain.lastIndexOf(" ", to);
  return space >= anchor.end && space > 0 ? space : toBoundary(plain, to);
}

/** Moves a position out of a surrogate pair. */
function toBoundary(plain: string, at: number): number {
  const code = plain.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}

/** Joins overlapping highlights. They ascend and lie inside the snippet. */
function merge(matches: readonly Match[]): Array<[number, number]> {
  const merged: Array<[number, number]> = [];
  for (const { start, end } of [...matches].sort((a, b) => a.start - b.start)) {
    const last = merged[merged.length - 1];
    if (last !== undefined && start < last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}
