import { ROLES } from "../enums";
import { changeLines } from "../text";

/**
 * Prevents text of a message from forging a turn in formats for people: quotes or escapes any line
 * that looks like the start of a turn or one of our labels.
 */

/** Characters rendered as nothing or as space; programs differ in which ones they ignore. */
const BLANK = "[\\s\\p{Z}\\p{Cc}\\p{Cf}\\u2800\\u3164]";
const LEADING_BLANKS = new RegExp(`^${BLANK}+`, "u");
const BLANKS = new RegExp(`${BLANK}+`, "gu");

/** Everything that some program treats as a line end. */
const LINE_ENDS = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/g;

/** The most characters of a line that are compared with the shapes below. */
const SHAPE_MAX_CHARS = 300;

const ROLE = `(?:${ROLES.join("|")})`;
/** The labels of the text format (`[2026-…] ASSISTANT:`, `[thinking]`) and its separator lines. */
const TEXT_LABEL = new RegExp(
  `^\\[[^\\]]*\\] ?${ROLE} ?:?$|^\\[(?:thinking|tool call|tool result)\\b|^={40,}$`,
  "i",
);
/** `## Assistant` at any level, also in quotes and lists, unless more words follow. */
const HEADING = new RegExp(`^(?:[> ]|[-*+] |\\d{1,9}[.)] )*#{1,6} ?${ROLE}(?! ?[\\p{L}_])`, "iu");
/** Lines that consist of `**Tool: Bash**` or `*Thinking*`. */
const MARKDOWN_LABEL = /^\*\*Tool: .*\*\*$|^\*Thinking\*$/i;
/** A line that becomes a heading when the next line underlines it. */
const NAME = new RegExp(`^[> ]*${ROLE}\\W*$`, "iu");
const UNDERLINE = /^[> ]*(?:=+|-+)$/;
const HTML_HEADING = new RegExp(`<(?=h[1-6]\\b[^<>]{0,200}>${BLANK}{0,50}${ROLE}\\b)`, "giu");

/** Lines that no shape can match: printable ASCII without the characters that each shape needs. */
const NO_TEXT_LABEL = /^[\t -<>-Z\\-~]*$/;
const NO_MARKDOWN = new RegExp(`^(?!.*${ROLE})[\\t !"$-)+,./-<>-~]*$`, "i");

/** Quotes lines that look like turns or labels of the plain text format. */
export function quoteTurns(text: string): string {
  return changeLines(text, LINE_ENDS, (line) =>
    !NO_TEXT_LABEL.test(line) && TEXT_LABEL.test(shapeOf(line)) ? `> ${line}` : line,
  );
}

/** Escapes lines that look like turns or labels of the Markdown format. */
export function escapeTurns(text: string): string {
  let isNamed = false;
  return changeLines(text.replace(HTML_HEADING, "\\<"), LINE_ENDS, (line) => {
    if (NO_MARKDOWN.test(line)) {
      isNamed = false;
      return line;
    }
    const shape = shapeOf(line);
    const isForged =
      HEADING.test(shape) || MARKDOWN_LABEL.test(shape) || (isNamed && UNDERLINE.test(shape));
    isNamed = NAME.test(shape);
    return isForged ? line.replace(/[#*=-]/, "\\$&") : line;
  });
}

/** Normalises a line for comparison: blanks collapsed and trimmed, wide letters as plain ones. */
function shapeOf(line: string): string {
  const start = line.replace(LEADING_BLANKS, "").slice(0, SHAPE_MAX_CHARS);
  const shape = start.replace(BLANKS, (run) => (/[\s\p{Z}]/u.test(run) ? " " : "")).trim();
  return shape.normalize("NFKC");
}
