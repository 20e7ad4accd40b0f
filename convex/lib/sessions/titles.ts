/** Titles of sessions. Pure. */

/** What a session is called that has no title yet. */
export const UNTITLED = "Untitled session";

/** Whether a title is one that plugins send when they know none. */
export function isPlaceholderTitle(title: string): boolean {
  return /^(untitled( session)?|new session - \d{4}-\d{2}-\d{2}T.*)$/i.test(title);
}
