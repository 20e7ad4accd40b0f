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

/** Merges what a plugin says of a session into what is stored. Pure. */

/** Names are copied into every list, so they are bounded (UTF-8 bytes). */
const NAME_MAX_BYTES = 200;

/** The fields of a session that follow from its plugin. */
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
 * The session after this request. Absent and empty values keep what is stored, 0 and placeholders
 * never replace something real, and what a plugin reports replaces what was summed over messages.
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

/** The stored object where nothing changed, so that a repeated request is seen to say nothing new. */
function claimedField(stored: Numbers | undefined, claimed: Numbers) {
  const isSame = NUMBERS.every((name) => stored?.[name] === claimed[name]);
  if (isSame) return stored === undefined ? {} : { claimed: stored };
  return { claimed };
}

/** Names that Claude Code makes up for transcripts: `quiet-humming-otter`. */
const MADE_UP_TITLE = /^[a-z]+(?:-[a-z]+){2,3}$/;

/**
 * Whether the first title stays. Claude Code's plugin calls a session after the first prompt since it
 * was started or resumed, and at its end after a made-up name.
 */
function keepsTitle({ title, source }: Reported, input: SessionFields): boolean {
  if ((input.source ?? source) !== "claude-code" || title === undefined) return false;
  return isTitle(title) && !isPlaceholderTitle(title) && !MADE_UP_TITLE.test(title);
}

/** Names of the fields that plugins reported, which the sums over messages leave alone. */
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

/** Names the project after the last segment of its path, where the plugin sends no other name. */
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
