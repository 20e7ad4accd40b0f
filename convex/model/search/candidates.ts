import { v, type Infer } from "convex/values";
import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import type { PreparedQuery } from "../../lib/search/terms";
import { sessionFilter, vRole } from "../../fields";
import { isFiltering, matchesFilter } from "../../lib/sessions/filter";
import { byTurns, type Candidate, type Judged, Leg } from "./candidateSources";
import { shownTitle } from "../sessions/sessions";

/**
 * Candidates for full-text search from Convex's indexes, bounded by documents and bytes. The user is
 * a filter inside every index: another user's text is never a candidate.
 */

export const vFilters = v.object({ ...sessionFilter, role: v.optional(vRole) });
export type Filters = Infer<typeof vFilters>;

/** What is looked for, for whom, and what was read so far. */
export type Search = {
  user: Pick<Doc<"users">, "_id">;
  query: PreparedQuery;
  limit: number;
  filters: Filters;
  sessions: Sessions;
};

/** Sessions of one user, each read once; null for those that are gone. */
export class Sessions {
  readonly #known = new Map<Id<"sessions">, Doc<"sessions"> | null>();
  constructor(
    readonly ctx: QueryCtx,
    readonly user: Pick<Doc<"users">, "_id">,
  ) {}

  add(session: Doc<"sessions">): void {
    this.#known.set(session._id, session);
  }

  async get(id: Id<"sessions">): Promise<Doc<"sessions"> | null> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const session = await this.ctx.db.get("sessions", id);
    const own = session?.userId === this.user._id ? session : null;
    this.#known.set(id, own);
    return own;
  }

  /** How many sessions a search can find: all that pass the filters, at most `limit`. */
  async findable(limit: number, filters: Filters): Promise<number> {
    const first = await this.ctx.db
      .query("sessions")
      .withIndex("by_user", (q) => q.eq("userId", this.user._id))
      .take(limit);
    for (const session of first) this.add(session);
    if (first.length === limit) return limit;
    return first.filter((session) => passes(session, filters)).length;
  }

  /** A session that was read before. */
  peek(id: Id<"sessions">): Doc<"sessions"> | null | undefined {
    return this.#known.get(id);
  }
}

/** Whether a session passes the filters that belong to sessions. */
export const passes: (session: Doc<"sessions">, filters: Filters) => boolean = matchesFilter;

/**
 * Candidates of all legs; whether the index may hold more of them; and of how many sessions there can
 * be results: `limit`, or fewer where fewer pass the filters. Where one session says the words more
 * often than the legs' shares hold, they are read on until others are found.
 */
export async function candidates(ctx: QueryCtx, search: Search) {
  const { limit, filters, sessions } = search;
  const whole = wholeLegs(ctx, search);
  const legs = [...whole, ...rarestLeg(ctx, search)];
  const isShortOf = (wanted: number) =>
    new Set(legs.flatMap((leg) => [...leg.sessions])).size < wanted;
  const haveMore = () => whole.some((leg) => leg.hasMore);
  for (const leg of legs) await leg.readShare();
  let wanted = limit;
  if (haveMore() && isShortOf(limit)) {
    wanted = await sessions.findable(limit, filters);
    for (const leg of whole) await leg.readWhile(() => isShortOf(wanted));
  }
  for (const leg of legs) await leg.close();
  return { passages: legs.flatMap((leg) => leg.passages), hasMore: haveMore(), wanted };
}

/** The legs that ask for all words of the query: together they hold whatever it finds. */
function wholeLegs(ctx: QueryCtx, search: Search): Leg[] {
  const { query, limit, filters } = search;
  const said = [
    new Leg("messages", limit, inMessages(ctx, search, query.groups)),
    new Leg("parts", limit, inParts(ctx, search)),
  ];
  // What stands in a title was said by no role.
  if (filters.role !== undefined) return said;
  return [new Leg("sessions", limit, inSessions(ctx, search)), ...said];
}

/**
 * One word by itself: what the query's most telling word finds must not depend on how the index
 * weighs the others.
 */
function rarestLeg(ctx: QueryCtx, search: Search): Leg[] {
  const [rarest, ...others] = search.query.terms;
  if (rarest === undefined || others.length === 0) return [];
  return [new Leg("rarest", search.limit, inMessages(ctx, search, [[rarest]]))];
}

async function* inSessions(ctx: QueryCtx, search: Search): AsyncGenerator<Judged, void> {
  const { user, query, filters, sessions } = search;
  const searches = query.groups.map((terms) =>
    ctx.db.query("sessions").withSearchIndex("search_text", (q) => {
      let filtered = q.search("searchableText", terms.join(" ")).eq("userId", user._id);
      if (filters.source !== undefined) filtered = filtered.eq("source", filters.source);
      if (filters.model !== undefined) filtered = filtered.eq("model", filters.model);
      // A project may be meant by its path, which the index does not hold.
      const isName = filters.project !== undefined && !/[\\/]/.test(filters.project);
      if (isName) filtered = filtered.eq("projectName", filters.project);
      return filtered;
    }),
  );
  for await (const { document: session, isNew } of byTurns(searches)) {
    const { _id: sessionId, searchableText: text = "", createdAt } = session;
    sessions.add(session);
    const isWanted = isNew && passes(session, filters);
    yield { candidate: { sessionId, text, createdAt }, isNew, isWanted };
  }
}

async function* inMessages(
  ctx: QueryCtx,
  search: Search,
  groups: PreparedQuery["groups"],
): AsyncGenerator<Judged, void> {
  const { user, filters } = search;
  const searches = groups.map((terms) =>
    ctx.db.query("messages").withSearchIndex("search_text", (q) => {
      const own = q.search("textContent", terms.join(" ")).eq("userId", user._id);
      return filters.role === undefined ? own : own.eq("role", filters.role);
    }),
  );
  for await (const { document: message, isNew } of byTurns(searches)) {
    const { _id: messageId, sessionId, textContent: text = "", createdAt } = message;
    const isWanted = isNew && (await isOfWanted(search, sessionId));
    yield { candidate: { sessionId, messageId, text, createdAt }, isNew, isWanted };
  }
}

async function* inParts(ctx: QueryCtx, search: Search): AsyncGenerator<Judged, void> {
  const { user, query, filters } = search;
  const searches = query.groups.map((terms) =>
    ctx.db
      .query("parts")
      .withSearchIndex("search_text", (q) =>
        q.search("text", terms.join(" ")).eq("userId", user._id),
      ),
  );
  for await (const { document: part, isNew } of byTurns(searches)) {
    const { sessionId, messageId, text = "", _creationTime: createdAt } = part;
    const isOfSession = isNew && (await isOfWanted(search, sessionId));
    const isWanted = isOfSession && (await isSaidBy(ctx, messageId, filters));
    yield { candidate: { sessionId, messageId, text, createdAt }, isNew, isWanted };
  }
}

/** Without filters no session is read here: most candidates never become results. */
async function isOfWanted({ filters, sessions }: Search, id: Id<"sessions">): Promise<boolean> {
  if (!isFiltering({ ...filters, role: undefined })) return true;
  const session = await sessions.get(id);
  return session !== null && passes(session, filters);
}

/**
 * Whether the role of the filter speaks in an embedded text, which begins with this message: a prompt's
 * text holds the answers to it too.
 */
export async function isHeardIn(
  ctx: QueryCtx,
  id: Id<"messages">,
  text: string,
  { role }: Filters,
): Promise<boolean> {
  if (role === undefined) return true;
  const first = await ctx.db.get("messages", id);
  if (first === null || first.role === role) return first !== null;
  const isPrompt = first.role === "user" && role === "assistant";
  return isPrompt && text.trim().length > (first.textContent ?? "").trim().length;
}

/** Whether a message passes the filter that belongs to messages. */
async function isSaidBy(ctx: QueryCtx, id: Id<"messages">, { role }: Filters): Promise<boolean> {
  return role === undefined || (await ctx.db.get("messages", id))?.role === role;
}

/** A candidate with what only its session knows; the session's own passage says it already. */
export function withSession(candidate: Candidate, session: Doc<"sessions">): Candidate {
  if (candidate.messageId === undefined) return candidate;
  return { ...candidate, title: shownTitle(session), project: session.projectName };
}
