import type { Doc } from "../../_generated/dataModel";
import { settleTotal } from "../../lib/sync/sessionTotals";
import { NUMBERS, type NumberName, type Numbers } from "../../lib/numbers";
import { cutBytes } from "../../lib/text";
import type { SessionFields } from "../sync/shapes";

/** What a plugin says of a session, merged into what is stored. Pure. */

/** Labels are bounded, so that a session stays small whatever a plugin calls it. */
const LABEL_MAX_BYTES = { title: 500, projectPath: 1000, projectName: 200, other: 200 } as const;

/** The fields of a session that follow from its plugin. */
export type Reported = Pick<
  Doc<"sessions">,
  | NumberName
  | "source"
  | "sourceIsExplicit"
  | "announced"
  | "title"
  | "titleEdited"
  | "projectPath"
  | "projectName"
  | "model"
  | "provider"
  | "toolCallCount"
  | "endReason"
  | "reported"
  | "createdAt"
>;

/**
 * The session after this request. Absent and empty values keep what is stored, 0 and placeholders
 * never replace something real, and what a plugin reports replaces what was summed over messages.
 */
export function mergeSession(stored: Reported, input: SessionFields): Reported {
  const numbers = mergeNumbers(stored, input);
  const model = pick(input.model, stored.model, isPlaceholderModel, LABEL_MAX_BYTES.other);
  const reportsModel = input.model !== undefined && !isPlaceholderModel(input.model);
  return {
    ...stored,
    ...numbers,
    ...mergeSource(stored, input.source),
    ...mergeProject(stored, input),
    announced: true,
    title: stored.titleEdited
      ? stored.title
      : pick(input.title, stored.title, isPlaceholderTitle, LABEL_MAX_BYTES.title),
    model,
    provider: pick(input.provider, stored.provider, isPlaceholderModel, LABEL_MAX_BYTES.other),
    toolCallCount: input.toolCallCount || stored.toolCallCount,
    endReason: pick(input.endReason, stored.endReason, () => false, LABEL_MAX_BYTES.other),
    reported: reportsModel ? withName(numbers.reported, "model") : numbers.reported,
    createdAt: Math.min(stored.createdAt, input.createdAt ?? stored.createdAt),
  };
}

function pick(
  sent: string | undefined,
  stored: string | undefined,
  isPlaceholder: (text: string) => boolean,
  maxBytes: number,
): string | undefined {
  if (sent === undefined || (stored !== undefined && isPlaceholder(sent))) return stored;
  return cutBytes(sent, maxBytes);
}

/** Titles that plugins send when they know none. */
export function isPlaceholderTitle(title: string): boolean {
  return /^(untitled( session)?|new session - \d{4}-\d{2}-\d{2}T.*)$/i.test(title);
}

function isPlaceholderModel(model: string): boolean {
  return model.toLowerCase() === "unknown";
}

/** An explicit source replaces a default, and a later explicit one the earlier. */
export function mergeSource(
  stored: Pick<Reported, "source" | "sourceIsExplicit">,
  source: string | undefined,
): Pick<Reported, "source" | "sourceIsExplicit"> {
  if (source === undefined) {
    return { source: stored.source, sourceIsExplicit: stored.sourceIsExplicit };
  }
  return { source: cutBytes(source, LABEL_MAX_BYTES.other), sourceIsExplicit: true };
}

function mergeProject(stored: Reported, input: SessionFields) {
  const projectPath = pick(
    input.projectPath,
    stored.projectPath,
    () => false,
    LABEL_MAX_BYTES.projectPath,
  );
  const sent = input.projectName;
  // A Windows path arrives whole as the name; "owner/repository" is a name.
  const name = sent && !isAbsolutePath(sent) ? sent : lastSegment(input.projectPath ?? sent);
  return {
    projectPath,
    projectName: pick(name, stored.projectName, () => false, LABEL_MAX_BYTES.projectName),
  };
}

function isAbsolutePath(text: string): boolean {
  return /^([\\/]|~[\\/]|[a-z]:[\\/])/i.test(text);
}

function lastSegment(path: string | undefined): string | undefined {
  const segments = path?.split(/[\\/]/).filter((segment) => segment !== "") ?? [];
  return segments[segments.length - 1];
}

function mergeNumbers(stored: Reported, input: SessionFields) {
  const merged: Numbers = {};
  let reported = stored.reported;
  for (const key of NUMBERS) {
    const sent = input[key];
    merged[key] = sent || (stored[key] ?? sent);
    if (sent) reported = withName(reported, key);
  }
  // A total from an earlier request does not belong to these numbers.
  if (!input.totalTokens && (input.promptTokens || input.completionTokens)) {
    reported = reported.filter((name) => name !== "totalTokens");
  }
  return settleTotal({ ...merged, reported });
}

function withName(names: string[], name: string): string[] {
  return names.includes(name) ? names : [...names, name];
}
