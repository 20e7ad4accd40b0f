import type { Doc, Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { summarizeMatches, type Matcher } from "../../lib/search/matching";
import type { Concept } from "../../lib/search/query";
import { readingFor } from "../../lib/search/readings";
import type { ReadBudget } from "../readBudget";
import { shownTitle } from "../sessions/sessions";
import { filtersSessions, type Filters, hasRole, matchesSessionFilter } from "./filters";
import {
  type Candidate,
  type Hit,
  messageSource,
  partSource,
  searchTextSource,
  sessionSource,
  type Source,
} from "./sources";

/** Reads the candidates of a full-text search. They do not depend on how many results are requested. */

/**
 * Read budget of each source. One search reads at most 104 documents: every candidate, and the session of
 * each candidate, because its title affects the order. Sources are read in this order, each until the
 * total of documents reaches `upTo`, so later sources use what earlier ones leave. `bytes` bounds each
 * source separately and may be exceeded by one row of 16 kB.
 */
const SOURCE_BUDGETS: ReadonlyArray<{ source: Source; upTo: number; bytes: number }> = [
  { source: sessionSource, upTo: 50, bytes: 80_000 },
  { source: messageSource, upTo: 86, bytes: 112_000 },
  { source: partSource, upTo: 94, bytes: 48_000 },
  { source: searchTextSource, upTo: 100, bytes: 24_000 },
];
/** Up to two words that few candidates contain are searched on their own, three rows of each source. */
const RARE_WORD_BUDGET = { upTo: 104, rows: 3, bytes: 24_000 };
const RARE_WORDS_MAX = 2;
/** A word that this many candidate sessions contain needs no search of its own. */
const COMMON_WORD_SESSIONS = 3;

/** What a source may still read. `upTo` limits the documents that the whole search has read by then. */
type SourceBudget = ReadBudget & { upTo: number };

/** Caches sessions of one user, so that each is read once; null for sessions that do not exist. */
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

  /** Counts sessions that match the filters. Returns `limit` if the user has at least that many sessions. */
  async countMatching(limit: number, filters: Filters): Promise<number> {
    const first = await this.ctx.db
      .query("sessions")
      .withIndex("by_user", (q) => q.eq("userId", this.user._id))
      .take(limit);
    for (const session of first) this.add(session);
    if (first.length === limit) return limit;
    return first.filter((session) => matchesSessionFilter(session, filters)).length;
  }

  /** Returns a session that was read before; undefined if it was not. */
  cached(id: Id<"sessions">): Doc<"sessions"> | null | undefined {
    return this.#known.get(id);
  }
}

/** Adds the session's title and project to a message candidate; a session candidate's text has them already. */
export function withSession(candidate: Candidate, session: Doc<"sessions">): Candidate {
  if (candidate.messageId === undefined) return candidate;
  return { ...candidate, title: shownTitle(session), project: session.projectName };
}

/** A prepared query, its filters, and the sessions of the user who searches. */
export type Search = { matcher: Matcher; filters: Filters; sessions: Sessions };

/** Candidates, and whether an index may have more that were not read. */
export type Candidates = { candidates: Candidate[]; hasMore: boolean };

/**
 * Searches each source for all words of the query, then, if an index has more than was read, for its rarest
 * words on their own.
 */
export async function readCandidates(search: Search): Promise<Candidates> {
  const reader = new CandidateReader(search);
  const { groups } = search.matcher.query;
  for (const { source, upTo, bytes } of SOURCE_BUDGETS) {
    await reader.read(source, groups, { upTo, bytes, rows: Infinity });
  }
  if (!reader.hasMore) return reader;
  for (const { indexTerms } of rarest(search.matcher, reader.candidates)) {
    for (const source of [messageSource, partSource])
      await reader.read(source, [indexTerms], { ...RARE_WORD_BUDGET });
  }
  return reader;
}

/** The words of the query that the fewest candidate sessions contain; none if the query has one word. */
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
    .filter(({ concept, sessions }) => concept.weight > 0.1 && sessions < COMMON_WORD_SESSIONS)
    .sort((a, b) => a.sessions - b.sessions || b.concept.weight - a.concept.weight)
    .slice(0, RARE_WORDS_MAX)
    .map(({ concept }) => concept);
}

/** Collects candidates from the sources, each stored text once, within the read budget of one search. */
class CandidateReader implements Candidates {
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
   * Searches a source for each group of words, the most informative group first. Divides the remaining
   * budget among the groups, so that later groups are searched too, and what they leave among those that
   * have more.
   */
  async read(source: Source, groups: ReadonlyArray<readonly string[]>, budget: SourceBudget) {
    const { filters, sessions } = this.#search;
    const { ctx, user } = sessions;
    let { rows, bytes } = budget;
    let waiting = groups.map((words) =>
      source({ ctx, userId: user._id, words: words.join(" "), filters })[Symbol.asyncIterator](),
    );
    for (let isReading = true; isReading && waiting.length > 0;) {
      isReading = false;
      const unfinished: typeof waiting = [];
      for (const [i, hits] of waiting.entries()) {
        const share = Math.ceil((budget.upTo - this.#documents) / (waiting.length - i));
        const used = await this.#readShare(hits, { upTo: this.#documents + share, rows, bytes });
        rows -= used.rows;
        bytes -= used.bytes;
        isReading ||= used.rows > 0;
        if (!used.isEnd) unfinished.push(hits);
      }
      waiting = unfinished;
    }
    if (waiting.length > 0) this.hasMore = true;
    for (const hits of waiting) await hits.return?.();
  }

  /** Reads hits until they end or the share of the budget is used up. */
  async #readShare(hits: AsyncIterator<Hit>, share: SourceBudget) {
    const used = { rows: 0, bytes: 0, isEnd: false };
    const isFull = () =>
      used.rows >= share.rows || used.bytes >= share.bytes || this.#documents >= share.upTo;
    while (!isFull()) {
      const next = await hits.next();
      if (next.done === true) return { ...used, isEnd: true };
      used.rows += 1;
      used.bytes += next.value.bytes + (await this.#take(next.value));
    }
    return used;
  }

  /** Adds a hit as a candidate if it is new and matches the filters; returns the bytes read for its text. */
  async #take(hit: Hit): Promise<number> {
    const { matcher, sessions, filters } = this.#search;
    if (hit.session === undefined) this.#documents += 1;
    else sessions.add(hit.session);
    if (this.#seen.has(hit.key)) return 0;
    this.#seen.add(hit.key);
    this.#countSession(hit.sessionId);
    if (filtersSessions(filters)) {
      const session = await sessions.get(hit.sessionId);
      if (session === null || !matchesSessionFilter(session, filters)) return 0;
    }
    if (hit.roleOf && filters.role !== undefined) {
      this.#documents += 1;
      if (!(await hasRole(sessions.ctx, hit.roleOf, filters))) return 0;
    }
    const read = await hit.read();
    if (read === null) return 0;
    this.#documents += read.documents;
    const { candidate } = read;
    this.candidates.push({ ...candidate, text: readingFor(matcher, candidate.text) });
    return read.bytes;
  }

  /** Counts the session's document once: it is read with its first candidate, or when sessions are ranked by title. */
  #countSession(id: Id<"sessions">): void {
    if (this.#sessions.has(id)) return;
    this.#sessions.add(id);
    this.#documents += 1;
  }
}
