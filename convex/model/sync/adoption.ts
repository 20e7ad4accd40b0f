import { internal } from "../../_generated/api";
import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { secretsOf } from "../../lib/secrets/delivery";
import { joinRows, unpackParts, type WholePart } from "../../lib/sessions/partRows";
import { toolUseOf } from "../../lib/stats/tools";
import { deduct, hasRoom, spend, type ReadBudget } from "../readBudget";
import { firstRows } from "../sessions/parts";
import { removeVersion1Row, resetCounts } from "../stats/version1";
import { append as appendChanges, changeOf, nextGeneration, type StoredChange } from "./changes";

/** Counts the sessions of version 1 again, message by message, in bounded steps of their refresh. */

/**
 * Resets what version 1 counted of a session, so that `adoptMessages` counts it again message by message.
 * Statistics keep the old counts until this step, and are complete again seconds later.
 */
export async function recount(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  now: number,
): Promise<void> {
  const { _id: sessionId } = session;
  await removeVersion1Row(ctx, session);
  // Discards waiting changes, because all messages are counted again.
  const changesGeneration = nextGeneration(session);
  const fields = { ...resetCounts(session), changesGeneration, refreshDueAt: now };
  await ctx.db.patch("sessions", sessionId, fields);
  await ctx.scheduler.runAfter(0, internal.sessions.refresh, { sessionId });
}

/** Messages and bytes that one step reads. Looking for secrets takes most of its second. */
const ADOPT_BUDGET = { rows: 300, bytes: 2 * 1024 * 1024 };

/** The beginning of a message's parts in which secrets and tools are counted. */
const EXAMINED_BUDGET = { rows: 1_000, bytes: 1024 * 1024 };

/**
 * Records a change for every message of a version 1 session, in bounded steps. The refresh after the last
 * step counts them.
 */
export async function adoptMessages(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  now: number,
): Promise<void> {
  const { _id: sessionId, adoptedThrough = "" } = session;
  const messages = ctx.db
    .query("messages")
    .withIndex("by_session", (q) => q.eq("sessionId", sessionId).gt("orderKey", adoptedThrough));
  const budget = { ...ADOPT_BUDGET };
  const changes: StoredChange[] = [];
  let last = adoptedThrough;
  for await (const message of messages) {
    spend(budget, message);
    changes.push(await adopt(ctx, message, budget));
    last = message.orderKey;
    if (!hasRoom(budget)) break;
  }
  await appendChanges(ctx, session, changes);
  const progress = hasRoom(budget)
    ? { foldedThrough: undefined, adoptedThrough: undefined }
    : { adoptedThrough: last };
  await ctx.db.patch("sessions", sessionId, { ...progress, refreshDueAt: now });
  await ctx.scheduler.runAfter(0, internal.sessions.refresh, { sessionId });
}

/** Removes version 1's fields of a message, counts its secrets and tools, and returns the change to count. */
async function adopt(
  ctx: MutationCtx,
  message: Doc<"messages">,
  budget: ReadBudget,
): Promise<StoredChange> {
  const { _id, rewrittenAt } = message;
  const { text, parts } = await storedContent(ctx, message, budget);
  const secrets = message.secrets ?? secretsOf(text, parts);
  const tools = message.tools ?? toolUseOf(parts);
  const isChanged = secrets !== message.secrets || tools !== message.tools;
  if (rewrittenAt !== undefined || isChanged) {
    const cleared = { rewrittenAt: undefined, folded: undefined, foldedSecrets: undefined };
    await ctx.db.patch("messages", _id, { ...cleared, secrets, tools });
  }
  const changedAt = Math.floor(rewrittenAt ?? message._creationTime);
  return { ...changeOf({ ...message, secrets, tools }), changedAt };
}

/**
 * The content of a stored message, in which earlier versions did not look for secrets or tools. Parts
 * beyond `EXAMINED_BUDGET` are left out.
 */
export async function storedContent(
  ctx: QueryCtx,
  message: Doc<"messages">,
  budget: ReadBudget,
): Promise<{ text: string; parts: WholePart[] }> {
  const examined = { ...EXAMINED_BUDGET };
  const rows = await firstRows(ctx, message, examined);
  deduct(budget, {
    rows: EXAMINED_BUDGET.rows - examined.rows,
    bytes: EXAMINED_BUDGET.bytes - examined.bytes,
  });
  const { text, parts } = joinRows(rows, message.textContent);
  return { text, parts: unpackParts(parts) };
}
