/** Objects with a closed set of keys, typed where `Object` forgets the types. Pure. */

/** The keys of an object literal, typed. Only for objects that hold no other keys than their type says. */
export function keysOf<T extends object>(object: T): (keyof T & string)[] {
  // TypeScript allows further keys in any object, and types `Object.keys` for that case.
  return Object.keys(object) as (keyof T & string)[];
}

/** An object with these keys, each with the value that `valueOf` gives for it. */
export function record<K extends string, V>(
  keys: readonly K[],
  valueOf: (key: K) => V,
): { [key in K]: V } {
  return Object.fromEntries(keys.map((key) => [key, valueOf(key)])) as { [key in K]: V };
}

/** These fields of an object, as far as they are there; one that is undefined counts as absent. */
export function pick<T extends object, K extends keyof T>(
  object: T,
  keys: readonly K[],
): { [key in K]?: T[key] } {
  const picked: { [key in K]?: T[key] } = {};
  for (const key of keys) if (object[key] !== undefined) picked[key] = object[key];
  return picked;
}

/** The object without its undefined fields: `defined({ title })` for `title === undefined ? {} : { title }`. */
export function defined<T extends object>(
  object: T,
): { [key in keyof T]?: Exclude<T[key], undefined> } {
  return pick(object, keysOf(object)) as { [key in keyof T]?: Exclude<T[key], undefined> };
}
