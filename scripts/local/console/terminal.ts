/** Characters that move the cursor, change colours, or change the writing direction. */
const CONTROL =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const LINE_BREAKS = /[\t\n]/g;
/** Longer texts are cut, as Convex cuts log lines. */
const MAX_LENGTH = 4096;

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

function shortened(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/** Makes a text from a request safe to print; keeps its line breaks. */
export function printable(text: string): string {
  return shortened(text).replace(CONTROL, escaped);
}

/** Makes a text from a request safe to print on one line, so that it cannot imitate a line of the server. */
export function printableLine(text: string): string {
  return printable(text).replace(LINE_BREAKS, escaped);
}
