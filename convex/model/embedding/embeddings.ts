import { v, type Infer } from "convex/values";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { vVector } from "../../fields";
import { EMBED_DELAY_MS, runLater, sessionText } from "./schedule";
import { readStretch } from "./staleRange";

/** What a run reads of a session, and what it leaves behind. When it runs: `embeddingSchedule.ts`. */

/** What a run needs to know of a session; null when it is gone. */
export async function readWork(ctx: QueryCtx, sessionId: Id<"sessions">) {
  const session = await ctx.db.get("sessions", sessionId);
  if (session === null) return null;
  const { staleRevision = 0, embeddedHash, updatedAt } = session;
  return {
    session: { staleRevision, embeddedHash, updatedAt, text: sessionText(session) },
    ...(await readStretch(ctx, session)),
  };
}

/** Vectors of one unit; `messages` say which content they were made of. */
const vUnit = v.object({
  messageId: v.id("messages"),
  orderKey: v.string(),
  textHash: v.string(),
  messages: v.array(v.object({ id: v.id("messages"), deliveryHash: v.string() })),
  chunks: v.array(v.object({ text: v.string(), embedding: vVector })),
});

/** What a run made of a session, or a part of it. */
export const vEmbedded = v.object({
  sessionId: v.id("sessions"),
  staleRevision: v.number(),
  units: v.array(vUnit),
  /** Order keys of messages that no unit starts with any more. */
  removed: v.array(v.string()),
  session: v.optional(v.object({ textHash: v.string(), embedding: vVector })),
  /**
   * Set by the last part: from where the range is still stale, and when another run shall go on
   * there; without a time the same run does.
   */
  end: v.optional(
    v.object({ rest: v.union(v.string(), v.null()), delayMs: v.optional(v.number()) }),
  ),
});
export type Embedded = Infer<typeof vEmbedded>;

/**
 * Stores vectors of what is still as it was read; a session deleted meanwhile takes none, and a unit
 * that another run stored meanwhile is left as it is. True if the run has more to do for this session.
 * The messages are not read again, nor written; the session is written once.
 */
export async function store(ctx: MutationCtx, embedded: Embedded, now: number): Promise<boolean> {
  const session = await ctx.db.get("sessions", embedded.sessionId);
  if (session === null) return false;
  const isUnchanged = (session.staleRevision ?? 0) === embedded.staleRevision;
  for (const unit of embedded.units) {
    if (isUnchanged || (await isCurrent(ctx, unit.messages))) await storeUnit(ctx, session, unit);
  }
  for (const orderKey of embedded.removed) {
    await removeUnit(ctx, { sessionId: session._id, orderKey });
  }
  const fields: SessionFields = {};
  if (embedded.session) Object.assign(fields, await storeSession(ctx, session, embedded.session));
  let goesOn = false;
  if (embedded.end) {
    const finished = await finish(ctx, session, embedded.end, isUnchanged, now);
    Object.assign(fields, finished.fields);
    goesOn = finished.goesOn;
  }
  if (Object.keys(fields).length > 0) await ctx.db.patch("sessions", session._id, fields);
  return goesOn;
}

/** What a run writes into the session's row. */
type SessionFields = Partial<
  Pick<Doc<"sessions">, "embeddedHash" | "embeddingId" | "staleFrom" | "staleTo" | "embedDueAt">
>;

async function isCurrent(ctx: QueryCtx, messages: Infer<typeof vUnit>["messages"]) {
  for (const { id, deliveryHash } of messages) {
    const message = await ctx.db.get("messages", id);
    if (message?.deliveryHash !== deliveryHash) return false;
  }
  return true;
}

async function storeUnit(ctx: MutationCtx, session: Doc<"sessions">, unit: Infer<typeof vUnit>) {
  const { messageId, orderKey, textHash } = unit;
  const { userId, _id: sessionId } = session;
  const at = { sessionId, orderKey };
  const stored = await passagesOf(ctx, at).first();
  if (stored?.textHash === textHash) return;
  if (stored) await removeUnit(ctx, at);
  const ids = { userId, sessionId, messageId };
  for (const [chunk, { text, embedding }] of unit.chunks.entries()) {
    const embeddingId = await ctx.db.insert("messageEmbeddings", { ...ids, embedding });
    const passage = { ...ids, orderKey, chunk, text, textHash, embeddingId };
    await ctx.db.insert("passages", passage);
  }
}

/** Bounded by what is embedded of one unit: some 30 passages. */
async function removeUnit(ctx: MutationCtx, unit: UnitPlace) {
  for await (const { _id, embeddingId } of passagesOf(ctx, unit)) {
    await ctx.db.delete("messageEmbeddings", embeddingId);
    await ctx.db.delete("passages", _id);
  }
}

/** Where a unit is: the order key of its first message is its own within the session. */
type UnitPlace = { sessionId: Id<"sessions">; orderKey: string };

function passagesOf(ctx: QueryCtx, { sessionId, orderKey }: UnitPlace) {
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

/** What changed meanwhile stays stale, whole: units that were stored are recognised by their hash. */
async function finish(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  { rest, delayMs }: NonNullable<Embedded["end"]>,
  isUnchanged: boolean,
  now: number,
): Promise<{ fields: SessionFields; goesOn: boolean }> {
  const staleFrom = isUnchanged ? (rest ?? undefined) : session.staleFrom;
  const fields: SessionFields = { staleFrom, staleTo: session.staleTo, embedDueAt: now };
  const isDone = staleFrom === undefined;
  const goesOn = !isDone && rest !== null && delayMs === undefined;
  if (isDone) Object.assign(fields, { staleTo: undefined, embedDueAt: undefined });
  else if (!goesOn) {
    const delay = (isUnchanged ? delayMs : undefined) ?? EMBED_DELAY_MS;
    fields.embedDueAt = await runLater(ctx, [session._id], now, delay);
  }
  return { fields, goesOn };
}
