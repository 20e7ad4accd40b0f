import { changeLines } from "../text";

/**
 * The start of an HTML block that, if not closed, extends to the end of the document (CommonMark
 * 4.6, 1–5).
 */
const OPEN_HTML =
  /^ {0,3}<(?=(?:script|pre|style|textarea)(?:[\s>]|$)|!--|\?|![A-Za-z]|!\[CDATA\[)/i;
const FENCE = /^ {0,3}(`{3,}(?!`)|~{3,}(?!~))([\s\S]*)$/;

/**
 * Closes what a Markdown text leaves open, so that it cannot affect the rest of a document: closes
 * an open code fence, and escapes the start of an HTML block that could continue. Line ends stay as
 * they are.
 */
export function blockSafe(text: string): string {
  let open = "";
  const safe = changeLines(text, /\r\n|\r|\n/g, (line) => {
    const fence = FENCE.exec(line);
    if (open === "") {
      const marks = fence?.[1] ?? "";
      const isInlineCode = marks.startsWith("`") && (fence?.[2] ?? "").includes("`");
      if (marks !== "" && !isInlineCode) open = marks;
      return OPEN_HTML.test(line) ? line.replace("<", "\\<") : line;
    }
    if (fence !== null && closes(open, fence[1] ?? "", fence[2] ?? "")) open = "";
    return line;
  });
  return open === "" ? safe : `${safe}\n${open}`;
}

/** Wraps code in a fence that is longer than any sequence of backticks inside. */
export function fenced(code: string, language: string): string {
  const runs = code.match(/`+/g) ?? [];
  const longest = runs.reduce((length, run) => Math.max(length, run.length), 0);
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}${language}\n${code}${code.endsWith("\n") ? "" : "\n"}${fence}`;
}

function closes(open: string, marks: string, rest: string): boolean {
  return marks.charAt(0) === open.charAt(0) && marks.length >= open.length && rest.trim() === "";
}
