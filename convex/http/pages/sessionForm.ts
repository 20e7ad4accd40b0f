import type * as z from "zod";
import { EVAL_STATUSES } from "../../lib/enums";
import { sha256 } from "../../lib/hash";
import { joinedTags } from "../../pages/session";
import type { SessionAnswer } from "../../wire/answers";
import type { patchSession } from "../../wire/evals";

/** Reads the form that edits a session. */

export type Edits = z.input<NonNullable<typeof patchSession.body>>;

/**
 * The fields that the form changes; an empty one clears its value, as people expect. Those that come
 * back as the page showed them are left out: forms change white space, tags may contain commas, and
 * a title that is set no longer follows the tool's.
 */
export async function editsOf(form: URLSearchParams, stored: SessionAnswer): Promise<Edits> {
  const sent = (name: string) => form.get(name)?.replace(/\r\n?/g, "\n") ?? "";
  const edits: Edits = {
    evalStatus: EVAL_STATUSES.find((status) => status === sent("evalStatus")) ?? null,
    evalReady: form.get("evalReady") === "yes",
  };
  // The tool may have named the session since the page was made.
  const isTitled = (await titleHashOf(sent("title"))) !== form.get("titleHash");
  if (isTitled) edits.title = sent("title").trim() || null;
  if (sent("evalTags") !== asField(joinedTags(stored))) edits.evalTags = tagsIn(sent("evalTags"));
  for (const name of ["evalNotes", "expectedOutput"] as const) {
    const shown = (stored[name] ?? "").replace(/\r\n?/g, "\n");
    if (sent(name) !== shown) edits[name] = sent(name).trim() || null;
  }
  return edits;
}

/** The hash of a title as its field shows it: a copy of the title itself would repeat its secrets. */
export async function titleHashOf(title: string | undefined): Promise<string> {
  return await sha256(asField(title ?? ""));
}

/** A text as a field of one line sends it: without line breaks. */
const asField = (text: string) => text.replace(/[\r\n]/g, "");

function tagsIn(text: string): string[] {
  return text
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
}
