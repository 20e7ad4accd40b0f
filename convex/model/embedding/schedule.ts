import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import { env, type MutationCtx } from "../../_generated/server";
import { DAY_MS } from "../../lib/time";
import { shownTitle } from "../sessions/sessions";

/**
 * Decides when vectors are made. A session's row holds the range that changed since it was last embedded
 * (`staleFrom` … `staleTo`). An embedding job (`embed:sessions`) reads that range, embeds what is new and
 * stores it. `embedDueAt` is set while a job is scheduled, so that a session has one at a time.
 */

/** A burst has ended by then: the requests of one hook arrive within a second or two. */
export const EMBED_DELAY_MS = 5_000;
/** After this much silence, the last turn of a conversation counts as complete. */
export const QUIET_MS = 30_000;
/** A job this late is lost: Convex does not retry actions, and deployments restart. */
const JOB_LOST_AFTER_MS = 15 * 60_000;
/** Retries after a temporary failure: 30 s, 2 min, 8 min, 32 min; then the daily sweep. */
const RETRY_FIRST_MS = 30_000;
const RETRY_FACTOR = 4;
const RETRIES_MAX = 4;
const RETRY_LAST_MS = 3_600_000;
/** How far ahead `embedDueAt` is set when retries stop: no job is scheduled, and the daily sweep finds the session. */
const ABANDONED_MS = DAY_MS / 2;

/** Delay between the steps of a sweep or back-fill, so that the jobs of one step start before the next. */
export const STEP_DELAY_MS = 30_000;

/** Without an API key no job is scheduled; changes are still recorded for a later back-fill. */
export function isConfigured(): boolean {
  return (env.OPENAI_API_KEY ?? "").trim() !== "";
}

/**
 * Schedules a job if something to embed has changed and no job is scheduled. The refresh calls this with
 * the session before and after, and stores the returned fields.
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
    embedDueAt: await scheduleJob(ctx, [after._id], now, EMBED_DELAY_MS),
  };
}

/** The text of a session's own vector. It does not change after the first prompt, unlike a summary. */
export function sessionText(session: Doc<"sessions">): string {
  const { projectName, promptTitle } = session;
  const lines = [shownTitle(session), projectName, promptTitle].map((line) => line?.trim() ?? "");
  return lines.filter((line, i) => line !== "" && lines.indexOf(line) === i).join("\n");
}

/** Whether a job is scheduled for the session that is neither lost nor abandoned. */
function isComing({ embedDueAt }: Doc<"sessions">, now: number): boolean {
  if (embedDueAt === undefined) return false;
  return embedDueAt + JOB_LOST_AFTER_MS > now && embedDueAt <= now + RETRY_LAST_MS;
}

/** Schedules a job for sessions; returns the time at which it is due. */
export async function scheduleJob(
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
 * Schedules a retry after a failure, with growing delays and never before the provider's `Retry-After`.
 * Permanent failures, and those that outlast the retries, wait for the daily sweep.
 */
export async function postpone(
  ctx: MutationCtx,
  sessionIds: Id<"sessions">[],
  failure: { failures: number; isPermanent: boolean; retryAfterMs?: number },
  now: number,
): Promise<void> {
  const { failures, isPermanent, retryAfterMs = 0 } = failure;
  const stored: Id<"sessions">[] = [];
  const abandons = isPermanent || failures > RETRIES_MAX;
  const backOff = RETRY_FIRST_MS * RETRY_FACTOR ** (failures - 1);
  const wait = Math.max(Math.min(retryAfterMs, RETRY_LAST_MS), backOff);
  for (const sessionId of sessionIds) {
    if ((await ctx.db.get("sessions", sessionId)) === null) continue;
    await ctx.db.patch("sessions", sessionId, {
      embedDueAt: now + (abandons ? ABANDONED_MS : wait),
    });
    stored.push(sessionId);
  }
  if (!abandons && stored.length > 0) await scheduleJob(ctx, stored, now, wait, failures);
}

/** Sessions that one sweep restarts, and sessions that share one job's requests. */
const SWEEP_MAX = 100;
export const SESSIONS_PER_JOB = 20;

/** Schedules lost jobs again; true if there may be more. */
export async function sweep(ctx: MutationCtx, now: number): Promise<boolean> {
  if (!isConfigured()) return false;
  const lost = await ctx.db
    .query("sessions")
    .withIndex("by_embed_due_at", (q) =>
      q.gt("embedDueAt", 0).lt("embedDueAt", now - JOB_LOST_AFTER_MS),
    )
    .take(SWEEP_MAX);
  const sessionIds = lost.map((session) => session._id);
  await scheduleJobs(ctx, sessionIds, now);
  return lost.length === SWEEP_MAX;
}

/** Schedules jobs of several sessions each, which share requests; one second apart, because of provider rate limits. */
async function scheduleJobs(ctx: MutationCtx, sessionIds: Id<"sessions">[], now: number) {
  for (let i = 0; i < sessionIds.length; i += SESSIONS_PER_JOB) {
    const group = sessionIds.slice(i, i + SESSIONS_PER_JOB);
    const embedDueAt = await scheduleJob(ctx, group, now, (i / SESSIONS_PER_JOB) * 1_000);
    for (const sessionId of group) await ctx.db.patch("sessions", sessionId, { embedDueAt });
  }
}

/** Sessions that one step of a back-fill reads. */
const BACKFILL_MAX = 100;

/** Order keys consist of digits and lower-case letters, so all lie between these. */
const FIRST_KEY = "0";
const LAST_KEY = "~";

/**
 * One step of a back-fill: schedules jobs for the sessions after `cursor` (a creation time) that are stale
 * or have no vector; with `all` (after a change of the model), for every session. The returned cursor is
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
  const wanted = page.filter((session) => all || needsEmbedding(session));
  for (const session of all ? wanted : []) {
    await ctx.db.patch("sessions", session._id, {
      staleFrom: FIRST_KEY,
      staleTo: LAST_KEY,
      staleRevision: (session.staleRevision ?? 0) + 1,
    });
  }
  // A job that is coming reads the range as it is then, or schedules another if it has read before.
  const pending = wanted.filter((session) => !isComing(session, now));
  await scheduleJobs(
    ctx,
    pending.map((session) => session._id),
    now,
  );
  const last = page.length === BACKFILL_MAX ? page[page.length - 1] : undefined;
  return { cursor: last?._creationTime ?? null, started: pending.length };
}

function needsEmbedding(session: Doc<"sessions">): boolean {
  return session.staleFrom !== undefined || session.embeddedHash === undefined;
}
