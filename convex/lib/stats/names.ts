/** Names of models: which are placeholders, and which spellings are equal. Pure. */

/** How answers name sessions without a project. */
export const NO_PROJECT = "Other";

/** The longest name in the ledger (UTF-16 units); the session keeps it whole. */
const NAME_MAX_LENGTH = 200;

/** A name as the ledger stores it; empty for a missing one. */
export function grainName(text: string | undefined): string {
  const trimmed = (text ?? "").trim();
  // Cutting through a surrogate pair would leave text that Convex rejects.
  return trimmed.length <= NAME_MAX_LENGTH
    ? trimmed
    : trimmed.slice(0, NAME_MAX_LENGTH).replace(/[\uD800-\uDBFF]$/, "");
}

/**
 * The model that a message names; undefined for placeholders. Tools write them in angle brackets
 * when no model answered (Claude Code: `<synthetic>` for an aborted request).
 */
export function modelName(model: string | undefined): string | undefined {
  const name = (model ?? "").trim();
  return name === "" || /^<.*>$/.test(name) || /^unknown$/i.test(name) ? undefined : name;
}

/**
 * A key that is equal for all spellings of one model: without provider, date, `latest`, cloud
 * region and cloud version, in lower case, with `.` equal to `-`. For grouping only.
 */
export function modelKey(model: string): string {
  const lower = model.trim().toLowerCase();
  const own = lower.slice(lower.lastIndexOf("/") + 1);
  const key = own
    .replace(
      /^(?:(?:us|eu|apac|au|jp|global)\.)?(?:anthropic|openai|google|meta|mistral|amazon)\./,
      "",
    )
    .replace(/-v\d+:\d+$/, "")
    .replace(/[-@](?:20\d{2}-?\d{2}-?\d{2}|latest)$/, "")
    .replace(/[._ ]/g, "-");
  return /^-*$/.test(key) ? lower : key;
}

/** Whether a session used this model, in any spelling. */
export function usedModel(session: { model?: string; models?: string[] }, model: string): boolean {
  const key = modelKey(model);
  return [session.model, ...(session.models ?? [])].some(
    (name) => name !== undefined && (name === model || modelKey(name) === key),
  );
}
