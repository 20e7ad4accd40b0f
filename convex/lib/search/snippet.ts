import { matchesIn, type Match, type Matcher } from "./matching";
import { oneLine } from "../text";

/** Longest snippet in UTF-16 units, marks of cutting included. */
export const SNIPPET_MAX_CHARS = 240;

/** Shown before the first match, so that it is read in its sentence. */
const LEAD_CHARS = 60;

const ELLIPSIS = "…";

/** Plain text, and where the query's words stand in it: `[start, end)` as `String.slice` takes them. */
type Snippet = { snippet: string; highlights: Array<[number, number]> };

/**
 * The part of a text where most of the query stands together, as one line of plain text: at most 240
 * characters, words whole (a run without spaces longer than that is cut between characters), "…"
 * where something is left out. Without a match it is the beginning.
 */
export function makeSnippet(matcher: Matcher, text: string, max = SNIPPET_MAX_CHARS): Snippet {
  const plain = oneLine(text);
  const matches = matchesIn(matcher, plain);
  const snippet = plain.length <= max ? plain : cut(plain, anchorOf(matches, max), max);
  return { snippet, highlights: merge(matchesIn(matcher, snippet).filter(isShown)) };
}

/** Prefixes of two letters match half the text; they find, but are not worth showing. */
function isShown(match: Match): boolean {
  return match.strength >= 0.5;
}

/** What must be shown: the first match of the window. */
type Anchor = { start: number; end: number };

/** Opens the window that holds the most different words of the query, then the most matches. */
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

/** A word met for the first time is worth its strength, met again a little. */
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

/** The first word of the lead, or any place in a run that has no spaces. */
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

/** Never inside a surrogate pair. */
function toBoundary(plain: string, at: number): number {
  const code = plain.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}

/** Overlapping highlights become one; they rise and lie inside the snippet. */
function merge(matches: readonly Match[]): Array<[number, number]> {
  const merged: Array<[number, number]> = [];
  for (const { start, end } of [...matches].sort((a, b) => a.start - b.start)) {
    const last = merged[merged.length - 1];
    if (last !== undefined && start < last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}
