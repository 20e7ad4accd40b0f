import { EVAL_STATUSES, SESSION_STATES } from "../lib/enums";
import type { FieldFilter } from "../lib/sessions/fields";
import type { SessionFilter } from "../lib/sessions/filter";
import { label } from "./fields";
import { filterShape, readFilters } from "./fieldShapes";
import { aliased } from "./parameters";
import { readSource } from "./sources";
import { bound, moment, oneOf, tagList } from "./values";

/**
 * The filter over sessions that lists, searches, contexts, files and exports share: the same names with
 * the same meaning, decided by the one predicate `matchesFilter`.
 */
export const sessionFilters = {
  source: aliased(label("Only sessions of this tool.").transform(readSource), "tool"),
  ...filterShape(),
  tag: aliased(tagList("Only sessions with one of these tags."), "tags", "evalTags"),
  status: aliased(oneOf(EVAL_STATUSES, "Only sessions with this verdict."), "evalStatus"),
  from: aliased(moment("Only sessions active at or after this time or day."), "dateFrom"),
  to: aliased(
    moment("Only sessions created by this time, or by the end of this day.", "end"),
    "dateTo",
  ),
  min_tokens: bound("Only sessions with at least this many tokens.", 0),
  state: oneOf(
    SESSION_STATES,
    "Only sessions with messages in the last ten minutes (`active`), without (`quiet`), or whose tool reported their end (`ended`).",
  ),
};

/** Parameters parsed by `sessionFilters`. */
type FilterQuery = FieldFilter &
  Pick<SessionFilter, "source" | "status" | "from" | "to"> & {
    tag?: string[];
    min_tokens?: number;
    state?: (typeof SESSION_STATES)[number];
  };

/** The filter of a request, as functions take it. */
export function readSessionFilters(query: FilterQuery) {
  const { source, tag: tags, status, from, to, min_tokens: minTokens, state } = query;
  return {
    ...{ source, tags, status, from, to, minTokens },
    ...readFilters(query),
    ...(state === undefined ? {} : { state: { is: state, at: Date.now() } }),
  };
}
