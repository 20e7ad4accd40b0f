import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { matchesFilter, type SessionFilter } from "../../lib/sessions/filter";
import { SUBAGENT } from "../../lib/sessions/relations";
import type { Relative } from "../../wire/tree";
import type { User } from "../accounts/user";
import { hasRoom, type ReadBudget, spend } from "../readBudget";
import { find, findByExternalId, shownTitle } from "./sessions";

/** The tree of a user's sessions: forks, resumes and subagents name the session they come from. */

type Session = Doc<"sessions">;

/** Children that a session's answer names; a list with `parent_external_id` has them all. */
const CHILDREN_MAX = 50;

/** Returns the session that another comes from; null if it names none, itself, or one that is not stored. */
type FindParent = (session: Session) => Promise<Session | null>;

/** Finds parents of a user's sessions, each read once. `onRead` is told of every parent that is read. */
function parentFinder(
  ctx: QueryCtx,
  user: User,
  onRead: (parent: Session) => void = () => undefined,
): FindParent {
  const known = new Map<string, Session | null>();
  return async ({ externalId, parentExternalId }) => {
    if (parentExternalId === undefined || parentExternalId === externalId) return null;
    const before = known.get(parentExternalId);
    if (before !== undefined) return before;
    const parent = await findByExternalId(ctx, user, parentExternalId);
    if (parent !== null) onRead(parent);
    known.set(parentExternalId, parent);
    return parent;
  };
}

/** The parents of sessions that have one; each is read once. */
export async function parentsOf(
  ctx: QueryCtx,
  user: User,
  sessions: readonly Session[],
): Promise<ReadonlyMap<Id<"sessions">, Relative>> {
  const findParent = parentFinder(ctx, user);
  const parents = new Map<Id<"sessions">, Relative>();
  for (const session of sessions) {
    const parent = await findParent(session);
    if (parent !== null) parents.set(session._id, relativeView(parent));
  }
  return parents;
}

/** The parent of a session, and the children that arrived first, in the order in which they began. */
export type Relatives = { parent?: Relative; children: Relative[]; hasMoreChildren: boolean };

/** Reads the parent of a session. */
export async function parentOf(
  ctx: QueryCtx,
  user: User,
  session: Session,
): Promise<Pick<Relatives, "parent">> {
  const parent = (await parentsOf(ctx, user, [session])).get(session._id);
  return parent === undefined ? {} : { parent };
}

/** Reads the parent of a session and its first children. */
export async function relativesOf(ctx: QueryCtx, user: User, session: Session): Promise<Relatives> {
  const found = await childrenOf(ctx, session).take(CHILDREN_MAX + 2);
  const children = found.filter(({ _id }) => _id !== session._id);
  return {
    ...(await parentOf(ctx, user, session)),
    children: children.slice(0, CHILDREN_MAX).sort(byBeginning).map(relativeView),
    hasMoreChildren: children.length > CHILDREN_MAX,
  };
}

/** Not by arrival, because an import brings sessions in another order than their plugins did. */
function byBeginning(a: Session, b: Session): number {
  return a.createdAt - b.createdAt || (a.externalId < b.externalId ? -1 : 1);
}

function childrenOf(ctx: QueryCtx, { userId, externalId }: Session) {
  return ctx.db
    .query("sessions")
    .withIndex("by_user_and_parent", (q) =>
      q.eq("userId", userId).eq("parentExternalId", externalId),
    );
}

function relativeView(session: Session): Relative {
  const { _id: id, externalId, relation, source, messageCount, createdAt } = session;
  const title = shownTitle(session);
  return { id, externalId, title, relation, source, messageCount, createdAt };
}

/** How many levels a list looks up from a subagent for the session that it is shown under. */
const LEVELS_MAX = 20;

/**
 * Decides whether a list shows a subagent under another session and not by itself: the parents that the list
 * has lead up to a session that it shows by itself. Parents that lead in a circle or very far do not, so that
 * every session is shown somewhere. Reads each parent once, within the list's budget.
 */
export function foldingOf(
  ctx: QueryCtx,
  user: User,
  filter: SessionFilter,
  budget: ReadBudget,
): (session: Session) => Promise<boolean> {
  const findParent = parentFinder(ctx, user, (parent) => {
    spend(budget, parent);
  });
  const listedParent: FindParent = async (session) => {
    const parent = session.relation === SUBAGENT ? await findParent(session) : null;
    return parent !== null && matchesFilter(parent, filter) ? parent : null;
  };
  return async (session) => {
    let top = session;
    for (let level = 0; level < LEVELS_MAX; level += 1) {
      const parent = await listedParent(top);
      if (parent === null) return level > 0;
      top = parent;
    }
    return false;
  };
}

/** What one query reads to find all sessions below some others. */
const TREE_BUDGET: Readonly<ReadBudget> = { rows: 2_000, bytes: 6 * 1024 * 1024 };

/**
 * The ids of sessions and of all sessions below them, each once: the requested ones as they were written,
 * then their children, and so on. Incomplete if there are more than one query reads.
 */
export async function withDescendants(
  ctx: QueryCtx,
  user: User,
  ids: readonly string[],
): Promise<{ ids: string[]; isComplete: boolean }> {
  const budget = { ...TREE_BUDGET };
  const found = new Map<Id<"sessions">, Session>();
  for (const id of ids) {
    const session = await find(ctx, user, id);
    if (session === null) continue;
    spend(budget, session);
    found.set(session._id, session);
  }
  const below: string[] = [];
  // A map visits what is added while it is walked, so that the children of children are found too.
  for (const session of found.values()) {
    for await (const child of childrenOf(ctx, session)) {
      if (!hasRoom(budget)) return { ids: [...ids, ...below], isComplete: false };
      spend(budget, child);
      if (found.has(child._id)) continue;
      found.set(child._id, child);
      below.push(child._id);
    }
  }
  return { ids: [...ids, ...below], isComplete: true };
}
