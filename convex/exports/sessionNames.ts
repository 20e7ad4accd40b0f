import { namesIn } from "../lib/exports/anonymize";
import { eachText } from "./anonymize";
import type { ExportSource, SessionPage } from "./job";
import { MessageJoiner } from "./messageJoiner";

/**
 * The user names that the home paths and logins of a whole session reveal. An anonymised export reads them before
 * it writes the session in segments, because a name may stand in a path of its last message only, and as a word in
 * its first one.
 */

/** The names in a page that is a whole session, or in all pages of the session. */
export async function sessionNames(
  page: SessionPage,
  pagesOf: ExportSource["pagesOf"],
): Promise<string[]> {
  const names = new Set<string>();
  const joiner = new MessageJoiner();
  const add = ({ messages }: SessionPage) => {
    for (const stored of messages) {
      const joined = joiner.add(stored);
      if (joined === null) continue;
      eachText(joined.message, (text) => {
        for (const name of namesIn(text)) names.add(name);
      });
    }
  };
  if (page.from === 0 && page.isLast) {
    add(page);
    return Array.from(names);
  }
  const source = pagesOf(page.head.externalId);
  let position: string | null = null;
  do {
    const { pieces, next } = await source(position);
    pieces.forEach(add);
    position = next;
  } while (position !== null);
  return Array.from(names);
}
