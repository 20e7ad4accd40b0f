import { structuredPatch } from "diff";
import { html, type Html } from "../html";
import type { Edit } from "./tools";

/** A line of a diff: added, deleted, unchanged, or a heading. */
type Line = { kind: "a" | "d" | "same" | "h"; text: string };

/** The number of lines added and deleted. */
export type Changes = { added: number; deleted: number };

/**
 * The longest texts that are compared, because comparing takes more than linear time. Longer ones
 * are shown as a whole deletion and addition.
 */
const COMPARED_MAX_CHARS = 20_000;
/** The number of differences after which comparing is abandoned. */
const DIFFERENCES_MAX = 300;
/** The most lines shown per call. */
const LINES_MAX = 400;

/** The changed lines of edits, with some context. */
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

/** The lines of a patch as the tool received it. */
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

/** Counts added and deleted lines. */
export function changesOf(lines: readonly Line[]): Changes {
  const count = (kind: Line["kind"]) => lines.filter((line) => line.kind === kind).length;
  return { added: count("a"), deleted: count("d") };
}

/** Renders the counts as signed, coloured numbers. */
export function changesHtml({ added, deleted }: Changes): Html {
  return html`${added > 0 ? html` <span class="plus">+${added}</span>` : ""}${
    deleted > 0 ? html` <span class="minus">−${deleted}</span>` : ""
  }`;
}

const SIGNS = { a: "+", d: "−", same: " ", h: "" } as const;

/** Renders the lines in colours; the signs keep them readable without colours. */
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
