import { type Infer, v } from "convex/values";
import type { Id } from "../../_generated/dataModel";
import type { QueryCtx } from "../../_generated/server";
import type { User } from "../accounts/user";

/**
 * Resolves hits of vector search without reading a vector. Null if the text was deleted or embedded again
 * since the search, or belongs to another user (the index filter already excludes those).
 */

const vHit = <Table extends "sessionEmbeddings" | "messageEmbeddings">(table: Table) =>
  v.object({ _id: v.id(table), _score: v.number() });

/** Related rows of both vector indexes with their cosine similarity, nearest first. */
export const vVectorHits = v.object({
  sessions: v.array(vHit("sessionEmbeddings")),
  messages: v.array(vHit("messageEmbeddings")),
});
export type VectorHits = Infer<typeof vVectorHits>;

/** Returns the passage of this vector. */
export async function findPassage(ctx: QueryCtx, user: User, id: Id<"messageEmbeddings">) {
  const passage = await ctx.db
    .query("passages")
    .withIndex("by_embedding", (q) => q.eq("embeddingId", id))
    .unique();
  return passage?.userId === user._id ? passage : null;
}

/** Returns the session of this vector. */
export async function findSession(ctx: QueryCtx, user: User, id: Id<"sessionEmbeddings">) {
  const session = await ctx.db
    .query("sessions")
    .withIndex("by_embedding", (q) => q.eq("embeddingId", id))
    .unique();
  return session?.userId === user._id ? session : null;
}
