/** Texts and JSON values that cost most memory or time for their size. Sizes are bytes of JSON. */

/** Joins `word(0)`, `word(1)`, … until they take this many bytes of JSON. */
export function words(bytes: number, word: (n: number) => string): string {
  const texts: string[] = [];
  let length = 0;
  for (let n = 0; ; n++) {
    const one = word(n);
    length += Buffer.byteLength(JSON.stringify(one)) - 2;
    if (length > bytes) return texts.join("");
    texts.push(one);
  }
}

/** Repeats an item with commas between. */
export const many = (item: string, bytes: number) =>
  Array(Math.floor(bytes / (item.length + 1)))
    .fill(item)
    .join(",");

const KEY_CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

/** A text of 40 characters that differs for every `n` and looks as random as a key. */
function keyLike(n: number): string {
  let state = (n + 1) * 2_654_435_761;
  return Array.from({ length: 40 }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return KEY_CHARACTERS[Math.floor(state / 65_536) % KEY_CHARACTERS.length];
  }).join("");
}

/** Texts of any size. */
export const TEXTS: { readonly [name: string]: (bytes: number) => string } = {
  "unique words": (bytes) => words(bytes, (n) => `w${n.toString(36)}x `),
  // V8 stores two bytes a character as soon as one is beyond Latin-1.
  "one character beyond Latin-1": (bytes) => `${words(bytes - 8, (n) => `word${n % 977} `)}🎉`,
  "no spaces": (bytes) => "x".repeat(bytes),
  "only spaces": (bytes) => `${" ".repeat(bytes - 1)}x`,
  Chinese: (bytes) => "漢字仮名".repeat(bytes / 12),
  lines: (bytes) => "a\n".repeat(bytes / 3),
  escapes: (bytes) => '"\\\n\t'.repeat(bytes / 8),
  "control characters": (bytes) => "\u0001".repeat(bytes / 6),
  "keys of an API": (bytes) => words(bytes, (n) => `sk-${keyLike(n)} `),
  passwords: (bytes) => words(bytes, (n) => `DB_PASSWORD_${n}="${keyLike(n).slice(0, 20)}"\n`),
  base64: (bytes) => words(bytes, (n) => keyLike(n)),
};

/** Values of which a body can hold many more than memory can. */
export const VALUES: { readonly [name: string]: (bytes: number) => string } = {
  "empty lists": (bytes) => `[${many("[]", bytes)}]`,
  "empty objects": (bytes) => `[${many("{}", bytes)}]`,
  "small objects": (bytes) => `[${many('{"a":1}', bytes)}]`,
  "short strings": (bytes) => `[${many('"ab"', bytes)}]`,
  "numbers that grow": (bytes) => `[${many("1e20", bytes)}]`,
  "small numbers": (bytes) => `[${many("1", bytes)}]`,
  escapes: (bytes) => `["${"\\u0001".repeat(bytes / 6)}"]`,
  keys: (bytes) => `{${words(bytes / 1.3, (n) => `"k${n}":1,`)}"z":1}`,
  "deep lists": (bytes) => `[${many("[".repeat(900) + "]".repeat(900), bytes)}]`,
};
