import { withoutSystemFields } from "convex-helpers";
import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { applyChanges } from "../../lib/sync/sessionTotals";
import { sessionCounts } from "../../lib/secrets/counts";
import { maskText } from "../../lib/secrets/scan";
import { indexOnlyText } from "../../lib/search/sessionText";
import { isContinueRequest, isTitle } from "../../lib/sessions/injectedText";
import { defined } from "../../lib/record";
import { cutBytes, oneLine, prefixBytes } from "../../lib/text";
import { schedule as scheduleEmbedding } from "../embedding/schedule";
import { linkCalls } from "../stats/callLinks";
import { type FirstClaim, WaitingChanges } from "../stats/usageClaims";
import { isOfVersion1 } from "../stats/version1";
import { adoptMessages, recount } from "./adoption";
import { book, count, type CountedChange } from "./counting";
import { REFRESH_LOST_AFTER_MS } from "./refreshSchedule";
import { mergeSource } from "../sessions/merge";
import { firstPrompts, promptOf } from "../sessions/prompts";
import { hasChanges, type MessageChange, take as takeChanges } from "./changes";

/** Changes that one refresh counts. */
const CHANGES_MAX = 1_000;
/** Prompts in the session's own search text; later ones are found through their messages. */
const PROMPTS_SEARCHED = 3;
const PROMPT_MAX_BYTES = 200;
/** Every list reads `searchableText` with the session's row, so it is short. */
const SEARCHABLE_TEXT_MAX_BYTES = 600;
const PROMPT_TITLE_MAX_BYTES = 100;

/**
 * Brings a session up to date with its messages: counts, sums, search text and the ledger of days. Runs
 * once after a burst. Message mutations read the session row that the refresh writes, so Convex serialises
 * them, and no message is missed between two refreshes.
 */
export async function refresh(
  ctx: MutationCtx,
  sessionId: Id<"sessions">,
  now: number,
): Promise<void> {
  const stored = await ctx.db.get("sessions", sessionId);
  if (stored === null) return;
  if (isOfVersion1(stored)) {
    await recount(ctx, stored, now);
    return;
  }
  if (stored.foldedThrough !== undefined) {
    await adoptMessages(ctx, stored, now);
    return;
  }
  const taken = await takeChanges(ctx, stored, CHANGES_MAX);
  const { changes, changesGeneration, hasMore } = taken;
  // Counting a message may append a change of this session: it belongs to the next generation.
  const session = { ...stored, ...defined({ changesGeneration }) };
  const countedChanges: CountedChange[] = [];
  const firstClaims = new Map<string, FirstClaim>();
  const common = { session, waiting: new WaitingChanges(ctx), firstClaims };
  for (const [at, change] of changes.entries()) {
    const counting = { ...common, uncounted: () => changes.slice(at + 1) };
    countedChanges.push(await count(ctx, counting, change));
  }
  const secrets = sessionCounts(session.secrets, changes);
  const counted = countedChanges.map(({ change }) => change);
  const updated = { ...applyChanges(session, counted), ...sourceOf(session, changes), secrets };
  const withSearch = { ...updated, ...(await searchFields(ctx, updated, changes)) };
  const errors = await linkCalls(ctx, sessionId, changes);
  const { booked, more: hasDays } = await book(ctx, withSearch, countedChanges, errors);
  // Counting one message may add a change for another message of this session.
  const more = hasMore || hasDays || (await hasChanges(ctx, session));
  await ctx.db.replace("sessions", sessionId, {
    ...withoutSystemFields(withSearch),
    ...(await scheduleEmbedding(ctx, session, withSearch, now)),
    booked,
    // Without changes of messages, only what the owner does not see is derived again.
    ...(changes.length > 0 ? { changedAt: now } : {}),
    refreshDueAt: more ? now : undefined,
  });
  if (more) await ctx.scheduler.runAfter(0, internal.sessions.refresh, { sessionId });
}

/** The source of the first of these messages that has one, while the session has only the default. */
function sourceOf(session: Doc<"sessions">, changed: readonly MessageChange[]) {
  if (session.sourceIsExplicit) return {};
  const withSource = changed.filter(({ source }) => source !== undefined);
  const [first] = withSource.sort((a, b) => (a.orderKey < b.orderKey ? -1 : 1));
  return mergeSource(session, first?.source);
}

/** The search text, and the title from the first prompt. Reads messages only if one of them may have changed. */
async function searchFields(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  changed: readonly MessageChange[],
) {
  const header = searchHeader(session);
  const indexOnly = indexOnlyText(session);
  const { searchableText = "" } = session;
  const known = searchableText.startsWith(header) && searchableText.endsWith(indexOnly);
  if (known && !changed.some((message) => mayBePrompt(session, message))) return {};
  const prompts = await firstPrompts(ctx, session._id, PROMPTS_SEARCHED);
  // Masked before they are cut, because a cut secret is not recognised, and titles are shared.
  const texts = prompts.map((prompt) =>
    oneLine(prefixBytes(maskText(prefixBytes(promptOf(prompt), 2_000)), 1_000)),
  );
  const lines = texts.map((text) => prefixBytes(text, PROMPT_MAX_BYTES));
  const first = texts.find(isTitle) ?? texts.find((text) => !isContinueRequest(text));
  const last = prompts[PROMPTS_SEARCHED - 1];
  return {
    searchableText: prefixBytes(header + lines.join("\n"), SEARCHABLE_TEXT_MAX_BYTES) + indexOnly,
    promptTitle: first === undefined ? undefined : cutBytes(first, PROMPT_TITLE_MAX_BYTES),
    promptsThrough: last?.orderKey,
  };
}

function searchHeader({ title, projectName }: Doc<"sessions">): string {
  const lines = [title, projectName].map((text) => prefixBytes(oneLine(text ?? ""), 200));
  return `${lines.join("\n")}\n`;
}

/** Whether the message may be one of the prompts in the search text. */
function mayBePrompt(session: Doc<"sessions">, message: MessageChange): boolean {
  const { promptsThrough } = session;
  if (promptsThrough === undefined) return message.role === "user";
  return message.orderKey <= promptsThrough;
}

/** Sessions that one sweep schedules again. */
const SWEEP_MAX = 100;

/** Schedules lost refreshes again, at most `SWEEP_MAX`; the next sweep takes the others. */
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
