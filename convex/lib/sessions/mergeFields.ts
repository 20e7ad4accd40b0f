import { record } from "../record";
import { SESSION_FIELDS, type MergeRule } from "./fieldTable";
import { isPlaceholderTitle } from "./titles";
import { isTitle } from "./injectedText";
import { declared, SESSION_FIELD_NAMES, type SessionTable, type Values } from "./fields";

/** Merges the fields that a plugin sends for a session into the stored ones. Pure. */

type Value = string | number;

/** Whether a sent value replaces the stored one, by merge rule. */
const REPLACES: { [rule in MergeRule]: (sent: Value) => boolean } = {
  newest: () => true,
  newestTitle: (sent) => !isPlaceholderTitle(String(sent)) && isTitle(String(sent)),
  newestKnown: (sent) => !isPlaceholderName(String(sent)),
  newestPositive: (sent) => sent !== 0,
};

/** Whether a name is what plugins send when they do not know the model or provider. */
export function isPlaceholderName(name: string): boolean {
  return name.toLowerCase() === "unknown";
}

/** The fields of a session after a request. Missing values keep what is stored. */
export function mergeFields(
  stored: Values<SessionTable>,
  sent: Values<SessionTable>,
): Values<SessionTable> {
  // Each value comes from the field of the same name, so it has that field's type.
  return record(SESSION_FIELD_NAMES, (name) =>
    merged(name, stored[name], sent[name]),
  ) as Values<SessionTable>;
}

function merged(name: string, stored: Value | undefined, sent: Value | undefined) {
  if (sent === undefined || stored === undefined) return sent ?? stored;
  const { kind, merge } = declared(SESSION_FIELDS, name);
  const rule = merge ?? (kind === "label" ? "newest" : "newestPositive");
  return REPLACES[rule](sent) ? sent : stored;
}
