/** The two ways of writing a name of several words. Pure. */

/** `session_ids` as `sessionIds`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `sessionIds` as `session_ids`; a name in snake_case stays as it is. */
export function snakeCase(name: string): string {
  return name.replace(/_?([A-Z]|\d+)/g, (_, found: string) => `_${found.toLowerCase()}`);
}

/** Each name, followed by the same in snake_case: where several are sent, the first of this list wins. */
export function inBothCases(names: readonly string[]): string[] {
  return Array.from(new Set(names.flatMap((name) => [name, snakeCase(name)])));
}
