import { shownSearchableText } from "./sessionText";

/**
 * Folds copies among search results: a fork or a resumed session holds the messages of the session that it
 * continues, and would take several places with one passage. Pure.
 */

type Session = {
  externalId: string;
  parentExternalId?: string;
  promptTitle?: string;
  searchableText?: string;
};
type Found = { session: Session; passage: { text: string } };
type Folded<F extends Found> = F & { copies: F["session"][] };

/** Shorter passages and prompts, such as `yes`, are equal by chance. */
const MIN_CHARS = 20;

/** Keeps the first of the sessions that are found by the same passage; the others are `copies` of it. */
export function foldCopies<F extends Found>(found: readonly F[]): Folded<F>[] {
  const kept: Folded<F>[] = [];
  const byPassage = new Map<string, Folded<F>[]>();
  for (const one of found) {
    const { text } = one.passage;
    const same = byPassage.get(text) ?? [];
    const original = same.find(({ session }) => isCopy(session, one.session));
    if (original !== undefined && text.length >= MIN_CHARS) {
      original.copies.push(one.session);
      continue;
    }
    const first = { ...one, copies: [] };
    kept.push(first);
    byPassage.set(text, [...same, first]);
  }
  return kept;
}

/** Whether one session continues the other, both continue a third, or both begin alike. */
function isCopy(a: Session, b: Session): boolean {
  if (a.parentExternalId === b.externalId || b.parentExternalId === a.externalId) return true;
  if (a.parentExternalId !== undefined && a.parentExternalId === b.parentExternalId) return true;
  return beginning(a).length >= MIN_CHARS && beginning(a) === beginning(b);
}

/** The first prompts; titles of copies may differ. */
function beginning(session: Session): string {
  if (session.promptTitle !== undefined) return session.promptTitle;
  return shownSearchableText(session).split("\n").slice(2).join("\n");
}
