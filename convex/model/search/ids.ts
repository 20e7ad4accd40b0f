import type { Doc } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import { readable } from "../../lib/search/readable";
import { SHORT_COMMIT, shownSearchableText } from "../../lib/search/sessionText";
import { type Filters, matchesSessionFilter } from "./filters";
import type { Sessions } from "./candidates";
import type { Candidate } from "./sources";

/** Finds the sessions that an id names: ours, the plugin's, a message's, or a commit. */

/** A session with the text to show for it. */
export type IdMatch = {
  session: Doc<"sessions">;
  passage: Omit<Candidate, "sessionId" | "createdAt">;
};

/** An id is one word with a digit or a separator. Ordinary words are not looked up. */
const ID = /^(?=.*[\d:_-])[\w.:@/+=-]{6,200}$/;
const COMMIT = /^[0-9a-f]{7,64}$/i;

/** Messages read per id. Several can have the same id, because plugins number messages within each session. */
const SAME_ID_MAX = 20;
const SAME_COMMIT_MAX = 10;

/** The user's sessions that the query names, each once; none if it is not an id. */
export async function findByIds(
  sessions: Sessions,
  query: string,
  filters: Filters,
): Promise<IdMatch[]> {
  const id = query.trim();
  if (!ID.test(id) && !COMMIT.test(id)) return [];
  const { role, ...ofSession } = filters;
  const ofMessages = (await messagesWithId(sessions, id)).filter(
    (message) => role === undefined || message.role === role,
  );
  const found: IdMatch[] = [];
  for (const { _id: messageId, sessionId, textContent = "" } of ofMessages) {
    const session = await sessions.get(sessionId);
    if (session)
      found.push({ session, passage: { messageId, text: readable(textContent, false) } });
  }
  if (role === undefined) {
    for (const session of await sessionsWithId(sessions, id)) {
      sessions.add(session);
      found.push({ session, passage: { text: shownSearchableText(session) } });
    }
  }
  const matching = found.filter(({ session }) => matchesSessionFilter(session, ofSession));
  return [...new Map(matching.map((match) => [match.session._id, match])).values()];
}

async function messagesWithId({ ctx, user }: Sessions, id: string): Promise<Doc<"messages">[]> {
  const messageId = ctx.db.normalizeId("messages", id);
  const own = messageId === null ? null : await ctx.db.get("messages", messageId);
  const named = await ctx.db
    .query("messages")
    .withIndex("by_user_external", (q) => q.eq("userId", user._id).eq("externalId", id))
    .take(SAME_ID_MAX);
  return [own?.userId === user._id ? own : [], named].flat();
}

async function sessionsWithId({ ctx, user }: Sessions, id: string): Promise<Doc<"sessions">[]> {
  const sessionId = ctx.db.normalizeId("sessions", id);
  const own = sessionId === null ? null : await ctx.db.get("sessions", sessionId);
  const named = await ctx.db
    .query("sessions")
    .withIndex("by_user_external", (q) => q.eq("userId", user._id).eq("externalId", id))
    .unique();
  const all = [own ?? [], named ?? [], await sessionsOfCommit(ctx, user, id)].flat();
  return all.filter((session) => session.userId === user._id);
}

async function sessionsOfCommit(
  ctx: QueryCtx,
  user: Pick<Doc<"users">, "_id">,
  id: string,
): Promise<Doc<"sessions">[]> {
  if (!COMMIT.test(id)) return [];
  const commit = id.toLowerCase();
  const found = await ctx.db
    .query("sessions")
    .withSearchIndex("search_text", (q) =>
      q.search("searchableText", commit.slice(0, SHORT_COMMIT)).eq("userId", user._id),
    )
    .take(SAME_COMMIT_MAX);
  return found.filter(({ gitCommit }) => gitCommit?.toLowerCase().startsWith(commit) === true);
}
