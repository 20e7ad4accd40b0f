/** Names of models: which are none, and which spellings mean the same. Pure. */

/** UTF-16 units of a name in the ledger: a name is a label there, the session keeps it whole. */
const NAME_MAX_LENGTH = 200;

/** A name as the ledger keeps it; empty for none. */
export function grainName(text: string | undefined): string {
  const trimmed = (text ?? "").trim();
  // A cut through a surrogate pair would leave text that Convex refuses.
  return trimmed.length <= NAME_MAX_LENGTH
    ? trimmed
    : trimmed.slice(0, NAME_MAX_LENGTH).replace(/[\uD800-\uDBFF]$/, "");
}

/**
 * The model that a message names, or undefined. Tools write placeholders in angle brackets where no
 * model answered (Claude Code: `<synthetic>` for an aborted request).
 */
export function modelName(model: string | undefined): string | undefined {
  const name = (model ?? "").trim();
  return name === "" || /^<.*>$/.test(name) || /^unknown$/i.test(name) ? undefined : name;
}

/**
 * What spellings of one model have in common: no provider before a slash, no date or `latest` behind,
 * no region or version of a cloud around it, lower case, `.` and `-` alike. For grouping only.
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

/** Whether a session used this model, whatever the spelling. */
export function usedModel(session: { model?: string; models?: string[] }, model: string): boolean {
  const key = modelKey(model);
  return [session.model, ...(session.models ?? [])].some(
    (name) => name !== undefined && (name === model || modelKey(name) === key),
  );
}
