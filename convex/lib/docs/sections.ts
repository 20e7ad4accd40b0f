import { trimEndWhere } from "../text";

/** Splits a Markdown page into sections, so that a search can link to the right one. */

/** The text under one heading, including the heading; the text before the first heading has none. */
type Section = { heading: string; anchor: string; text: string };

const HEADING = /^ {0,3}#{1,6}(?!#)(?:\s(.*)|)$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/** The sections of a page, in order. Heading-like lines inside code blocks are code. */
export function sectionsOf(markdown: string): Section[] {
  const sections: { heading: string; lines: string[] }[] = [{ heading: "", lines: [] }];
  let fence = "";
  for (const line of markdown.split(/\r\n|\r|\n/)) {
    const mark = FENCE.exec(line)?.[1];
    if (mark !== undefined && fence === "") fence = mark;
    else if (mark?.startsWith(fence) === true) fence = "";
    const heading = fence === "" ? HEADING.exec(line)?.[1] : undefined;
    if (heading !== undefined) sections.push({ heading: withoutClosing(heading), lines: [] });
    sections[sections.length - 1]?.lines.push(line);
  }
  const anchors = new Map<string, number>();
  return sections
    .map(({ heading, lines }) => ({
      heading: plainHeading(heading),
      text: lines.join("\n").trim(),
    }))
    .filter(({ text }) => text !== "")
    .map((section) => ({ ...section, anchor: anchorOf(section.heading, anchors) }));
}

/** Removes trailing number signs of a heading. */
function withoutClosing(heading: string): string {
  const text = heading.trim();
  const rest = trimEndWhere(text, (character) => character === "#");
  return rest === "" || /\s$/.test(rest) ? rest.trimEnd() : text;
}

/** The plain text of a heading: links as their text, no code marks, no emphasis. */
function plainHeading(heading: string): string {
  return heading
    .replace(/!?\[([^[\]]*)\]\([^()]*\)/g, "$1")
    .replace(/[`*]/g, "")
    .trim();
}

/** The anchor of a heading by GitHub's rule; repeated anchors are numbered. */
function anchorOf(heading: string, known: Map<string, number>): string {
  const base = slugOf(heading);
  const times = known.get(base) ?? 0;
  known.set(base, times + 1);
  return times === 0 ? base : `${base}-${times}`;
}

/** Lower case, words joined by `-`, no punctuation. */
export function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{Alphabetic}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}
