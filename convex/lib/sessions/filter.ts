import type { EvalStatus, SessionState } from "../enums";
import { FIELD_FILTERS, type FieldFilter, type SessionTable, type Values } from "./fields";
import { usedModel } from "../stats/names";
import { type SessionActivity, sessionState, wasActive } from "./live";
import { shownProvider } from "./providers";

/** Decides which sessions a list, a search or an export includes. Pure. */

/** A missing filter matches every session. All given filters must match. */
export type SessionFilter = FieldFilter & {
  source?: string;
  /** Bounds in ms, both inclusive. A session matches if it was active in between. */
  from?: number;
  to?: number;
  /** The minimum of all known tokens. */
  minTokens?: number;
  status?: EvalStatus;
  /** Matches sessions with any of these tags. */
  tags?: readonly string[];
  /** A substring of the project's name or path, ignoring case. */
  projectPart?: string;
  /** The state at a time, ms: it changes without a write. */
  state?: { is: SessionState; at: number };
  /** Leaves out sessions that are known to have no messages. */
  isFilled?: boolean;
  /** Leaves out sessions that were active in a project since then. */
  live?: SessionActivity;
};

/** The fields of a session that filters read. */
type FilteredSession = Values<SessionTable> & {
  source: string;
  createdAt: number;
  activeUntil?: number;
  models?: string[];
  evalStatus?: EvalStatus;
  evalTags?: readonly string[];
  messageCount: number;
  refreshDueAt?: number;
};

/** Whether a session matches a filter. */
export function matchesFilter(session: FilteredSession, filter: SessionFilter): boolean {
  const { source, from = -Infinity, to = Infinity, minTokens = 0, status, tags } = filter;
  return (
    (source === undefined || session.source === source) &&
    (session.activeUntil ?? session.createdAt) >= from &&
    session.createdAt <= to &&
    (session.totalTokens ?? 0) >= minTokens &&
    (status === undefined || session.evalStatus === status) &&
    (tags === undefined || tags.some((tag) => session.evalTags?.includes(tag))) &&
    FIELD_FILTERS.every((one) => matchesField(session, one, filter[one.filter])) &&
    matchesProjectPart(session, filter.projectPart) &&
    (filter.isFilled !== true || !isEmpty(session)) &&
    (filter.state === undefined || sessionState(session, filter.state.at) === filter.state.is) &&
    (filter.live === undefined || !wasActive(session, filter.live))
  );
}

/** Whether a session has no messages. One whose refresh is due may have some that are not counted yet. */
function isEmpty({ messageCount, refreshDueAt }: FilteredSession): boolean {
  return messageCount === 0 && refreshDueAt === undefined;
}

type FilteredField = (typeof FIELD_FILTERS)[number];

function matchesField(session: FilteredSession, { name }: FilteredField, wanted?: string): boolean {
  if (wanted === undefined) return true;
  return name === "model" ? usedModel(session, wanted) : namesOf(session, name).includes(wanted);
}

/** The values that a filter compares with, because some fields have two names. */
function namesOf(session: FilteredSession, name: FilteredField["name"]) {
  if (name === "projectName") return [session.projectName, session.projectPath];
  if (name === "provider") return [shownProvider(session.provider, session.model)];
  return [session[name]];
}

function matchesProjectPart({ projectName, projectPath }: FilteredSession, part = ""): boolean {
  const wanted = part.toLowerCase();
  return (
    wanted === "" || [projectName, projectPath].some((name) => name?.toLowerCase().includes(wanted))
  );
}

/** Whether a filter excludes any session. */
export function isFiltering(filter: object): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}
