/** Typed helpers for objects with a closed set of keys, because `Object` loses the types. Pure. */

/** The keys of an object, typed. Use it only for objects without keys beyond their type. */
export function keysOf<T extends object>(object: T): (keyof T & string)[] {
  // Objects may have more keys than their type, so TypeScript types `Object.keys` as plain strings.
  return Object.keys(object) as (keyof T & string)[];
}

/** Builds an object from keys and a function that gives the value of each. */
export function record<K extends string, V>(
  keys: readonly K[],
  valueOf: (key: K) => V,
): { [key in K]: V } {
  return Object.fromEntries(keys.map((key) => [key, valueOf(key)])) as { [key in K]: V };
}

/** Picks these fields of an object, leaving out undefined ones. */
export function pick<T extends object, K extends keyof T>(
  object: T,
  keys: readonly K[],
): { [key in K]?: T[key] } {
  const picked: { [key in K]?: T[key] } = {};
  for (const key of keys) if (object[key] !== undefined) picked[key] = object[key];
  return picked;
}

/**
 * Leaves out undefined fields: `defined({ title })` replaces `title === undefined ? {} : { title
 * }`.
 */
export function defined<T extends object>(
  object: T,
): { [key in keyof T]?: Exclude<T[key], undefined> } {
  return pick(object, keysOf(object)) as { [key in keyof T]?: Exclude<T[key], undefined> };
}
