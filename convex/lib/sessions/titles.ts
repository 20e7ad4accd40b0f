/** Titles of sessions. Pure. */

/** The title of a session without one. */
export const UNTITLED = "Untitled session";

/** Whether a title is a placeholder that plugins send. */
export function isPlaceholderTitle(title: string): boolean {
  return /^(untitled( session)?|new session - \d{4}-\d{2}-\d{2}T.*)$/i.test(title);
}
