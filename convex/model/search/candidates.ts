import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { summarizeMatches, type Matcher } from "../../lib/search/matching";
import type { Concept } from "../../lib/search/query";
import { shownTitle } from "../sessions/sessions";
import { asksAboutSessions, type Filters, isSaidBy, passes } from "./filters";
import {
  type Candidate,
  type Hit,
  inMessages,
  inParts,
  inSearchTexts,
  inSessions,
  type Source,
} from "./sources";

/** Reads the candidates of a full-text search: the same ones however many results are asked for. */

/**
 * Documents that one search reads, at most 104 of the 120 of DESIGN 8: every candidate, and the session of
 * each candidate, which decides the order with its title. Sources are asked in this order, each until
 * what was read in all reaches `upTo`, so that what an earlier one leaves is used by the later ones.
 * Bytes bound each source alone, and may be exceeded by one row of 16 kB.
 */
const SHARES: ReadonlyArray<{ source: Source; upTo: number; bytes: number }> = [
  { source: inSessions, upTo: 50, bytes: 80_000 },
  { source: inMessages, upTo: 86, bytes: 112_000 },
  { source: inParts, upTo: 94, bytes: 48_000 },
  { source: inSearchTexts, upTo: 100, bytes: 24_000 },
];
/** Words that few candidates hold are asked for alone: up to two, three rows of each source. */
const PROBE = { upTo: 104, rows: 3, bytes: 24_000 };
const PROBES_MAX = 2;
/** A word held by so many sessions among the candidates needs no search of its own. */
const WELL_HELD_SESSIONS = 3;

/** What a source may still read. */
type Share = { upTo: number; rows: number; bytes: number };

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

/** A candidate with what only its session knows; the session's own text says it already. */
export function withSession(candidate: Candidate, session: Doc<"sessions">): Candidate {
  if (candidate.messageId === undefined) return candidate;
  return { ...candidate, title: shownTitle(session), project: session.projectName };
}

/** What is looked for, and in whose sessions. */
export type Search = { matcher: Matcher; filters: Filters; sessions: Sessions };

/** Candidates, and whether an index may hold more that were not read. */
export type Candidates = { candidates: Candidate[]; hasMore: boolean };

/** Reads what each source finds for all words of the query, then asks for its rarest words alone. */
export async function readCandidates(search: Search): Promise<Candidates> {
  const reader = new Reader(search);
  const { groups } = search.matcher.query;
  for (const { source, upTo, bytes } of SHARES) {
    await reader.read(source, groups, { upTo, bytes, rows: Infinity });
  }
  for (const { indexTerms } of rarest(search.matcher, reader.candidates)) {
    for (const source of [inMessages, inParts]) await reader.read(source, [indexTerms], { ...PROBE });
  }
  return reader;
}

/** The words that fewest sessions among the candidates hold, though the query names others too. */
function rarest(matcher: Matcher, candidates: readonly Candidate[]): Concept[] {
  const { query } = matcher;
  if (query.concepts.length < 2) return [];
  const holding = query.concepts.map((concept, i) => {
    const sessions = new Set<string>();
    for (const { sessionId, text } of candidates) {
      const { strengths } = summarizeMatches(matcher, text);
      if ((strengths[i] ?? 0) >= 0.5) sessions.add(sessionId);
    }
    return { concept, sessions: sessions.size };
  });
  return holding
    .filter(({ concept, sessions }) => concept.weight > 0.1 && sessions < WELL_HELD_SESSIONS)
    .sort((a, b) => a.sessions - b.sessions || b.concept.weight - a.concept.weight)
    .slice(0, PROBES_MAX)
    .map(({ concept }) => concept);
}

/** Collects what sources find, each stored text once, within the bounds of one search. */
class Reader implements Candidates {
  readonly candidates: Candidate[] = [];
  hasMore = false;
  readonly #search: Search;
  readonly #seen = new Set<string>();
  readonly #sessions = new Set<Id<"sessions">>();
  #documents = 0;

  constructor(search: Search) {
    this.#search = search;
  }

  /**
   * Reads a source for each group of words, the most telling group first. What is left of the share is
   * parted among the groups that are left, so that a later one is asked too.
   */
  async read(source: Source, groups: ReadonlyArray<readonly string[]>, share: Share) {
    let { rows, bytes } = share;
    for (const [i, words] of groups.entries()) {
      const left = groups.length - i;
      const upTo = this.#documents + Math.ceil((share.upTo - this.#documents) / left);
      const used = await this.#readGroup(source, words, { upTo, rows, bytes });
      rows -= used.rows;
      bytes -= used.bytes;
      if (rows <= 0 || bytes <= 0) break;
    }
  }

  async #readGroup(source: Source, words: readonly string[], share: Share) {
    const { filters, sessions } = this.#search;
    const { ctx, user } = sessions;
    const used = { rows: 0, bytes: 0 };
    const isFull = () =>
      used.rows >= share.rows || used.bytes >= share.bytes || this.#documents >= share.upTo;
    if (isFull()) {
      this.hasMore = true;
      return used;
    }
    for await (const hit of source({ ctx, userId: user._id, words: words.join(" "), filters })) {
      used.rows += 1;
      used.bytes += hit.bytes + (await this.#take(hit));
      if (!isFull()) continue;
      this.hasMore = true;
      break;
    }
    return used;
  }

  /** Takes a hit that passes the filters and was not read before; returns what its text took to read. */
  async #take(hit: Hit): Promise<number> {
    const { sessions, filters } = this.#search;
    if (hit.session === undefined) this.#documents += 1;
    else sessions.add(hit.session);
    if (this.#seen.has(hit.key)) return 0;
    this.#seen.add(hit.key);
    this.#countSession(hit.sessionId);
    if (asksAboutSessions(filters)) {
      const session = await sessions.get(hit.sessionId);
      if (session === null || !passes(session, filters)) return 0;
    }
    if (hit.roleOf && filters.role !== undefined) {
      this.#documents += 1;
      if (!(await isSaidBy(sessions.ctx, hit.roleOf, filters))) return 0;
    }
    const found = await hit.read();
    if (found === null) return 0;
    this.#documents += found.documents;
    this.candidates.push(found.candidate);
    return found.bytes;
  }

  /** A session's row is read once, with its first candidate or when sessions are ranked by title. */
  #countSession(id: Id<"sessions">): void {
    if (this.#sessions.has(id)) return;
    this.#sessions.add(id);
    this.#documents += 1;
  }
}
