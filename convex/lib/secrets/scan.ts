import { type Finding, marker } from "./finding";
import { findIssued } from "./issued";
import { findInCommands } from "./commands";
import { findLogins } from "./logins";
import { findSchemes } from "./headers";
import { findNamed } from "./named";
import { findPrivateKeys } from "./privateKeys";
import { findShapes } from "./shapes";
import { findInTables } from "./tables";

/** Finds the secrets of a text, in order, without overlap. Takes linear time, whatever the text. */
export function findSecrets(text: string): Finding[] {
  const found: Finding[] = [];
  findPrivateKeys(text, found);
  findIssued(text, found);
  findShapes(text, found);
  findLogins(text, found);
  findInCommands(text, found);
  findSchemes(text, found);
  findNamed(text, found);
  findInTables(text, found);
  return merged(found).filter(({ start }) => !isInMarker(text, start));
}

/** Whether this position is inside a marker, because masked text must stay as it is. */
function isInMarker(text: string, at: number): boolean {
  return /\[redacted:[a-z0-9-]{0,40}$/.test(text.slice(Math.max(0, at - 52), at));
}

/** Replaces every secret of a text by a marker. */
export function maskText(text: string): string {
  return withMarkers(text, findSecrets(text));
}

/** Replaces every finding by its marker. */
export function withMarkers(text: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return text;
  const slices: string[] = [];
  let at = 0;
  for (const { kind, start, end } of findings) {
    slices.push(text.slice(at, start), marker(kind));
    at = end;
  }
  slices.push(text.slice(at));
  return slices.join("");
}

/** Sorts findings by position. Overlapping ones are merged under the kind of the first. */
function merged(found: Finding[]): Finding[] {
  if (found.length < 2) return found;
  const order = new Map(found.map((finding, index) => [finding, index]));
  const sorted = [...found].sort(
    (a, b) => a.start - b.start || (order.get(a) ?? 0) - (order.get(b) ?? 0),
  );
  const result: Finding[] = [];
  for (const finding of sorted) {
    const last = result[result.length - 1];
    if (last === undefined || finding.start >= last.end) result.push({ ...finding });
    else last.end = Math.max(last.end, finding.end);
  }
  return result;
}
