import { type Finding, marker } from "./finding";
import { findIssued } from "./issued";
import { findInCommands } from "./commands";
import { findLogins } from "./logins";
import { findSchemes } from "./headers";
import { findNamed } from "./named";
import { findPrivateKeys } from "./privateKeys";
import { findShapes } from "./shapes";
import { findInTables } from "./tables";

/** Characters of a long text examined at once: the findings of 7 MB of keys take more memory than there is. */
const WINDOW = 256 * 1024;
/** Characters around a window that are examined with it. Rules look back at most 300, except for private keys. */
const MARGIN = 16 * 1024;

/**
 * Finds the secrets of a text, in order, without overlap. Takes linear time, whatever the text. A long text is examined
 * in windows of `windowChars` characters; the result does not depend on their size.
 */
export function findSecrets(original: string, windowChars = WINDOW): Finding[] {
  const text = withoutColours(original);
  const keys: Finding[] = [];
  findPrivateKeys(text, keys);
  const found: Finding[] = [];
  for (let from = 0; from < text.length;) {
    const window = findNear(text, from, from + windowChars);
    const { to } = window;
    const starts = ({ start }: Finding) => start >= from && start < to;
    if (keys.length > 0 || window.found.length > 0)
      addMerged(found, [...keys.filter(starts), ...window.found.filter(starts)]);
    from = to;
  }
  return found.some(({ start }) => isInMarker(text, start))
    ? found.filter(({ start }) => !isInMarker(text, start))
    : found;
}

/** The text with spaces in place of terminal colours, which would hide a name or end a value. */
function withoutColours(text: string): string {
  if (!text.includes("\u001b")) return text;
  return text.replace(COLOUR, (code) => " ".repeat(code.length));
}

const COLOUR = /\u001b\[[\d;:]{0,40}[A-Za-z]/g;

/**
 * Finds what starts in a window, and more around it. The window grows until no secret that starts in it may continue
 * beyond the examined text, so that a long secret is not examined again for each window that it crosses.
 */
function findNear(text: string, from: number, least: number): { found: Finding[]; to: number } {
  const start = Math.max(0, from - MARGIN);
  for (let to = least; ; to += to - start) {
    const end = Math.min(text.length, to + MARGIN);
    const found = findHere(text.slice(start, end));
    for (const finding of found) {
      finding.start += start;
      finding.end += start;
    }
    const isOpen = ({ start: at, end: last }: Finding) => at >= from && at < to && last === end;
    if (end === text.length || !found.some(isOpen)) return { found, to };
  }
}

function findHere(text: string): Finding[] {
  const found: Finding[] = [];
  findIssued(text, found);
  findShapes(text, found);
  findLogins(text, found);
  findInCommands(text, found);
  findSchemes(text, found);
  findNamed(text, found);
  findInTables(text, found);
  return found;
}

/** Whether this position is inside a marker, because masked text must stay as it is. */
function isInMarker(text: string, at: number): boolean {
  return /\[redacted:[a-z0-9-]{0,40}$/.test(text.slice(Math.max(0, at - 52), at));
}

/** Replaces every secret of a text by a marker. */
export function maskText(text: string): string {
  return withMarkers(text, findSecrets(text));
}

/** Slices joined at a time, because the slices of 7 MB of keys take more memory than their text. */
const JOINED_SLICES = 4_096;

/** Replaces every finding by its marker. */
export function withMarkers(text: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return text;
  const joined: string[] = [];
  let slices: string[] = [];
  let at = 0;
  for (const { kind, start, end } of findings) {
    slices.push(text.slice(at, start), marker(kind));
    at = end;
    if (slices.length < JOINED_SLICES) continue;
    joined.push(slices.join(""));
    slices = [];
  }
  return [...joined, ...slices, text.slice(at)].join("");
}

/** Appends findings sorted by position. Overlapping ones are merged under the kind of the first. */
function addMerged(result: Finding[], found: readonly Finding[]): void {
  const order = new Map(found.map((finding, index) => [finding, index]));
  const sorted = [...found].sort(
    (a, b) => a.start - b.start || (order.get(a) ?? 0) - (order.get(b) ?? 0),
  );
  for (const finding of sorted) {
    const last = result[result.length - 1];
    if (last === undefined || finding.start >= last.end) result.push(finding);
    else last.end = Math.max(last.end, finding.end);
  }
}
