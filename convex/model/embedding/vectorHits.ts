import type { Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import type { User } from "../accounts/user";

/**
 * What hits of vector search stand for, found without reading a vector. Null for what was deleted or
 * embedded anew since the search, and for what is another user's (there is none: the index filters).
 */

/** The passage of a message whose vector this is. */
export async function findPassage(ctx: QueryCtx, user: User, id: Id<"messageEmbeddings">) {
  const passage = await ctx.db
    .query("passages")
    .withIndex("by_embedding", (q) => q.eq("embeddingId", id))
    .unique();
  return passage?.userId === user._id ? passage : null;
}

/** The session whose own vector this is. */
export async function findSession(ctx: QueryCtx, user: User, id: Id<"sessionEmbeddings">) {
  const session = await ctx.db
    .query("sessions")
    .withIndex("by_embedding", (q) => q.eq("embeddingId", id))
    .unique();
  return session?.userId === user._id ? session : null;
}
