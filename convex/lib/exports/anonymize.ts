import { hmacSha256 } from "../hash";
import { isJsonObject, type JsonObject } from "../json";
import { maskSecrets } from "../secrets/mask";
import { maskText } from "../secrets/scan";
import { replaceAddresses } from "./addresses";
import { isName, replaceNames } from "./names";
import { homeNames, replaceHomes } from "./homes";

/**
 * Replaces personal data and secrets. User names in home paths and logins, known names that appear
 * as words, and e-mail addresses become pseudonyms; secrets become markers. It does not find names
 * of people that only prose mentions.
 */
type Anonymizer = {
  text: (text: string) => string;
  /** Does the same for every string in a JSON value, including keys. */
  value: (value: unknown) => unknown;
  fields: (fields: JsonObject) => JsonObject;
  /** The pseudonym of any name. */
  name: (name: string) => string;
};

/** Hex digits of a pseudonym: 48 bits keep all names of an export distinct. */
const PSEUDONYM_LENGTH = 12;

/**
 * Creates an anonymizer that knows these names. Pseudonyms are HMAC-SHA-256 under `key`: the same
 * name gets the same pseudonym under one key, and without the key nobody can tell which name a
 * pseudonym stands for, even if they know other pairs.
 */
export function createAnonymizer(key: string, names: Iterable<string>): Anonymizer {
  const known = Array.from(new Set(names)).filter(isName);
  const labels = new Map<string, string>();
  const label = (kind: string, value: string): string => {
    const subject = `${kind}\n${value.toLowerCase()}`;
    const found =
      labels.get(subject) ?? `${kind}-${hmacSha256(key, subject).slice(0, PSEUDONYM_LENGTH)}`;
    labels.set(subject, found);
    return found;
  };
  const user = (name: string) => label("user", name);
  const withoutPersonalData = (original: string) => {
    const unaddressed = replaceAddresses(original, (mail) => `${label("mail", mail)}@example.com`);
    return replaceNames(replaceHomes(unaddressed, user), known, user);
  };
  const withoutPersonalValues = (original: unknown): unknown => {
    if (typeof original === "string") return withoutPersonalData(original);
    if (Array.isArray(original)) return original.map(withoutPersonalValues);
    if (!isJsonObject(original)) return original;
    return Object.fromEntries(
      Object.entries(original).map(([name, inner]) => [
        withoutPersonalData(maskText(name)),
        withoutPersonalValues(inner),
      ]),
    );
  };
  const value = (original: unknown) => withoutPersonalValues(maskSecrets(original));
  return {
    text: (original) => withoutPersonalData(maskText(original)),
    value,
    // `value` maps objects to objects.
    fields: (original) => value(original) as JsonObject,
    name: user,
  };
}

/** The user names that home paths and logins in a text reveal. */
export function namesIn(text: string): string[] {
  return homeNames(text).filter(isName);
}
