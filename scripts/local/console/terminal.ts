/** Characters that move the cursor, change colours, or turn the direction of writing. */
const CONTROL =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const LINE_BREAKS = /[\t\n]/g;
/** As the platform cuts a log line. */
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

/** A text of several lines that a request may have written, safe to print. */
export function printable(text: string): string {
  return shortened(text).replace(CONTROL, escaped);
}

/** The same on one line, so that no request can print a line that looks like the server's. */
export function printableLine(text: string): string {
  return printable(text).replace(LINE_BREAKS, escaped);
}
