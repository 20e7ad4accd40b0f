import { v, type Infer } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import type { Passage } from "../lib/rank";
import type { PreparedQuery } from "../lib/terms";
import { utf8Length } from "../lib/text";
import { vRole } from "../fields";
import { shownTitle } from "./sessions";

/**
 * Candidates for full-text search from Convex's indexes, bounded by documents and bytes. The user is
 * a filter inside every index: another user's text is never a candidate.
 */

export const vFilters = v.object({
  source: v.optional(v.string()),
  model: v.optional(v.string()),
  project: v.optional(v.string()),
  /** Bounds of `createdAt`, both included, ms. */
  from: v.optional(v.number()),
  to: v.optional(v.number()),
  role: v.optional(vRole),
});
export type Filters = Infer<typeof vFilters>;

/** A passage of a session; without a message it is the session's own title and prompts. */
export type Candidate = Passage & { sessionId: Id<"sessions">; messageId?: Id<"messages"> };

type Leg = "sessions" | "messages" | "parts" | "rarest";

/** Documents and bytes read for up to ten results; more results read more in proportion. */
const LEG_BOUNDS: Record<Leg, { documents: number; bytes: number }> = {
  sessions: { documents: 12, bytes: 30_000 },
  messages: { documents: 26, bytes: 140_000 },
  parts: { documents: 10, bytes: 70_000 },
  rarest: { documents: 6, bytes: 36_000 },
};

/** Results that the bounds above are for. */
const BOUNDS_LIMIT = 10;

/** With filters that no index has, candidates are read until enough pass, or these are reached. */
const FILTERED_MAX_DOCUMENTS = 256;
const FILTERED_MAX_BYTES = 2_000_000;

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

  /** A session that was read before. */
  peek(id: Id<"sessions">): Doc<"sessions"> | null | undefined {
    return this.#known.get(id);
  }
}

/** Whether a session passes the filters that belong to sessions. */
export function passes(session: Doc<"sessions">, filters: Filters): boolean {
  const { source, model, project, from = -Infinity, to = Infinity } = filters;
  if (source !== undefined && session.source !== source) return false;
  if (model !== undefined && session.model !== model) return false;
  if (project !== undefined && session.projectName !== project) return false;
  return session.createdAt >= from && session.createdAt <= to;
}

/** Candidates of all legs, and whether filters used up what may be read. */
export async function candidates(ctx: QueryCtx, search: Search) {
  const legs = [
    await sessionLeg(ctx, search),
    await messageLeg(ctx, search, "messages", search.query.terms),
    await messageLeg(ctx, search, "rarest", rarest(search.query)),
    await partLeg(ctx, search),
  ];
  return {
    passages: legs.flatMap((leg) => leg.passages),
    truncated: legs.some((leg) => leg.truncated),
  };
}

/**
 * One word by itself: what the query's most telling word finds must not depend on how the index
 * weighs the others.
 */
function rarest({ terms }: PreparedQuery): readonly string[] {
  return terms.length > 1 ? terms.slice(0, 1) : [];
}

async function sessionLeg(ctx: QueryCtx, search: Search) {
  const { user, query, filters, sessions } = search;
  if (filters.role !== undefined || query.terms.length === 0) return NOTHING;
  const found = ctx.db.query("sessions").withSearchIndex("search_text", (q) => {
    let filtered = q.search("searchableText", query.terms.join(" ")).eq("userId", user._id);
    if (filters.source !== undefined) filtered = filtered.eq("source", filters.source);
    if (filters.model !== undefined) filtered = filtered.eq("model", filters.model);
    if (filters.project !== undefined) filtered = filtered.eq("projectName", filters.project);
    return filtered;
  });
  return await collect(found, "sessions", search, (session) => {
    sessions.add(session);
    if (!passes(session, filters)) return Promise.resolve(null);
    const text = session.searchableText ?? "";
    return Promise.resolve({ sessionId: session._id, text, createdAt: session.createdAt });
  });
}

async function messageLeg(
  ctx: QueryCtx,
  search: Search,
  leg: "messages" | "rarest",
  terms: readonly string[],
) {
  if (terms.length === 0) return NOTHING;
  const { user, filters } = search;
  const found = ctx.db.query("messages").withSearchIndex("search_text", (q) => {
    const own = q.search("textContent", terms.join(" ")).eq("userId", user._id);
    return filters.role === undefined ? own : own.eq("role", filters.role);
  });
  return await collect(found, leg, search, async (message) => {
    const { _id: messageId, sessionId, textContent: text = "", createdAt } = message;
    if (!(await isWanted(search, sessionId))) return null;
    return { sessionId, messageId, text, createdAt };
  });
}

async function partLeg(ctx: QueryCtx, search: Search) {
  const { user, query, filters } = search;
  if (query.terms.length === 0) return NOTHING;
  const found = ctx.db
    .query("parts")
    .withSearchIndex("search_text", (q) =>
      q.search("text", query.terms.join(" ")).eq("userId", user._id),
    );
  return await collect(found, "parts", search, async (part) => {
    const { sessionId, messageId, text = "", _creationTime: createdAt } = part;
    if (!(await isWanted(search, sessionId))) return null;
    if (filters.role !== undefined) {
      const message = await ctx.db.get("messages", messageId);
      if (message?.role !== filters.role) return null;
    }
    return { sessionId, messageId, text, createdAt };
  });
}

const NOTHING = { passages: [] as Candidate[], truncated: false };

/** Without filters no session is read here: most candidates never become results. */
async function isWanted({ filters, sessions }: Search, id: Id<"sessions">): Promise<boolean> {
  if (!filtersSessions(filters)) return true;
  const session = await sessions.get(id);
  return session !== null && passes(session, filters);
}

function filtersSessions({ source, model, project, from, to }: Filters): boolean {
  return [source, model, project, from, to].some((filter) => filter !== undefined);
}

/** Reads a leg until enough has passed or its bounds are reached. */
async function collect<D extends Doc<"sessions"> | Doc<"messages"> | Doc<"parts">>(
  found: AsyncIterable<D>,
  leg: Leg,
  { limit, filters }: Search,
  read: (document: D) => Promise<Candidate | null>,
): Promise<{ passages: Candidate[]; truncated: boolean }> {
  const scale = Math.max(1, limit / BOUNDS_LIMIT);
  const wanted = Math.round(LEG_BOUNDS[leg].documents * scale);
  const isFiltered = filtersSessions(filters) || filters.role !== undefined;
  const maxDocuments = isFiltered ? FILTERED_MAX_DOCUMENTS : wanted;
  const maxBytes = isFiltered ? FILTERED_MAX_BYTES : LEG_BOUNDS[leg].bytes * scale;
  const passages: Candidate[] = [];
  let documents = 0;
  let bytes = 0;
  for await (const document of found) {
    const passage = await read(document);
    if (passage !== null) passages.push(passage);
    if (passages.length >= wanted) break;
    documents += 1;
    bytes += textBytes(document);
    if (documents >= maxDocuments || bytes >= maxBytes) return { passages, truncated: isFiltered };
  }
  return { passages, truncated: false };
}

function textBytes(document: Doc<"sessions"> | Doc<"messages"> | Doc<"parts">): number {
  if ("searchableText" in document) return utf8Length(document.searchableText ?? "");
  if ("textContent" in document) return utf8Length(document.textContent ?? "");
  return "text" in document ? utf8Length(document.text ?? "") : 0;
}

/** A candidate with what only its session knows; the session's own passage says it already. */
export function withSession(candidate: Candidate, session: Doc<"sessions">): Candidate {
  if (candidate.messageId === undefined) return candidate;
  return { ...candidate, title: shownTitle(session), project: session.projectName };
}
