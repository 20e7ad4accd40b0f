import type { Id } from "../../_generated/dataModel";
import { shownSearchableText } from "../../lib/search/sessionText";
import { findPassage, findSession, type VectorHits } from "../embedding/vectorHits";
import type { Sessions } from "./candidates";
import type { Filters } from "./filters";
import type { Candidate } from "./sources";

/** The text behind a vector hit: a passage of a session or, without a message, the session's own text. */
export type VectorMatch = Pick<Candidate, "sessionId" | "messageId" | "text">;

/** The hits of both vector indexes, nearest first; each is read when it is needed, null if it is gone. */
export function nearestFirst(
  sessions: Sessions,
  hits: VectorHits,
  { role }: Filters,
): { score: number; read: () => Promise<VectorMatch | null> }[] {
  const { ctx, user } = sessions;
  const ofMessages = hits.messages.map(({ _id, _score }) => ({
    score: _score,
    read: (): Promise<VectorMatch | null> => findPassage(ctx, user, _id),
  }));
  // A session's title has no role.
  const ofSessions = role !== undefined ? [] : hits.sessions;
  return ofSessions
    .map(({ _id, _score }) => ({ score: _score, read: () => readSessionHit(sessions, _id) }))
    .concat(ofMessages)
    .sort((a, b) => b.score - a.score);
}

async function readSessionHit(
  sessions: Sessions,
  id: Id<"sessionEmbeddings">,
): Promise<VectorMatch | null> {
  const session = await findSession(sessions.ctx, sessions.user, id);
  if (session === null) return null;
  sessions.add(session);
  return { sessionId: session._id, text: shownSearchableText(session) };
}
