/** Finds the name that was probably meant. Pure. */

/**
 * Returns the known name closest to `name`, or undefined if none is close: one that contains it or is
 * contained in it, or one that differs in at most half of its characters.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = letters(name);
  if (wanted === "" || wanted.length > NAME_MAX_CHARS) return undefined;
  const rated = known.map((one) => ({ one, distance: distanceTo(wanted, letters(one)) }));
  const [best] = rated.sort((a, b) => a.distance - b.distance);
  return best && best.distance <= 0.5 ? best.one : undefined;
}

/** Longer names resemble nothing, and the comparison takes time by the product of both lengths. */
const NAME_MAX_CHARS = 64;
/** The distance of a name that contains the other; closer only is a typing error or two. */
const CONTAINED = 0.3;
/** The shortest name for which being contained means anything. */
const CONTAINED_MIN_CHARS = 3;

const letters = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** 0 for equal names, 1 for names without anything in common. */
function distanceTo(a: string, b: string): number {
  const typed = edits(a, b) / Math.max(a.length, b.length);
  const shorter = Math.min(a.length, b.length);
  const isContained = shorter >= CONTAINED_MIN_CHARS && (a.includes(b) || b.includes(a));
  return isContained ? Math.min(typed, CONTAINED) : typed;
}

/** The number of insertions, deletions and replacements between two texts. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [index, letter] of Array.from(a).entries()) {
    const next = [index + 1];
    for (const [at, other] of Array.from(b).entries()) {
      const replaced = (row[at] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
