import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import { env, type MutationCtx } from "../../_generated/server";
import { DAY_MS } from "../../lib/time";
import { shownTitle } from "../sessions/sessions";

/**
 * When vectors are made. A session's row says what has changed since it was last embedded (`staleFrom`
 * … `staleTo`); a run (`embed:sessions`) reads that stretch, embeds what is new and stores it.
 * `embedDueAt` is set while a run is coming, so that a session has one at a time.
 */

/** A burst is over by then; what a hook sends comes within a second or two. */
export const EMBED_DELAY_MS = 5_000;
/** After this much silence the last run of a conversation counts as complete. */
export const RUN_QUIET_MS = 30_000;
/** A run this late did not happen: an action is never tried twice by itself, and deployments restart. */
const RUN_LOST_AFTER_MS = 15 * 60_000;
/** Retries after a passing problem: 30 s, 2 min, 8 min, 32 min; then the daily sweep. */
const RETRY_FIRST_MS = 30_000;
const RETRY_FACTOR = 4;
const RETRIES_MAX = 4;
const RETRY_LAST_MS = 3_600_000;
/** Nothing is scheduled, and the daily sweep finds the session. */
const GIVEN_UP_MS = DAY_MS / 2;

/** Between the steps of a sweep or back-fill, so that the runs of one are under way before the next. */
export const STEP_DELAY_MS = 30_000;

/** What to tell whoever asks for embeddings on a deployment that makes none. */
export const NOT_CONFIGURED =
  "Semantic search needs embeddings: set OPENAI_API_KEY (npx convex env set OPENAI_API_KEY …), then run npx convex run embeddings:backfill";

/** Without a key nothing is scheduled; what changed is still recorded, for a later back-fill. */
export function isConfigured(): boolean {
  return (env.OPENAI_API_KEY ?? "").trim() !== "";
}

/**
 * Called by the refresh with the session before and after: the fields to store with it. Schedules a
 * run when something to embed has changed and none is coming.
 */
export async function schedule(
  ctx: MutationCtx,
  before: Doc<"sessions">,
  after: Doc<"sessions">,
  now: number,
): Promise<Pick<Doc<"sessions">, "staleRevision" | "embedDueAt">> {
  const { staleRevision = 0, embedDueAt } = after;
  // A new title was stored before the refresh, but it is the refresh that puts it into the search text.
  const hasNewText = before.searchableText !== after.searchableText;
  if (after.staleFrom === undefined && !hasNewText)
    return { staleRevision: after.staleRevision, embedDueAt };
  if (isComing(after, now) || !isConfigured())
    return { staleRevision: staleRevision + 1, embedDueAt };
  return {
    staleRevision: staleRevision + 1,
    embedDueAt: await runLater(ctx, [after._id], now, EMBED_DELAY_MS),
  };
}

/** What the vector of a session stands for. Stable from the first prompt on, unlike a digest. */
export function sessionText(session: Doc<"sessions">): string {
  const { projectName, promptTitle } = session;
  const lines = [shownTitle(session), projectName, promptTitle].map((line) => line?.trim() ?? "");
  return lines.filter((line, i) => line !== "" && lines.indexOf(line) === i).join("\n");
}

/** A run will take up the session by itself: one is scheduled and neither lost nor given up. */
function isComing({ embedDueAt }: Doc<"sessions">, now: number): boolean {
  if (embedDueAt === undefined) return false;
  return embedDueAt + RUN_LOST_AFTER_MS > now && embedDueAt <= now + RETRY_LAST_MS;
}

/** Schedules a run for sessions; the time at which it is due. */
export async function runLater(
  ctx: MutationCtx,
  sessionIds: Id<"sessions">[],
  now: number,
  delay: number,
  failures = 0,
): Promise<number> {
  await ctx.scheduler.runAfter(delay, internal.embed.sessions, { sessionIds, failures });
  return now + delay;
}

/**
 * After a failure: tries again later, longer each time and never before the provider said; what will
 * not pass by itself, or did not pass, waits for the daily sweep.
 */
export async function postpone(
  ctx: MutationCtx,
  sessionIds: Id<"sessions">[],
  failure: { failures: number; isPermanent: boolean; retryAfterMs?: number },
  now: number,
): Promise<void> {
  const { failures, isPermanent, retryAfterMs = 0 } = failure;
  const stored: Id<"sessions">[] = [];
  const givesUp = isPermanent || failures > RETRIES_MAX;
  const backOff = RETRY_FIRST_MS * RETRY_FACTOR ** (failures - 1);
  const wait = Math.max(Math.min(retryAfterMs, RETRY_LAST_MS), backOff);
  for (const sessionId of sessionIds) {
    if ((await ctx.db.get("sessions", sessionId)) === null) continue;
    await ctx.db.patch("sessions", sessionId, { embedDueAt: now + (givesUp ? GIVEN_UP_MS : wait) });
    stored.push(sessionId);
  }
  if (!givesUp && stored.length > 0) await runLater(ctx, stored, now, wait, failures);
}

/** Sessions that one sweep starts again, and that share requests. */
const SWEEP_MAX = 100;
export const SESSIONS_PER_RUN = 20;

/** Starts runs again that were due and did not happen; true if there may be more. */
export async function sweep(ctx: MutationCtx, now: number): Promise<boolean> {
  if (!isConfigured()) return false;
  const lost = await ctx.db
    .query("sessions")
    .withIndex("by_embed_due_at", (q) =>
      q.gt("embedDueAt", 0).lt("embedDueAt", now - RUN_LOST_AFTER_MS),
    )
    .take(SWEEP_MAX);
  const sessionIds = lost.map((session) => session._id);
  await startRuns(ctx, sessionIds, now);
  return lost.length === SWEEP_MAX;
}

/** Starts runs of several sessions each, which share requests; a little apart, as providers count. */
async function startRuns(ctx: MutationCtx, sessionIds: Id<"sessions">[], now: number) {
  for (let i = 0; i < sessionIds.length; i += SESSIONS_PER_RUN) {
    const group = sessionIds.slice(i, i + SESSIONS_PER_RUN);
    const embedDueAt = await runLater(ctx, group, now, (i / SESSIONS_PER_RUN) * 1_000);
    for (const sessionId of group) await ctx.db.patch("sessions", sessionId, { embedDueAt });
  }
}

/** Sessions that one step of a back-fill looks at. */
const BACKFILL_MAX = 100;

/** Order keys are digits and lower-case letters: all lie between these. */
const FIRST_KEY = "0";
const LAST_KEY = "~";

/**
 * One step of a back-fill: starts runs for the sessions after `cursor` (a creation time) that are
 * stale or have no vector, or, with `all` (after a change of the model), for every one. The cursor is
 * null at the end.
 */
export async function backfillStep(
  ctx: MutationCtx,
  { cursor, all }: { cursor: number; all: boolean },
  now: number,
): Promise<{ cursor: number | null; started: number }> {
  const page = await ctx.db
    .query("sessions")
    .withIndex("by_creation_time", (q) => q.gt("_creationTime", cursor))
    .take(BACKFILL_MAX);
  const wanting = page.filter((session) => (all || isWanting(session)) && !isComing(session, now));
  for (const session of all ? wanting : []) {
    await ctx.db.patch("sessions", session._id, {
      staleFrom: FIRST_KEY,
      staleTo: LAST_KEY,
      staleRevision: (session.staleRevision ?? 0) + 1,
    });
  }
  await startRuns(
    ctx,
    wanting.map((session) => session._id),
    now,
  );
  const last = page.length === BACKFILL_MAX ? page[page.length - 1] : undefined;
  return { cursor: last?._creationTime ?? null, started: wanting.length };
}

function isWanting(session: Doc<"sessions">): boolean {
  return session.staleFrom !== undefined || session.embeddedHash === undefined;
}
