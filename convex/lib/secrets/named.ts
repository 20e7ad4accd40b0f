import type { Finding } from "./finding";
import { findCookies, findCredential, findSeedPhrase, findSignature, type Name } from "./headers";
import {
  isAuthorization,
  isCookie,
  isOpenKey,
  isSeedPhrase,
  isUrlSignature,
  type Telling,
  tellingOf,
} from "./names";
import { readValue, wholeEnd } from "./readValue";
import { type Form, isSecretValue } from "./values";

/** Finds secrets next to a revealing name, in any notation. Linear, pure. */

const TRIGGER =
  /pass|pwd|secret|token|key|cred|auth|kennwort|cookie|sessid|jsessionid|connect\.sid|sig|mnemonic|seed[ _-]?phrase|recovery[ _-]?phrase|identified by/gi;
/** The longest name, on either side of the revealing word. */
const NAME_MAX = 64;
/** Adds every value next to a revealing name. */
export function findNamed(text: string, found: Finding[]): void {
  TRIGGER.lastIndex = 0;
  for (let hit = TRIGGER.exec(text); hit !== null; hit = TRIGGER.exec(text)) {
    const name = nameAround(text, hit.index, hit.index + hit[0].length);
    TRIGGER.lastIndex = name.end;
    if (name.end - name.start > NAME_MAX) continue;
    const end = findBeside(text, name, found);
    if (end !== undefined) TRIGGER.lastIndex = end;
  }
}

function nameAround(text: string, start: number, end: number): Name {
  let from = start;
  let to = end;
  while (from > 0 && start - from <= NAME_MAX && isNameUnit(text.charCodeAt(from - 1))) from--;
  while (to < text.length && isNameUnit(text.charCodeAt(to))) to++;
  // The letter of `\n` in JSON text is not part of the name.
  if (text.charAt(from - 1) === "\\" && /[nrt]/.test(text.charAt(from)) && from < start) from++;
  return { text: text.slice(from, Math.min(to, from + 2 * NAME_MAX)), start: from, end: to };
}

/** Letters, digits, `_`, `-` and `.`. */
function isNameUnit(unit: number): boolean {
  return (
    (unit >= 97 && unit <= 122) ||
    (unit >= 65 && unit <= 90) ||
    (unit >= 48 && unit <= 57) ||
    unit === 95 ||
    unit === 45 ||
    unit === 46
  );
}

/** Adds the secret next to this name, if there is one; returns where it ends. */
function findBeside(text: string, name: Name, found: Finding[]): number | undefined {
  const bare = name.text.replace(/^[-.]+/, "");
  if (isAuthorization(bare)) return findCredential(text, name.end, found);
  if (isCookie(bare)) return findCookies(text, name, found);
  if (isUrlSignature(bare)) return findSignature(text, name, found);
  if (isSeedPhrase(bare) || /^phrase$/i.test(bare)) return findSeedPhrase(text, name.end, found);
  const told = tellingIn(text, name, bare);
  if (told === undefined) return undefined;
  const { telling, isVague } = told;
  const place = placeOfValue(text, name);
  if (place === undefined) return undefined;
  const value = readValue(text, place.at, place.form);
  const judged = text.slice(value.start, value.end);
  if (place.isStrict && !isStrong(judged)) return undefined;
  if (isVague && !isRandom(judged)) return undefined;
  const next = place.isStrict ? "" : text.charAt(value.end);
  if (!isSecretValue(judged, telling, value.form, next)) return undefined;
  const end = value.form === "quoted" ? value.end : wholeEnd(text, value.end, value.start);
  found.push({ kind: kindOf(telling, bare), start: value.start, end });
  return end;
}

/**
 * What a name reveals about its value, in prose together with the word before it: `API key`,
 * `stripe key`. If only a company name precedes `key`, the evidence is weak and the value must look
 * random.
 */
function tellingIn(
  text: string,
  name: Name,
  bare: string,
): { telling: Telling; isVague?: boolean } | undefined {
  if (/identified by$/i.test(name.text)) return { telling: "password" };
  const own = tellingOf(bare);
  if (own !== undefined) return { telling: own };
  if (!/^keys?$/i.test(bare)) return undefined;
  const before = /([A-Za-z]{2,24})[ -]$/.exec(text.slice(Math.max(0, name.start - 26), name.start));
  if (before === null) return undefined;
  const [, word = ""] = before;
  const phrase = tellingOf(`${word}_key`);
  if (phrase !== undefined) return { telling: phrase };
  return isOpenKey(word) ? undefined : { telling: "key", isVague: true };
}

function kindOf(telling: Telling, name: string): string {
  if (telling === "password") return "password";
  if (/token$/i.test(name)) return "token";
  return telling === "secret" ? "secret" : "key";
}

/** Whether a value in prose or a call can be a secret: letters with digits or symbols. */
const isStrong = (value: string) =>
  value.length >= 6 && /[A-Za-z]/.test(value) && /[\d!@#$%^&*]/.test(value) && !/\s/.test(value);

/** Whether a value mixes lower case, capitals and digits like no word, digest or common id. */
const isRandom = (value: string) =>
  /^[A-Za-z0-9_-]{20,}$/.test(value) &&
  /[a-z]/.test(value) &&
  /[A-Z]/.test(value) &&
  /\d/.test(value);

/** Where the value of a name starts, and in which form. */
type Place = { at: number; form: Form; isStrict?: boolean };

/** Backslashes of JSON text within JSON text; more than these are not escapes. */
const SLASHES = String.raw`\\{0,8}`;
const CLOSE = String.raw`(?:${SLASHES}["'${"`"}])?`;
const NOTATIONS: readonly {
  pattern: RegExp;
  place: (text: string, name: Name, at: number) => Place | undefined;
}[] = [
  // {"name": "DB_PASSWORD", "value": "…"}, also as YAML and as attributes of XML
  {
    pattern: new RegExp(
      String.raw`${SLASHES}["']?,?(?:\s|\\{1,8}[nrt]){0,40}${SLASHES}["']?value${SLASHES}["']?\s{0,4}[:=]\s{0,4}`,
      "iy",
    ),
    place: (_, __, at) => ({ at, form: "setting" }),
  },
  // name=value, "name": "value", name := value, name => value, ["name"] = value
  {
    pattern: new RegExp(
      String.raw`${CLOSE}(?:\])?\??[*_]{0,3}(?:\s{0,20})(?:=>|:=|\|\|=?|\?\?=?|={1,3}|::?-?|%3[Dd])[*_]{0,3}(?:\s|\\{1,8}[nt]){0,20}`,
      "y",
    ),
    place: assigned,
  },
  // --name value, netrc: password value
  { pattern: /(?:\s|\\{1,8}n){1,4}/y, place: spaced },
  // | name | value | in a table
  { pattern: /[`*_]{0,3}\s{0,20}\|\s{0,20}/y, place: inTable },
  // setenv("name", "value"), getenv("name", "default")
  {
    pattern: new RegExp(
      String.raw`${SLASHES}["']\s{0,4},\s{0,8}(?:[A-Za-z]{1,12}\s?=\s?)?(?=${SLASHES}["'])`,
      "y",
    ),
    place: inCall,
  },
  // <name>value</name>
  {
    pattern: />/y,
    place: (text, name, at) =>
      text.charAt(name.start - 1) === "<" ? { at, form: "setting" } : undefined,
  },
  // setPassword("value")
  {
    pattern: /\(\s{0,4}(?=\\*["'])/y,
    place: (_, name, at) =>
      /^(?:get|has|is|find|read|fetch)/i.test(name.text)
        ? undefined
        : { at, form: "code", isStrict: true },
  },
];

function placeOfValue(text: string, name: Name): Place | undefined {
  for (const { pattern, place } of NOTATIONS) {
    pattern.lastIndex = name.end;
    if (!pattern.test(text)) continue;
    const found = place(text, name, pattern.lastIndex);
    if (found) return found;
  }
  return undefined;
}

function assigned(text: string, name: Name, at: number): Place {
  const separator = text.slice(name.end, at);
  if (/^(?:=|%3[Dd]|:-)$/.test(separator)) return { at, form: "setting" };
  if (/^\s*:\s*$/.test(separator) && isAloneOnLine(text, name, at)) return { at, form: "line" };
  if (/^\s*=\s*$/.test(separator) && isAloneOnLine(text, name, at)) return { at, form: "line" };
  return { at, form: "code" };
}

/** Whether the line contains only the name and one bare word, as in YAML and property files. */
function isAloneOnLine(text: string, name: Name, at: number): boolean {
  const before = text.slice(Math.max(0, name.start - 40), name.start);
  if (!/(?:^|[\n\r]|\\n)[ \t>|]*(?:- )?$/.test(before)) return false;
  return /^[^\s;,(){}[\]]+[ \t]*(?:\r?\n|\\[nr]|#|"|$)/.test(text.slice(at, at + 200));
}

/** The cell after the name in a Markdown table. */
function inTable(text: string, name: Name, at: number): Place | undefined {
  const before = text.slice(Math.max(0, name.start - 80), name.start);
  if (!/(?:^|[\n\r]|\\n)[ \t]*\|[^\n\r]{0,60}$/.test(before)) return undefined;
  return { at, form: "setting", isStrict: true };
}

/** The argument after the name in a call that sets or reads a value by name. */
function inCall(text: string, name: Name, at: number): Place | undefined {
  const before = text.slice(Math.max(0, name.start - 40), name.start);
  const isCall =
    /(?:define|env|set[a-z]{0,16}|get|fetch|header|append|add|put|property|default|secret|save|store|field)\(\s{0,4}\\{0,8}["']$/i;
  return isCall.test(before) ? { at, form: "code", isStrict: true } : undefined;
}

function spaced(text: string, name: Name, at: number): Place | undefined {
  if (/^--?[a-z]/i.test(name.text)) {
    return text.charAt(at) === "-" ? undefined : { at, form: "setting" };
  }
  const before = text.slice(Math.max(0, name.start - 120), name.start);
  if (/^password$/i.test(name.text) && /(?:login|machine|user(?:name)?)\s+\S+\s+$/.test(before))
    return { at, form: "setting" };
  if (/^(?:PASSWORD|IDENTIFIED BY)$/i.test(name.text) && /^['"]/.test(text.slice(at, at + 1)))
    return { at, form: "code" };
  if (/(?:^|[\n\r]|\\n)\s{0,8}(?:ENV|ARG|setenv|SET)\s{1,8}$/.test(before))
    return { at, form: "setting" };
  if (/^(?:requirepass|masterauth)$/i.test(name.text)) return { at, form: "setting" };
  const told = /^(?:is|was|are|to|will be)(?: now)?:?\s{1,4}/.exec(text.slice(at, at + 20));
  if (told) return { at: at + told[0].length, form: "setting", isStrict: true };
  return undefined;
}
