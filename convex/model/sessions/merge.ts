import type { Doc } from "../../_generated/dataModel";
import { NUMBERS, type Numbers } from "../../lib/numbers";
import { pick, record } from "../../lib/record";
import type { SessionTable, Values } from "../../lib/sessions/fields";
import { isPlaceholderName, mergeFields } from "../../lib/sessions/mergeFields";
import { isPlaceholderTitle } from "../../lib/sessions/titles";
import { claimedOf, headline, settleTotal } from "../../lib/sync/sessionTotals";
import { cutBytes } from "../../lib/text";
import { isTitle } from "../../lib/sessions/injectedText";
import type { SessionFields } from "../sync/shapes";

/** Merges a plugin's fields of a session into the stored ones. Pure. */

/** Names are copied into every list, so they are bounded (UTF-8 bytes). */
const NAME_MAX_BYTES = 200;

/** The fields of a session that its plugin determines. */
export type Reported = Values<SessionTable> &
  Pick<
    Doc<"sessions">,
    | "source"
    | "sourceIsExplicit"
    | "announced"
    | "titleEdited"
    | "reported"
    | "claimed"
    | "counted"
    | "createdAt"
  >;

/**
 * Returns the session after this request. Absent and empty values keep the stored ones, 0 and placeholders
 * never replace real values, and reported numbers replace sums over messages.
 */
export function mergeSession(stored: Reported, input: SessionFields): Reported {
  const claimedBefore = { ...record(NUMBERS, () => undefined), ...claimedOf(stored) };
  const merged = mergeFields({ ...stored, ...claimedBefore }, withProjectName(input));
  const reported = mergeReported(stored.reported, input);
  const claimed = settleTotal(
    pick(
      merged,
      NUMBERS.filter((name) => reported.includes(name)),
    ),
  );
  return {
    ...stored,
    ...merged,
    ...headline(claimed, stored.counted),
    ...mergeSource(stored, input.source),
    ...claimedField(stored.claimed, claimed),
    announced: true,
    title: stored.titleEdited || keepsTitle(stored, input) ? stored.title : merged.title,
    reported,
    createdAt: Math.min(stored.createdAt, input.createdAt ?? stored.createdAt),
  };
}

/** Returns the stored object if nothing changed, so that a repeated request compares as equal. */
function claimedField(stored: Numbers | undefined, claimed: Numbers) {
  const isSame = NUMBERS.every((name) => stored?.[name] === claimed[name]);
  if (isSame) return stored === undefined ? {} : { claimed: stored };
  return { claimed };
}

/** Names that Claude Code generates for transcripts: `quiet-humming-otter`. */
const MADE_UP_TITLE = /^[a-z]+(?:-[a-z]+){2,3}$/;

/**
 * Whether the stored title is kept. Claude Code's plugin sends as title the first prompt since the session
 * was started or resumed, and a generated name at its end.
 */
function keepsTitle({ title, source }: Reported, input: SessionFields): boolean {
  if ((input.source ?? source) !== "claude-code" || title === undefined) return false;
  return isTitle(title) && !isPlaceholderTitle(title) && !MADE_UP_TITLE.test(title);
}

/** Names of the fields that plugins reported; sums over messages do not replace these. */
function mergeReported(stored: string[], input: SessionFields): string[] {
  const numbers = NUMBERS.filter((name) => input[name]);
  const names = input.model === undefined || isPlaceholderName(input.model) ? [] : ["model"];
  const reported = Array.from(new Set([...stored, ...numbers, ...names]));
  // A total from an earlier request does not belong to these numbers.
  const isStale = !input.totalTokens && Boolean(input.promptTokens || input.completionTokens);
  return isStale ? reported.filter((name) => name !== "totalTokens") : reported;
}

/** An explicit source replaces a default, and a later explicit one the earlier. */
export function mergeSource(
  stored: Pick<Reported, "source" | "sourceIsExplicit">,
  source: string | undefined,
): Pick<Reported, "source" | "sourceIsExplicit"> {
  if (source === undefined) {
    return { source: stored.source, sourceIsExplicit: stored.sourceIsExplicit };
  }
  return { source: cutBytes(source, NAME_MAX_BYTES), sourceIsExplicit: true };
}

/** Names the project after the last segment of its path, unless the plugin sends a name. */
function withProjectName(input: SessionFields): SessionFields {
  const { projectPath, projectName: sent } = input;
  // A Windows path arrives whole as the name; "owner/repository" is a name.
  const name = sent && !isAbsolutePath(sent) ? sent : lastSegment(projectPath ?? sent);
  return { ...input, projectName: name && cutBytes(name, NAME_MAX_BYTES) };
}

function isAbsolutePath(text: string): boolean {
  return /^([\\/]|~[\\/]|[a-z]:[\\/])/i.test(text);
}

function lastSegment(path: string | undefined): string | undefined {
  const segments = path?.split(/[\\/]/).filter((segment) => segment !== "") ?? [];
  return segments[segments.length - 1];
}
