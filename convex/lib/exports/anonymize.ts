import { isJsonObject, type JsonObject } from "../json";

/**
 * Replaces what points at a person or opens a door: user names (in home paths, and wherever else the
 * same name stands as a word), e-mail addresses, keys and tokens. The same thing gets the same
 * pseudonym wherever it stands, for one `salt`. Pseudonyms are labels, not encryption.
 */
type Anonymizer = {
  text: (text: string) => string;
  /** The same for every string in a JSON value, keys included. */
  value: (value: unknown) => unknown;
  fields: (fields: JsonObject) => JsonObject;
  /** The pseudonym of a name, whatever it looks like. */
  name: (name: string) => string;
};

/** Words that stand in home paths, or are account names, without naming anyone. */
const NOBODY = new Set(
  (
    "admin administrator anonymous app all build ci codespace default dev docker guest home node " +
    "owner public root runner server shared test tmp ubuntu user users vscode work workspace you"
  ).split(" "),
);

/** `/Users/ada`, `/home/ada`, `/mnt/c/Users/ada`, `C:\Users\ada` (also as JSON text, `C:\\Users\\ada`). */
const POSIX_HOME =
  /(?<![\w.-])((?:\/(?:var|export|mnt\/[a-z]|[a-z]))?\/(?:Users|home)\/)([^/\\\s"'`:;,<>|*?()[\]{}]+)/g;
const WINDOWS_HOME =
  /([A-Za-z]:(?:\\{1,4}|\/)(?:Users|Documents and Settings)(?:\\{1,4}|\/))([^/\\\r\n"'`:;,<>|*?]{1,64}(?=[/\\])|[^/\\\s"'`:;,<>|*?]+)/gi;
const EMAIL = /(?<![\w.+-])(?!git@)[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}(?![\w-])/g;

/** Keys by the way their issuers write them, then anything that is called a secret, then what looks random. */
const SECRETS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g,
  /\b(?:osk|sk|pk|rk|hf|npm|glpat|ghp|gho|ghu|ghs|ghr|github_pat|xox[abeoprs]|dop_v1|whsec|SG)[-_.](?=[\w.-]{0,100}\d)[\w.-]{12,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[\w-]{30,}/g,
];
const CALLED_SECRET =
  /((?:api[_-]?key|access[_-]?key|secret|token|passw(?:or)?d|pwd|credential|private[_-]?key)[\w-]{0,32}(?:\\?["'])?\s{0,4}(?:=>|[:=])\s{0,4}(?:\\?["'])?)([^\s"'`,;&\\<>(){}[\]]{6,})/gi;
const BEARER = /\b(Bearer|Basic|token)(\s{1,4})([\w.~+/=-]{16,})/g;
const URL_LOGIN = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)([^\s/:@"']{0,100}:[^\s/@"']{1,200})@/gi;
const RANDOM =
  /(?<![\w/+-])(?=[\w+-]*\d)(?:[0-9a-fA-F]{32,}|(?=[\w+-]*[a-z])(?=[\w+-]*[A-Z])[\w+-]{32,})={0,2}(?![\w/+-])/g;

/** An anonymizer that knows these names already, for one `salt`. */
export function createAnonymizer(salt: string, names: Iterable<string>): Anonymizer {
  const known = Array.from(new Set(Array.from(names).filter(isName))).sort(
    (a, b) => b.length - a.length || (a < b ? -1 : 1),
  );
  const label = (kind: string, value: string) => `${kind}-${pseudonym(salt, kind, value)}`;
  const text = (original: string) => {
    const open = redact(original, (secret) => `[${label("secret", secret)}]`);
    const unaddressed = open.replace(EMAIL, (mail) => `${label("mail", mail)}@example.com`);
    const unhoused = [POSIX_HOME, WINDOWS_HOME].reduce(
      (paths, home) =>
        paths.replace(home, (_, before: string, name: string) =>
          NOBODY.has(name.toLowerCase())
            ? before + name
            : before + label("user", name.toLowerCase()),
        ),
      unaddressed,
    );
    return replaceNames(unhoused, known, (known) => label("user", known.toLowerCase()));
  };
  const value = (original: unknown): unknown => {
    if (typeof original === "string") return text(original);
    if (Array.isArray(original)) return original.map(value);
    return isJsonObject(original) ? fields(original) : original;
  };
  const fields = (original: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(original).map(([key, inner]) => [text(key), value(inner)]));
  const name = (original: string) => label("user", original.toLowerCase());
  return { text, value, fields, name };
}

/** User names that a text gives away by its home paths. */
export function namesIn(text: string): string[] {
  const found: string[] = [];
  for (const home of [POSIX_HOME, WINDOWS_HOME]) {
    text.replace(home, (whole, _, name: string) => {
      found.push(name);
      return whole;
    });
  }
  return found.filter(isName);
}

/** Whether a word may be looked for everywhere: short and common ones would hit too much. */
function isName(name: string): boolean {
  return (
    /^[\p{L}][\p{L}\p{N} ._-]{2,63}$/u.test(name) &&
    !/\.[a-z]{1,5}$/.test(name) &&
    !NOBODY.has(name.toLowerCase())
  );
}

function redact(text: string, label: (secret: string) => string): string {
  const issued = SECRETS.reduce((rest, pattern) => rest.replace(pattern, label), text);
  return issued
    .replace(URL_LOGIN, (_, scheme: string, login: string) => `${scheme}${label(login)}@`)
    .replace(
      BEARER,
      (_, scheme: string, gap: string, secret: string) => scheme + gap + label(secret),
    )
    .replace(CALLED_SECRET, (_, before: string, secret: string) =>
      isLabel(secret) ? before + secret : before + label(secret),
    )
    .replace(RANDOM, label);
}

const isLabel = (text: string) => text.startsWith("[secret-");

function replaceNames(text: string, names: readonly string[], label: (name: string) => string) {
  if (names.length === 0) return text;
  const words = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  return text.replace(
    new RegExp(`(?<![\\p{L}\\p{N}])(?:${words})(?![\\p{L}\\p{N}])`, "giu"),
    label,
  );
}

/** 48 bits of a salted hash (two 32-bit multiplicative hashes), as hex. */
function pseudonym(salt: string, kind: string, value: string): string {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  const text = `${salt}\n${kind}\n${value}`;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x5bd1e995) ^ (b >>> 13);
    b = Math.imul(b ^ unit, 0x1b873593) ^ (a >>> 15);
  }
  const hex = (part: number) => (part >>> 0).toString(16).padStart(8, "0");
  return (hex(a ^ (a >>> 16)) + hex(b ^ (b >>> 13))).slice(0, 12);
}
