import type { SecretCount } from "./finding";

/** Counts the secrets of a message and of its session by kind. Pure. */

/** The secrets found in a message: in its parts, and additionally in its text. */
export type MessageSecrets = { text?: SecretCount[]; parts?: SecretCount[] };

/** Adds and subtracts counts; kinds that become zero are left out. */
export function changedCounts(
  counts: readonly SecretCount[],
  more: readonly SecretCount[],
  less: readonly SecretCount[] = [],
): SecretCount[] {
  const sums = new Map<string, number>();
  const add = (list: readonly SecretCount[], sign: 1 | -1) => {
    for (const { kind, count } of list) sums.set(kind, (sums.get(kind) ?? 0) + sign * count);
  };
  add(counts, 1);
  add(more, 1);
  add(less, -1);
  return Array.from(sums, ([kind, count]) => ({ kind, count }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => (a.kind < b.kind ? -1 : 1));
}

/** All secrets found in a message. */
export function messageCounts(secrets: MessageSecrets | undefined): SecretCount[] {
  return changedCounts(secrets?.text ?? [], secrets?.parts ?? []);
}

/** The total number of secrets of all kinds. */
export function totalCount(counts: readonly SecretCount[] | undefined): number {
  return (counts ?? []).reduce((sum, { count }) => sum + count, 0);
}

/** The secrets of a message after a delivery that may contain only its text or only its parts. */
export function afterDelivery(
  stored: MessageSecrets | undefined,
  sent: MessageSecrets | undefined,
  replaced: { text: boolean; parts: boolean },
): MessageSecrets | undefined {
  const text = replaced.text ? sent?.text : stored?.text;
  const parts = replaced.parts ? sent?.parts : stored?.parts;
  if (text === undefined && parts === undefined) return undefined;
  return { ...(text ? { text } : {}), ...(parts ? { parts } : {}) };
}

type Counted = { secrets?: SecretCount[]; before?: { secrets?: SecretCount[] } };

/** A session's counts after changes of its messages; a changed message counts by its difference. */
export function sessionCounts(
  counts: readonly SecretCount[] | undefined,
  changes: readonly Counted[],
): SecretCount[] | undefined {
  const all = changes.flatMap(({ secrets }) => secrets ?? []);
  const before = changes.flatMap((change) => change.before?.secrets ?? []);
  if (all.length === 0 && before.length === 0) return counts && [...counts];
  const changed = changedCounts(counts ?? [], all, before);
  return changed.length === 0 ? undefined : changed;
}
