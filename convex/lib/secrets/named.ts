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
import { isSecretValue } from "./values";
import { placeOfValue } from "./notations";

/** Finds secrets next to a revealing name, in any notation. Linear, pure. */

const TRIGGER =
  /pass|pwd|\bpw\b|psk|mot de passe|\bmdp\b|contrase[nñ]a|clave|senha|wachtwoord|has[lł]o|schl(?:ü|ue)ssel|secret|token|key|cred|auth|kennwort|cookie|sessid|jsessionid|connect\.sid|sig|mnemonic|seed[ _-]?phrase|recovery[ _-]?phrase|identified by/gi;
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

/** The address of a resource of AWS: `arn:aws:secretsmanager:eu-west-1:1234:secret:name`. */
const ARN = /\barn:aws[\w-]{0,10}:[\w-]{1,30}:[\w-]{0,20}:\d{0,12}:$/;

/** Adds the secret next to this name, if there is one; returns where it ends. */
function findBeside(text: string, name: Name, found: Finding[]): number | undefined {
  if (ARN.test(text.slice(Math.max(0, name.start - 80), name.start))) return undefined;
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
