import { withoutSystemFields } from "convex-helpers";
import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { fold } from "../../lib/sync/sessionTotals";
import { sessionCounts } from "../../lib/secrets/counts";
import { maskText } from "../../lib/secrets/scan";
import { contributionOf } from "../../lib/stats/ledger";
import { cutBytes, oneLine, prefixBytes } from "../../lib/text";
import { schedule as scheduleEmbedding } from "../embedding/schedule";
import { applyToLedger } from "../stats/ledger";
import { REFRESH_LOST_AFTER_MS } from "./refreshSchedule";
import { mergeSource } from "../sessions/merge";

/** Messages folded by one run: at most 17 kB each, 5 MB together. */
const FOLD_MAX = 300;
/** First prompts that make a session findable by its own row; the rest is found through messages. */
const PROMPTS_SEARCHED = 3;
const PROMPT_MAX_BYTES = 200;
/** `searchableText` is read with every row of every list, so it is a taste, not the conversation. */
const SEARCHABLE_TEXT_MAX_BYTES = 600;
const PROMPT_TITLE_MAX_BYTES = 100;

/**
 * Brings a session up to date with its messages: counts, sums, search text, the ledger of days. Runs
 * once after a burst. Every message mutation reads the session row that this one writes, so Convex
 * lets no message slip between the cursor (`foldedThrough`) and the next run.
 */
export async function refresh(
  ctx: MutationCtx,
  sessionId: Id<"sessions">,
  now: number,
): Promise<void> {
  const session = await ctx.db.get("sessions", sessionId);
  if (session === null) return;
  const fresh = await freshMessages(ctx, session);
  const rewritten = await rewrittenMessages(ctx, sessionId);
  const source = sourceOf(session, [...fresh, ...rewritten]);
  const secrets = sessionCounts(session.secrets, fresh, rewritten);
  const folded = { ...fold(session, fresh, rewritten), ...source, secrets };
  const searched = { ...folded, ...(await searchFields(ctx, folded, [...fresh, ...rewritten])) };
  const ledger = await applyToLedger(ctx, session.userId, session.ledger, contributionOf(searched));
  const more = fresh.length === FOLD_MAX || rewritten.length === FOLD_MAX;
  await ctx.db.replace("sessions", sessionId, {
    ...withoutSystemFields(searched),
    ...(await scheduleEmbedding(ctx, session, searched, now)),
    ledger,
    refreshDueAt: more ? now : undefined,
  });
  for (const message of rewritten) {
    const settled = { rewrittenAt: undefined, folded: undefined, foldedSecrets: undefined };
    await ctx.db.patch("messages", message._id, settled);
  }
  if (more) await ctx.scheduler.runAfter(0, internal.sessions.refresh, { sessionId });
}

async function freshMessages(ctx: QueryCtx, session: Doc<"sessions">) {
  return await ctx.db
    .query("messages")
    .withIndex("by_session", (q) =>
      q.eq("sessionId", session._id).gt("_creationTime", session.foldedThrough),
    )
    .take(FOLD_MAX);
}

async function rewrittenMessages(ctx: QueryCtx, sessionId: Id<"sessions">) {
  return await ctx.db
    .query("messages")
    .withIndex("by_session_and_rewritten_at", (q) =>
      q.eq("sessionId", sessionId).gt("rewrittenAt", 0),
    )
    .take(FOLD_MAX);
}

/** What the first of these messages that names a source says, where the session has none but the default. */
function sourceOf(session: Doc<"sessions">, changed: readonly Doc<"messages">[]) {
  if (session.sourceIsExplicit) return {};
  const naming = changed.filter(({ source }) => source !== undefined);
  const [first] = naming.sort((a, b) => (a.orderKey < b.orderKey ? -1 : 1));
  return mergeSource(session, first?.source);
}

/** Search text and the title from the first prompt; read again only when one of them may differ. */
async function searchFields(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  changed: readonly Doc<"messages">[],
) {
  const header = searchHeader(session);
  const known = session.searchableText?.startsWith(header) === true;
  if (known && !changed.some((message) => mayBePrompt(session, message))) return {};
  const prompts = await ctx.db
    .query("messages")
    .withIndex("by_session_and_role_and_order_key", (q) =>
      q.eq("sessionId", session._id).eq("role", "user"),
    )
    .take(PROMPTS_SEARCHED);
  // Masked before they are cut: the beginning of a secret is not found as one, and titles are shared.
  const texts = prompts.map((prompt) =>
    oneLine(prefixBytes(maskText(prefixBytes(prompt.textContent ?? "", 2_000)), 1_000)),
  );
  const lines = texts.map((text) => prefixBytes(text, PROMPT_MAX_BYTES));
  const first = texts.find((text) => text !== "");
  const last = prompts[PROMPTS_SEARCHED - 1];
  return {
    searchableText: prefixBytes(header + lines.join("\n"), SEARCHABLE_TEXT_MAX_BYTES),
    promptTitle: first === undefined ? undefined : cutBytes(first, PROMPT_TITLE_MAX_BYTES),
    promptsThrough: last?.orderKey,
  };
}

function searchHeader({ title, projectName }: Doc<"sessions">): string {
  const lines = [title, projectName].map((text) => prefixBytes(oneLine(text ?? ""), 200));
  return `${lines.join("\n")}\n`;
}

/** Whether the message may be one of the prompts that the search text holds. */
function mayBePrompt(session: Doc<"sessions">, message: Doc<"messages">): boolean {
  const { promptsThrough } = session;
  if (promptsThrough === undefined) return message.role === "user";
  return message.orderKey <= promptsThrough;
}

/** Sessions that one sweep starts again. */
const SWEEP_MAX = 100;

/** Starts refreshes again that were due and did not run; what is beyond `SWEEP_MAX`, the next time. */
export async function sweep(ctx: MutationCtx, now: number): Promise<void> {
  const lost = await ctx.db
    .query("sessions")
    .withIndex("by_refresh_due_at", (q) =>
      q.gt("refreshDueAt", 0).lt("refreshDueAt", now - REFRESH_LOST_AFTER_MS),
    )
    .take(SWEEP_MAX);
  for (const { _id: sessionId } of lost) {
    await ctx.db.patch("sessions", sessionId, { refreshDueAt: now });
    await ctx.scheduler.runAfter(0, internal.sessions.refresh, { sessionId });
  }
}
