import type { EvalStatus } from "../enums";
import { FIELD_FILTERS, type FieldFilter, type SessionTable, type Values } from "./fields";
import { usedModel } from "../stats/names";
import { type SessionActivity, wasActive } from "./live";
import { shownProvider } from "./providers";

/** Which sessions a list, a search or an export takes: decided here for all of them. Pure. */

/** Absent filters leave everything. Of a session, each that is given must hold. */
export type SessionFilter = FieldFilter & {
  source?: string;
  /** The session was active between these, both included, ms. */
  from?: number;
  to?: number;
  /** Of all kinds, as far as they are known. */
  minTokens?: number;
  status?: EvalStatus;
  /** A session with any of these. */
  tags?: readonly string[];
  /** A part of the project's name or path, in any case. */
  projectPart?: string;
  /** Leaves out sessions that were active in a project since then. */
  live?: SessionActivity;
};

/** As much of a session as filters look at. */
type FilteredSession = Values<SessionTable> & {
  source: string;
  createdAt: number;
  activeUntil?: number;
  models?: string[];
  evalStatus?: EvalStatus;
  evalTags?: readonly string[];
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
    (filter.live === undefined || !wasActive(session, filter.live))
  );
}

type FilteredField = (typeof FIELD_FILTERS)[number];

function matchesField(session: FilteredSession, { name }: FilteredField, wanted?: string): boolean {
  if (wanted === undefined) return true;
  return name === "model" ? usedModel(session, wanted) : namesOf(session, name).includes(wanted);
}

/** What a filter over this field compares with: some fields are known under two names. */
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

/** Whether a filter leaves out any session. */
export function isFiltering(filter: object): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}
