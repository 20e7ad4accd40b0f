import { isJsonObject } from "../json";
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
 * Counts distinct secrets by kind and leaves the text unchanged. It keeps the values only while
 * counting.
 */
export class SecretCounter {
  private readonly seen = new Map<string, Set<string>>();

  /** Secrets that `other` has already counted are not counted again. */
  constructor(private readonly other?: SecretCounter) {}

  readonly visit: Visit = (text, findings) => {
    for (const { kind, start, end } of findings) {
      const value = text.slice(start, end);
      if (this.other?.has(value)) continue;
      const values = this.seen.get(kind) ?? new Set();
      values.add(value);
      this.seen.set(kind, values);
    }
    return text;
  };

  private has(value: string): boolean {
    return Array.from(this.seen.values()).some((values) => values.has(value));
  }

  /** The counts so far, ordered by kind. */
  counts(): SecretCount[] {
    return Array.from(this.seen, ([kind, values]) => ({ kind, count: values.size })).sort((a, b) =>
      a.kind < b.kind ? -1 : 1,
    );
  }
}

/** Fields with opaque data that only the model provider can read and that looks like anything. */
const OPAQUE_KEYS = new Set(["signature", "encrypted_content"]);
const OPAQUE_DATA = /^[A-Za-z0-9+/_=-]{64,}$/;

/** Whether a text is opaque data. A key with its issuer's prefix is not, whatever its name. */
function isOpaque(text: string): boolean {
  if (!OPAQUE_DATA.test(text)) return false;
  const issued: Finding[] = [];
  findIssued(text, issued);
  return issued[0]?.start !== 0;
}

/** The context of a string that may reveal a secret: its key, or the option before it. */
type Context = { key?: string; option?: string };

/** Replaces every string of the value by the result of `visit`. */
export function visitStrings(value: unknown, visit: Visit, context: Context = {}): unknown {
  if (typeof value === "string") return visitString(value, visit, context);
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => {
      const before: unknown = value[index - 1];
      const option = typeof before === "string" && /^--?[a-z]/i.test(before) ? before : undefined;
      return visitStrings(item, visit, { option });
    });
  }
  if (!isJsonObject(value)) return value;
  const named = [value.name, value.key].find((name) => typeof name === "string");
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      visitStrings(inner, visit, { key: key === "value" && named !== undefined ? named : key }),
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
