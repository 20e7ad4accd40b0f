import { v, type Infer } from "convex/values";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { vVector } from "../../fields";
import { EMBED_DELAY_MS, scheduleJob, sessionText } from "./schedule";
import { readStaleMessages } from "./staleRange";

/** What an embedding job reads of a session, and what it stores. `schedule.ts` decides when it runs. */

/** Reads what a job needs of a session; null if the session was deleted. */
export async function readWork(ctx: QueryCtx, sessionId: Id<"sessions">) {
  const session = await ctx.db.get("sessions", sessionId);
  if (session === null) return null;
  const { staleRevision = 0, embeddedHash, updatedAt } = session;
  return {
    session: { staleRevision, embeddedHash, updatedAt, text: sessionText(session) },
    ...(await readStaleMessages(ctx, session)),
  };
}

/** Vectors of one turn. `messages` records the content they were made from. */
const vTurn = v.object({
  messageId: v.id("messages"),
  orderKey: v.string(),
  textHash: v.string(),
  messages: v.array(v.object({ id: v.id("messages"), deliveryHash: v.string() })),
  chunks: v.array(v.object({ text: v.string(), embedding: vVector })),
});

const vEnd = v.union(
  v.object({ kind: v.literal("nothing") }),
  v.object({ kind: v.literal("unread"), from: v.string() }),
  v.object({ kind: v.literal("growing"), from: v.string(), delayMs: v.number() }),
);

/** What a job made of a session, or one batch of it. */
export const vEmbedded = v.object({
  sessionId: v.id("sessions"),
  staleRevision: v.number(),
  turns: v.array(vTurn),
  /** Order keys of messages that no longer start a turn. */
  removed: v.array(v.string()),
  session: v.optional(v.object({ textHash: v.string(), embedding: vVector })),
  /** Set in the last batch: what is still stale (`Rest`), and when another job looks at a growing turn. */
  end: v.optional(vEnd),
});
export type Embedded = Infer<typeof vEmbedded>;

/**
 * Stores vectors of turns that have not changed since they were read. Stores nothing if the session was
 * deleted meanwhile, and keeps a turn that another job stored meanwhile. Returns true if the job has more
 * to embed in this session. Writes no message, and the session's row once; reads messages again only if
 * the session has changed.
 */
export async function store(ctx: MutationCtx, embedded: Embedded, now: number): Promise<boolean> {
  const session = await ctx.db.get("sessions", embedded.sessionId);
  if (session === null) return false;
  const isUnchanged = (session.staleRevision ?? 0) === embedded.staleRevision;
  for (const turn of embedded.turns) {
    if (isUnchanged || (await isCurrent(ctx, turn.messages))) await storeTurn(ctx, session, turn);
  }
  for (const orderKey of embedded.removed) {
    await removeTurn(ctx, { sessionId: session._id, orderKey });
  }
  const fields: SessionFields = {};
  if (embedded.session) Object.assign(fields, await storeSession(ctx, session, embedded.session));
  let hasMore = false;
  if (embedded.end) {
    const finished = await finish(ctx, session, embedded.end, isUnchanged, now);
    Object.assign(fields, finished.fields);
    hasMore = finished.hasMore;
  }
  if (Object.keys(fields).length > 0) await ctx.db.patch("sessions", session._id, fields);
  return hasMore;
}

/** Fields that a job writes to the session's row. */
type SessionFields = Partial<
  Pick<Doc<"sessions">, "embeddedHash" | "embeddingId" | "staleFrom" | "staleTo" | "embedDueAt">
>;

async function isCurrent(ctx: QueryCtx, messages: Infer<typeof vTurn>["messages"]) {
  for (const { id, deliveryHash } of messages) {
    const message = await ctx.db.get("messages", id);
    if (message?.deliveryHash !== deliveryHash) return false;
  }
  return true;
}

async function storeTurn(ctx: MutationCtx, session: Doc<"sessions">, turn: Infer<typeof vTurn>) {
  const { messageId, orderKey, textHash } = turn;
  const { userId, _id: sessionId } = session;
  const at = { sessionId, orderKey };
  const stored = await passagesOf(ctx, at).first();
  if (stored?.textHash === textHash) return;
  if (stored) await removeTurn(ctx, at);
  const ids = { userId, sessionId, messageId };
  for (const [chunk, { text, embedding }] of turn.chunks.entries()) {
    const embeddingId = await ctx.db.insert("messageEmbeddings", { ...ids, embedding });
    const passage = { ...ids, orderKey, chunk, text, textHash, embeddingId };
    await ctx.db.insert("passages", passage);
  }
}

/** Removes a turn's passages and vectors; a turn has about 30 at most. */
async function removeTurn(ctx: MutationCtx, turn: TurnKey) {
  for await (const { _id, embeddingId } of passagesOf(ctx, turn)) {
    await ctx.db.delete("messageEmbeddings", embeddingId);
    await ctx.db.delete("passages", _id);
  }
}

/** Identifies a turn: the order key of its first message is unique within the session. */
type TurnKey = { sessionId: Id<"sessions">; orderKey: string };

function passagesOf(ctx: QueryCtx, { sessionId, orderKey }: TurnKey) {
  return ctx.db
    .query("passages")
    .withIndex("by_session_and_order_key", (q) =>
      q.eq("sessionId", sessionId).eq("orderKey", orderKey),
    );
}

async function storeSession(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  { textHash, embedding }: NonNullable<Embedded["session"]>,
): Promise<SessionFields> {
  const { _id: sessionId, userId } = session;
  if (session.embeddingId) await ctx.db.delete("sessionEmbeddings", session.embeddingId);
  const row = { userId, sessionId, embedding, textHash };
  return {
    embeddedHash: textHash,
    embeddingId: await ctx.db.insert("sessionEmbeddings", row),
  };
}

/**
 * Updates the stale range after the last batch. If the session changed meanwhile, the whole range stays
 * stale; turns already stored are recognised by their hash.
 */
async function finish(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  end: Infer<typeof vEnd>,
  isUnchanged: boolean,
  now: number,
): Promise<{ fields: SessionFields; hasMore: boolean }> {
  const rest = end.kind === "nothing" ? undefined : end.from;
  const staleFrom = isUnchanged ? rest : session.staleFrom;
  const fields: SessionFields = { staleFrom, staleTo: session.staleTo, embedDueAt: now };
  const isDone = staleFrom === undefined;
  const hasMore = !isDone && end.kind === "unread";
  if (isDone) Object.assign(fields, { staleTo: undefined, embedDueAt: undefined });
  else if (!hasMore) {
    const delay = isUnchanged && end.kind === "growing" ? end.delayMs : EMBED_DELAY_MS;
    fields.embedDueAt = await scheduleJob(ctx, [session._id], now, delay);
  }
  return { fields, hasMore };
}
