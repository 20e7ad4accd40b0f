import { record } from "../record";
import { SESSION_FIELDS, type MergeRule } from "./fieldTable";
import { isPlaceholderTitle } from "./titles";
import { isTitle } from "./wrappers";
import { declared, SESSION_FIELD_NAMES, type SessionTable, type Values } from "./fields";

/** Merging what a plugin sends of a session into what is stored, field by field. Pure. */

type Value = string | number;

/** Whether a value that was sent replaces the stored one, of which there is one. */
const REPLACES: { [rule in MergeRule]: (sent: Value) => boolean } = {
  newest: () => true,
  newestTitle: (sent) => !isPlaceholderTitle(String(sent)) && isTitle(String(sent)),
  newestKnown: (sent) => !isPlaceholderName(String(sent)),
  newestPositive: (sent) => sent !== 0,
};

/** What plugins send when they know no model or provider. */
export function isPlaceholderName(name: string): boolean {
  return name.toLowerCase() === "unknown";
}

/** The fields of a session after this request: absent values keep what is stored. */
export function mergeFields(
  stored: Values<SessionTable>,
  sent: Values<SessionTable>,
): Values<SessionTable> {
  // Each value comes from the field of the same name, so each has that field's type.
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
