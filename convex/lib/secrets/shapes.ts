import type { Finding } from "./finding";

/** Finds keys without a prefix by their exact shape. Linear, pure. */

/** A key without a prefix; `confirm` checks what a pattern cannot. */
type ShapeRule = {
  kind: string;
  pattern: string;
  confirm?: (found: string, text: string, at: number) => boolean;
};

const SHAPES: readonly ShapeRule[] = [
  { kind: "telegram-token", pattern: "\\d{8,10}:AA[A-Za-z0-9_-]{32,36}(?![A-Za-z0-9_-])" },
  { kind: "mailchimp-key", pattern: "[0-9a-f]{32}-us\\d{1,2}(?![A-Za-z0-9])" },
  { kind: "mailgun-key", pattern: "[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![A-Za-z0-9-])" },
  { kind: "asana-token", pattern: "[0-2]/\\d{15,17}(?:/\\d{15,17})?:[0-9a-f]{32}" },
  { kind: "azure-client-secret", pattern: "[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}" },
  {
    kind: "terraform-token",
    pattern: "[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_=-]{60}[A-Za-z0-9_=-]*",
  },
  { kind: "maxmind-key", pattern: "[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk" },
  {
    kind: "azure-storage-key",
    pattern: "[A-Za-z0-9+/]{86}==(?!=)",
    confirm: (key) => isMixed(key),
  },
  {
    kind: "discord-token",
    pattern: "[MNO][A-Za-z0-9_-]{22,27}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,40}",
    confirm: (token) => isMixed(token),
  },
  {
    kind: "aws-secret-key",
    pattern: "[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=_.-])",
    confirm: (key, text, at) => isMixed(key) && isAwsSecret(key, text, at),
  },
];

/** Whether the key has upper case, lower case and digits. */
function isMixed(key: string): boolean {
  return /[a-z]/.test(key) && /[A-Z]/.test(key) && /\d/.test(key);
}

/**
 * Whether forty characters of base64 are an AWS secret key: an access key is near, or they contain
 * `/` or `+` and alternate between letters and digits like no path. The last line of longer base64
 * does not count.
 */
function isAwsSecret(key: string, text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 300), at);
  if (/[A-Za-z0-9+/]{60}\s{0,3}$/.test(before.slice(-90))) return false;
  if (/(?:sha\d{1,3}[-:]|integrity)\W{0,3}$/i.test(before)) return false;
  if (/(?:AKIA|ASIA)[A-Z0-9]{16}|aws|secret/i.test(before)) return true;
  if (!/[/+]/.test(key)) return false;
  let changes = 0;
  for (let i = 1; i < key.length; i++) {
    if (classOf(key.charCodeAt(i)) !== classOf(key.charCodeAt(i - 1))) changes++;
  }
  return changes >= 16;
}

function classOf(unit: number): number {
  if (unit >= 97) return 0;
  if (unit >= 65) return 1;
  return unit >= 48 ? 2 : 3;
}

const SHAPE = new RegExp(
  `(?<![\\w+/=.]|[^\\n\\r]-)(?:${SHAPES.map(({ pattern }) => `(${pattern})`).join("|")})`,
  "y",
);

/** The length of the shortest possible hit, `[0-9a-f]{32}-us1`. Hits contain only characters that `isKeyUnit` accepts. */
const HIT_MIN = 36;

const KEY_UNITS = new Set(
  Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_~.:+/=-", (one) =>
    one.charCodeAt(0),
  ),
);
const IS_KEY_UNIT = Uint8Array.from({ length: 128 }, (_, unit) => Number(KEY_UNITS.has(unit)));
const isKeyUnit = (unit: number) => unit < 128 && IS_KEY_UNIT[unit] === 1;

/**
 * Adds every key recognised by its shape alone. Matches only runs of at least `HIT_MIN` key characters. Skips all other
 * text, nearly all there is: looks `HIT_MIN` characters ahead, then back to the last character that is in no key.
 */
export function findShapes(text: string, found: Finding[]): void {
  for (let from = 0; from + HIT_MIN <= text.length;) {
    let start = from + HIT_MIN;
    while (start > from && isKeyUnit(text.charCodeAt(start - 1))) start--;
    if (start > from) {
      // No hit contains the character before `start`.
      from = start;
      continue;
    }
    let end = from + HIT_MIN;
    while (isKeyUnit(text.charCodeAt(end))) end++;
    findInRun(text, from, end, found);
    from = end + 1;
  }
}

/** After these a key may start, anywhere in a run. */
const START_AFTER = /[~:](?=[^:=])/g;

/**
 * Matches a run, at its start and after each character that may precede a key. Includes the character before it, because
 * a leading dash may be the first character of its line.
 */
function findInRun(text: string, from: number, to: number, found: Finding[]): void {
  const start = Math.max(0, from - 1);
  const run = text.slice(start, to);
  const first = from - start;
  for (let at = first; at >= 0;) {
    SHAPE.lastIndex = at;
    const hit = SHAPE.exec(run);
    if (hit !== null) addShape(text, start, hit, found);
    if (hit === null && at === first && run.charAt(at) === "-") at++;
    else {
      START_AFTER.lastIndex = hit === null ? at : SHAPE.lastIndex - 1;
      at = START_AFTER.test(run) ? START_AFTER.lastIndex : -1;
    }
  }
}

function addShape(text: string, start: number, hit: RegExpExecArray, found: Finding[]): void {
  const index = hit.slice(1).findIndex((group: string | undefined) => group !== undefined);
  const shape = SHAPES[index];
  const [whole] = hit;
  const at = start + hit.index;
  if (!shape || (shape.confirm && !shape.confirm(whole, text, at))) return;
  found.push({ kind: shape.kind, start: at, end: at + whole.length });
}
