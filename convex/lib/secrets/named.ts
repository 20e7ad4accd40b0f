import type { Finding } from "./finding";
import { findCookies, findCredential, findSeedPhrase, findSignature, type Name } from "./headers";
import {
  isAuthorization,
  isCookie,
  isSeedPhrase,
  isUrlSignature,
  type Telling,
  tellingOf,
} from "./names";
import { readValue, wholeEnd } from "./readValue";
import { type Form, isSecretValue } from "./values";

/** Finds secrets that stand beside a telling name, in any notation. Linear, pure. */

const TRIGGER =
  /pass|pwd|secret|token|key|cred|auth|kennwort|cookie|sessid|jsessionid|connect\.sid|sig|mnemonic|seed[ _-]?phrase|recovery[ _-]?phrase|identified by/gi;
/** Names are no longer than this on either side of the word that tells. */
const NAME_MAX = 64;
/** Adds every value beside a telling name. */
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
  // The letter of `\n` in JSON text is no part of the name.
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

/** Adds the secret beside this name, if there is one; says where it ends. */
function findBeside(text: string, name: Name, found: Finding[]): number | undefined {
  const bare = name.text.replace(/^[-.]+/, "");
  if (isAuthorization(bare)) return findCredential(text, name.end, found);
  if (isCookie(bare)) return findCookies(text, name, found);
  if (isUrlSignature(bare)) return findSignature(text, name, found);
  if (isSeedPhrase(bare) || /^phrase$/i.test(bare)) return findSeedPhrase(text, name.end, found);
  const telling = /identified by$/i.test(name.text) ? "password" : tellingOf(bare);
  if (telling === undefined) return undefined;
  const place = placeOfValue(text, name);
  if (place === undefined) return undefined;
  const value = readValue(text, place.at, place.form);
  const judged = text.slice(value.start, value.end);
  if (place.isStrict && !isStrong(judged)) return undefined;
  const next = place.isStrict ? "" : text.charAt(value.end);
  if (!isSecretValue(judged, telling, value.form, next)) return undefined;
  const end = value.form === "quoted" ? value.end : wholeEnd(text, value.end, value.start);
  found.push({ kind: kindOf(telling, bare), start: value.start, end });
  return end;
}

function kindOf(telling: Telling, name: string): string {
  if (telling === "password") return "password";
  if (/token$/i.test(name)) return "token";
  return telling === "secret" ? "secret" : "key";
}

/** A value that prose or a call may only be taken for a secret with: letters and digits or signs. */
const isStrong = (value: string) =>
  value.length >= 6 && /[A-Za-z]/.test(value) && /[\d!@#$%^&*]/.test(value) && !/\s/.test(value);

/** Where the value of a name begins, and how it stands there. */
type Place = { at: number; form: Form; isStrict?: boolean };

const CLOSE = String.raw`(?:\\*["'${"`"}])?`;
const NOTATIONS: readonly {
  pattern: RegExp;
  place: (text: string, name: Name, at: number) => Place | undefined;
}[] = [
  // {"name": "DB_PASSWORD", "value": "…"}, also as YAML and as attributes of XML
  {
    pattern: new RegExp(
      String.raw`\\*["']?,?(?:\s|\\+[nrt]){0,40}\\*["']?value\\*["']?\s{0,4}[:=]\s{0,4}`,
      "iy",
    ),
    place: (_, __, at) => ({ at, form: "setting" }),
  },
  // name=value, "name": "value", name := value, name => value, ["name"] = value
  {
    pattern: new RegExp(
      String.raw`${CLOSE}(?:\])?\??(?:\s{0,20})(?:=>|:=|\|\|=|\?\?=|={1,3}|::?-?|%3[Dd])(?:\s|\\+[nt]){0,20}`,
      "y",
    ),
    place: assigned,
  },
  // --name value, netrc: password value
  { pattern: /(?:\s|\\+n){1,4}/y, place: spaced },
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

/** Whether the line holds only the name and one bare word, as YAML and property files do. */
function isAloneOnLine(text: string, name: Name, at: number): boolean {
  const before = text.slice(Math.max(0, name.start - 40), name.start);
  if (!/(?:^|[\n\r]|\\n)[\s>|]*(?:- )?$/.test(before)) return false;
  return /^[^\s;,(){}[\]]+[ \t]*(?:\r?\n|\\[nr]|#|"|$)/.test(text.slice(at, at + 200));
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
  if (/^(?:requirepass|masterauth)$/i.test(name.text)) return { at, form: "setting" };
  const told = /^(?:is|was|are|to|will be)(?: now)?:?\s{1,4}/.exec(text.slice(at, at + 20));
  if (told) return { at: at + told[0].length, form: "setting", isStrict: true };
  return undefined;
}
