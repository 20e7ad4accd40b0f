import { isJsonObject, type JsonObject } from "../json";
import type { Finding, SecretCount } from "./finding";
import { findIssued } from "./issued";
import { isAuthorization, isCookie, isSeedPhrase, tellingOf } from "./names";
import { findSecrets, withMarkers } from "./scan";
import { isSecretValue } from "./values";

/** Finds and masks secrets in every string of a JSON value, at any depth. Keys are kept. Pure. */

/** Receives the findings of a string and returns its replacement. */
export type Visit = (text: string, findings: readonly Finding[]) => string;

/** Replaces every finding by its marker. */
export const masking: Visit = withMarkers;

/**
 * Counts distinct secrets by kind and leaves the text unchanged. Keeps hashes instead of the values,
 * because each value is a slice of its text and would keep all of it in memory.
 */
export class SecretCounter {
  private readonly seen = new Map<string, Set<number>>();

  /** Secrets that `other` has already counted are not counted again. */
  constructor(private readonly other?: SecretCounter) {}

  readonly visit: Visit = (text, findings) => {
    for (const { kind, start, end } of findings) {
      const value = hash53(text, start, end);
      if (this.other?.has(value)) continue;
      const values = this.seen.get(kind) ?? new Set<number>();
      values.add(value);
      this.seen.set(kind, values);
    }
    return text;
  };

  private has(value: number): boolean {
    return Array.from(this.seen.values()).some((values) => values.has(value));
  }

  /** The counts so far, ordered by kind. */
  counts(): SecretCount[] {
    return Array.from(this.seen, ([kind, values]) => ({ kind, count: values.size })).sort((a, b) =>
      a.kind < b.kind ? -1 : 1,
    );
  }
}

/** A hash of 53 bits, as many as a number holds: of a million values, no two are likely to share one. */
function hash53(text: string, start: number, end: number): number {
  let [low, high] = [0x811c9dc5, 0x9e3779b9];
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x85ebca6b) ^ (high >>> 13);
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}

/** Fields with opaque data that only the model provider can read and that looks like anything. */
const OPAQUE_KEYS = new Set(["signature", "encrypted_content"]);
const OPAQUE_DATA = /^[A-Za-z0-9+/_=-]{64}[A-Za-z0-9+/_=-]*$/;

/** Whether a text is opaque data. A key with its issuer's prefix is not, whatever its name. */
function isOpaque(text: string): boolean {
  if (!OPAQUE_DATA.test(text)) return false;
  const issued: Finding[] = [];
  findIssued(text, issued);
  return issued[0]?.start !== 0;
}

/** The context of a string that may reveal a secret: its key, or the option before it. */
type Context = { key?: string; option?: string };

/**
 * Replaces every string of the value by the result of `visit`. Returns a value without a changed string
 * itself, because a copy of a large value would not fit in memory.
 */
export function visitStrings(value: unknown, visit: Visit, context: Context = {}): unknown {
  if (typeof value === "string") return visitString(value, visit, context);
  if (Array.isArray(value)) return visitList(value as unknown[], visit);
  return isJsonObject(value) ? visitObject(value, visit) : value;
}

function visitList(list: readonly unknown[], visit: Visit): readonly unknown[] {
  let changed: unknown[] | undefined;
  for (const [at, item] of list.entries()) {
    const before = list[at - 1];
    const option = typeof before === "string" && /^--?[a-z]/i.test(before) ? before : undefined;
    const visited = visitStrings(item, visit, { option });
    if (visited === item) continue;
    changed ??= [...list];
    changed[at] = visited;
  }
  return changed ?? list;
}

function visitObject(object: JsonObject, visit: Visit): JsonObject {
  const named = [object.name, object.key].find((name) => typeof name === "string");
  const changed = new Map<string, unknown>();
  for (const [key, inner] of Object.entries(object)) {
    const isNamed = key === "value" && named !== undefined;
    const visited = visitStrings(inner, visit, { key: isNamed ? named : key });
    if (visited !== inner) changed.set(key, visited);
  }
  if (changed.size === 0) return object;
  return Object.fromEntries(
    Object.entries(object).map(([key, inner]) => [
      key,
      changed.has(key) ? changed.get(key) : inner,
    ]),
  );
}

function visitString(text: string, visit: Visit, { key, option }: Context): string {
  if (key !== undefined && OPAQUE_KEYS.has(key) && isOpaque(text)) return text;
  const findings =
    option !== undefined
      ? findBehind(`${option} `, text)
      : key !== undefined
        ? findUnder(key, text)
        : findSecrets(text);
  return findings.length === 0 ? text : visit(text, findings);
}

/** The secrets of a string under a key: the whole string if the key reveals one. */
function findUnder(key: string, text: string): Finding[] {
  if (isAuthorization(key) || isCookie(key)) return findBehind(`${key}: `, text);
  if (isSeedPhrase(key)) return findBehind(`${key}: `, text);
  const telling = text.length <= WHOLE_MAX && key.length <= WHOLE_MAX ? tellingOf(key) : undefined;
  if (telling === undefined || !isSecretValue(text, telling, "quoted")) return findSecrets(text);
  const [first] = findSecrets(text);
  const isWhole = first?.start === 0 && first.end === text.length;
  return [isWhole ? first : { kind: telling, start: 0, end: text.length }];
}

/** The longest value of a key; a longer string is text, whatever its key. */
const WHOLE_MAX = 1_024;

/** The secrets of a text, as if this text preceded it. */
function findBehind(prefix: string, text: string): Finding[] {
  return findSecrets(prefix + text).flatMap(({ kind, start, end }) =>
    end <= prefix.length
      ? []
      : [{ kind, start: Math.max(0, start - prefix.length), end: end - prefix.length }],
  );
}
