import { ROLES } from "../enums";

/**
 * Keeps what a message says apart from who says it in formats for people: a line that looks like the
 * beginning of a turn, or like a label of ours, is quoted or escaped wherever it stands in a message.
 */

/** Characters that show as nothing or as space; programs differ in which of them they pass over. */
const BLANK = "[\\s\\p{Z}\\p{Cc}\\p{Cf}\\u2800\\u3164]";
const LEADING_BLANKS = new RegExp(`^${BLANK}+`, "u");
const BLANKS = new RegExp(`${BLANK}+`, "gu");

/** All that some program takes for the end of a line. */
const LINE_ENDS = /(\r\n|[\n\r\v\f\u0085\u2028\u2029])/;

/** Enough of a line to tell what it looks like. */
const SHAPE_MAX_CHARS = 300;

const ROLE = `(?:${ROLES.join("|")})`;
/** `[2026-…] ASSISTANT:` and `[thinking]`, as the text format writes them, and its rules. */
const TEXT_LABEL = new RegExp(
  `^\\[[^\\]]*\\] ?${ROLE} ?:?$|^\\[(?:thinking|tool call|tool result)\\b|^={40,}$`,
  "i",
);
/** `## Assistant`, whatever its level and whatever but words follows; in quotes and lists too. */
const HEADING = new RegExp(`^(?:[> ]|[-*+] |\\d{1,9}[.)] )*#{1,6} ?${ROLE}(?! ?[\\p{L}_])`, "iu");
/** `**Tool: Bash**` and `*Thinking*` as lines of their own. */
const MARKDOWN_LABEL = /^\*\*Tool: .*\*\*$|^\*Thinking\*$/i;
/** A line that becomes a heading when the next one underlines it. */
const NAME = new RegExp(`^[> ]*${ROLE}\\W*$`, "iu");
const UNDERLINE = /^[> ]*(?:=+|-+)$/;
const HTML_HEADING = new RegExp(`<(?=h[1-6]\\b[^<>]{0,200}>${BLANK}{0,50}${ROLE}\\b)`, "giu");

/** Text for the plain text format: lines that look like its turns and labels are quoted. */
export function quoteTurns(text: string): string {
  return eachLine(text, (line) => (TEXT_LABEL.test(shapeOf(line)) ? `> ${line}` : line));
}

/** Text for the Markdown format: lines that look like its turns and labels are escaped. */
export function escapeTurns(text: string): string {
  let isNamed = false;
  return eachLine(text.replace(HTML_HEADING, "\\<"), (line) => {
    const shape = shapeOf(line);
    const isForged =
      HEADING.test(shape) || MARKDOWN_LABEL.test(shape) || (isNamed && UNDERLINE.test(shape));
    isNamed = NAME.test(shape);
    return isForged ? line.replace(/[#*=-]/, "\\$&") : line;
  });
}

/** What a line looks like: runs of blanks as one space, none at its ends, wide letters as plain ones. */
function shapeOf(line: string): string {
  const start = line.replace(LEADING_BLANKS, "").slice(0, SHAPE_MAX_CHARS);
  const shape = start.replace(BLANKS, (run) => (/[\s\p{Z}]/u.test(run) ? " " : "")).trim();
  return shape.normalize("NFKC");
}

function eachLine(text: string, change: (line: string) => string): string {
  const pieces = text.split(LINE_ENDS);
  return pieces.map((piece, at) => (at % 2 === 0 ? change(piece) : piece)).join("");
}
