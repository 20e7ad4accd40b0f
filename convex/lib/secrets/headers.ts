import type { Finding } from "./finding";
import { endOfBare, wholeEnd } from "./readValue";
import { isPlaceholder } from "./values";

/** Finds credentials in headers, cookies and signed URLs. Linear, pure. */

/** A name and its position in a text. */
export type Name = { text: string; start: number; end: number };

/** `Authorization: Bearer …` in any case and notation. */
const CREDENTIAL =
  /\\*["'`]?\]?\s{0,4}[:=,]\s{0,4}\\*["'`]?(?:(?:GoogleLogin auth=|[A-Za-z][A-Za-z0-9-]{1,24}\s{1,4}))?(?:token=|key=)?\\*["']?/iy;

export function findCredential(text: string, at: number, found: Finding[]): number | undefined {
  CREDENTIAL.lastIndex = at;
  if (!CREDENTIAL.test(text)) return undefined;
  return pushCredential(text, CREDENTIAL.lastIndex, 4, found);
}

function pushCredential(
  text: string,
  start: number,
  least: number,
  found: Finding[],
): number | undefined {
  let end = endOfBare(text, start, "code");
  // A terminal or a log cut it.
  while (text.charAt(end - 1) === "…") end--;
  const value = text.slice(start, end);
  if (
    value.length < least ||
    isPlaceholder(value) ||
    /[({[]/.test(text.charAt(end)) ||
    !isCredential(value)
  )
    return undefined;
  const whole = wholeEnd(text, end, start);
  found.push({ kind: "authorization", start, end: whole });
  return whole;
}

/** Whether the value can be a credential, and not a variable or a word in a sentence about tokens. */
function isCredential(value: string): boolean {
  if (!/^[\w.~+/=%:-]+$/.test(value)) return false;
  if (/\d/.test(value) && /[A-Za-z]/.test(value)) return true;
  return (
    /^[A-Za-z+/]{12,}={0,2}$/.test(value) &&
    ((/[a-z][A-Z]/.test(value) && value.length >= 20) || /=$/.test(value))
  );
}

const SCHEME = /\b(?:bearer|basic)(?:\s|%20|\+){1,4}(?=[\w.~+/=-]{16})/gi;

/** Adds `Bearer …` and `Basic …` wherever they occur. */
export function findSchemes(text: string, found: Finding[]): void {
  SCHEME.lastIndex = 0;
  while (SCHEME.test(text)) {
    const end = pushCredential(text, SCHEME.lastIndex, 16, found);
    if (end !== undefined) SCHEME.lastIndex = end;
  }
}

const COOKIE_START = /\\*["'`]?\]?\s{0,4}[:=,]\s{0,4}\\*["'`]?/y;
const COOKIE = /\s{0,4}([\w.!#$%&*+^|~-]{1,80})=("?[^\s;"'`\\<>,]{1,8000}"?);?/y;
const COOKIE_ATTRIBUTES =
  /^(?:path|domain|expires|max-age|samesite|version|comment|secure|httponly|priority)$/i;

/** The values in a cookie header. Names, attributes and short values are kept. */
export function findCookies(text: string, name: Name, found: Finding[]): number | undefined {
  const isOption = /^--?[a-z]/i.test(name.text);
  let at = name.end;
  if (isOption && /\s/.test(text.charAt(at)))
    at = at + 1 + (/["']/.test(text.charAt(at + 1)) ? 1 : 0);
  else {
    COOKIE_START.lastIndex = at;
    if (!COOKIE_START.test(text)) return undefined;
    at = COOKIE_START.lastIndex;
  }
  const first = at;
  for (COOKIE.lastIndex = at; ;) {
    const pair = COOKIE.exec(text);
    if (pair === null) return at > first ? at : undefined;
    const [whole, key = "", value = ""] = pair;
    at = pair.index + whole.length;
    COOKIE.lastIndex = at;
    const isSecret = value.length >= 8 && !COOKIE_ATTRIBUTES.test(key) && !isPlaceholder(value);
    if (!isSecret || !(/\d/.test(value) || value.length >= 20)) continue;
    const start = pair.index + whole.indexOf("=") + 1;
    found.push({ kind: "cookie", start, end: start + value.length });
  }
}

/** The signature of a signed URL, only if it is a parameter. */
export function findSignature(text: string, name: Name, found: Finding[]): number | undefined {
  const before = text.slice(Math.max(0, name.start - 6), name.start);
  if (!/[?&;]$|%26$|%3F$/i.test(before) || !/[=%]/.test(text.charAt(name.end))) return undefined;
  const start = name.end + (text.charAt(name.end) === "=" ? 1 : 3);
  const end = endOfBare(text, start, "code");
  if (end - start < 16 || isPlaceholder(text.slice(start, Math.min(end, start + 100))))
    return undefined;
  const whole = wholeEnd(text, end, start);
  found.push({ kind: "url-signature", start, end: whole });
  return whole;
}

const SEED = /\\*["'`]?\s{0,4}(?:[:=]|is)\s{0,4}\\*["'`]?((?:[a-z]{3,8}\s{1,2}){11,23}[a-z]{3,8})/y;

export function findSeedPhrase(text: string, at: number, found: Finding[]): number | undefined {
  SEED.lastIndex = at;
  const hit = SEED.exec(text);
  if (hit === null) return undefined;
  const end = SEED.lastIndex;
  found.push({ kind: "seed-phrase", start: end - (hit[1]?.length ?? 0), end });
  return end;
}
