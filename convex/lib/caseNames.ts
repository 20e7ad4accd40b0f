/** The two ways of writing a name of several words. Pure. */

/** `session_ids` as `sessionIds`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `sessionIds` as `session_ids`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]|\d+/g, (found) => `_${found.toLowerCase()}`);
}
