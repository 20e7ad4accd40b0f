/** A session's own search text: its title, project and first prompts, and words only for the index. Pure. */

/** Text after this mark is only for the index. */
const INDEX_ONLY = "\n\u2063\n";

/** Git shortens a commit to this many characters, and Convex indexes no word of 32 bytes or more. */
export const SHORT_COMMIT = 7;

/** The words of a session's search text that are only for the index: its commit. */
export function indexOnlyText({ gitCommit }: { gitCommit?: string }): string {
  return gitCommit === undefined ? "" : `${INDEX_ONLY}${gitCommit.slice(0, SHORT_COMMIT)}`;
}

/** The part of a session's search text that people may read. */
export function shownSearchableText({ searchableText = "" }: { searchableText?: string }): string {
  const [shown = ""] = searchableText.split(INDEX_ONLY);
  return shown;
}
