import { structuredPatch } from "diff";
import { html, type Html } from "../html";
import type { Edit } from "./tools";

/** A line of a diff: added, deleted, the same on both sides, or a heading. */
type Line = { kind: "a" | "d" | "same" | "h"; text: string };

/** Lines added and deleted. */
export type Changes = { added: number; deleted: number };

/** Larger texts are shown as one block replaced by another: comparing costs more than linear time. */
const COMPARED_MAX_CHARS = 20_000;
/** Differences after which comparing is given up. */
const DIFFERENCES_MAX = 300;
/** Lines shown of one call. */
const LINES_MAX = 400;

/** The lines that edits change, with a little of what is around them. */
export function editLines(edits: readonly Edit[]): Line[] {
  return edits.flatMap((edit, index) => [
    ...(index > 0 ? [{ kind: "h" as const, text: "⋯" }] : []),
    ...linesOf(edit),
  ]);
}

function linesOf({ before, after }: Edit): Line[] {
  if (before.length + after.length <= COMPARED_MAX_CHARS) {
    const patch = structuredPatch("", "", before, after, "", "", {
      context: 2,
      maxEditLength: DIFFERENCES_MAX,
    });
    if (patch !== undefined) return patch.hunks.flatMap((hunk) => hunk.lines.flatMap(signedLine));
  }
  const all = (text: string, kind: "a" | "d") =>
    text === "" ? [] : text.split("\n").map((line) => ({ kind, text: line }));
  return [...all(before, "d"), ...all(after, "a")];
}

/** The lines of a patch as a tool was given it. */
export function patchLines(patch: string): Line[] {
  return patch.split("\n").flatMap(signedLine);
}

function signedLine(line: string): Line[] {
  if (/^(?:\\ |\*\*\* (?:Begin|End) Patch)/.test(line)) return [];
  if (/^(?:\+\+\+ |--- |@@|\*\*\* |diff |index )/.test(line)) return [{ kind: "h", text: line }];
  const text = line.slice(1);
  if (line.startsWith("+")) return [{ kind: "a", text }];
  if (line.startsWith("-")) return [{ kind: "d", text }];
  return [{ kind: "same", text: line.startsWith(" ") ? text : line }];
}

/** How many lines were added and deleted. */
export function changesOf(lines: readonly Line[]): Changes {
  const count = (kind: Line["kind"]) => lines.filter((line) => line.kind === kind).length;
  return { added: count("a"), deleted: count("d") };
}

/** The changes in short, in signs and colours. */
export function changesHtml({ added, deleted }: Changes): Html {
  return html`${added > 0 ? html` <span class="plus">+${added}</span>` : ""}${
    deleted > 0 ? html` <span class="minus">−${deleted}</span>` : ""
  }`;
}

const SIGNS = { a: "+", d: "−", same: " ", h: "" } as const;

/** The lines in colours; the sign stays in front for those who see none. */
export function diffHtml(lines: readonly Line[]): Html {
  const shown = lines.slice(0, LINES_MAX);
  const rest = lines.length - shown.length;
  const rows = shown.map(({ kind, text }) =>
    kind === "same"
      ? html`<span>${SIGNS.same}${text}
</span>`
      : html`<span class="${kind}">${SIGNS[kind]}${text}
</span>`,
  );
  return html`<pre class="diff" tabindex="0">${rows}</pre>${
    rest > 0 ? html`<p class="note">… ${rest} more lines</p>` : ""
  }`;
}
