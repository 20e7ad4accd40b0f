import { v } from "convex/values";
import type { Doc } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { AppError } from "../errors";
import type { EvalStatus } from "../lib/enums";
import { readCursor, writeCursor } from "../lib/cursor";
import { vEvalStatus } from "../fields";
import { type ExportSelection, matches } from "./exports";

type User = Pick<Doc<"users">, "_id">;

/** What a reviewer may set; absent keeps, null clears. */
export type EvalChanges = {
  evalReady?: boolean;
  evalStatus?: EvalStatus | null;
  evalTags?: readonly string[] | null;
  evalNotes?: string | null;
  expectedOutput?: string | null;
};

/** Lists read whole session rows, so what a reviewer adds to one stays bounded (UTF-16 units). */
const TAGS_MAX = 50;
const TAG_MAX_LENGTH = 100;
const NOTES_MAX_LENGTH = 10_000;
const EXPECTED_OUTPUT_MAX_LENGTH = 50_000;

/** Sessions that one answer looks at: rows are about 1.5 kB, at most a few dozen. */
export const EVAL_LIST_MAX = 1_000;

/**
 * Sets what a reviewer says of a session; writes nothing when it says nothing new. Marking it ready,
 * or judging it, stamps `reviewedAt`; unmarking takes the stamp away and keeps all else.
 */
export async function update(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  changes: EvalChanges,
  now: number,
): Promise<boolean> {
  const wanted = wantedFields(changes);
  const isNew = Object.entries(wanted).some(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(fieldOf(session, key)),
  );
  if (!isNew) return false;
  // A session that was touched is found by the index on `evalReady`, ready or not.
  const evalReady = wanted.evalReady ?? session.evalReady ?? false;
  await ctx.db.patch("sessions", session._id, {
    ...wanted,
    evalReady,
    ...reviewedAt(session, changes, now),
  });
  return true;
}

type EvalFields = Pick<Doc<"sessions">, keyof EvalChanges>;

function fieldOf(session: EvalFields, key: string): unknown {
  return Object.entries(session).find(([name]) => name === key)?.[1];
}

function wantedFields(changes: EvalChanges): Partial<EvalFields> {
  const { evalReady, evalStatus, evalTags, evalNotes, expectedOutput } = changes;
  return {
    ...(evalReady === undefined ? {} : { evalReady }),
    ...(evalStatus === undefined ? {} : { evalStatus: evalStatus ?? undefined }),
    ...(evalTags === undefined ? {} : { evalTags: tagsOf(evalTags ?? []) }),
    ...(evalNotes === undefined
      ? {}
      : { evalNotes: bounded("evalNotes", evalNotes, NOTES_MAX_LENGTH) }),
    ...(expectedOutput === undefined
      ? {}
      : { expectedOutput: bounded("expectedOutput", expectedOutput, EXPECTED_OUTPUT_MAX_LENGTH) }),
  };
}

function reviewedAt(session: Doc<"sessions">, changes: EvalChanges, now: number) {
  const { evalReady, evalStatus } = changes;
  if (evalReady === false) return { reviewedAt: undefined };
  const isMarked = evalReady === true && session.evalReady !== true;
  const isJudged = evalStatus !== undefined && evalStatus !== (session.evalStatus ?? null);
  return isMarked || isJudged ? { reviewedAt: now } : {};
}

function tagsOf(tags: readonly string[]): string[] | undefined {
  const clean = Array.from(new Set(tags.map((tag) => tag.trim()).filter((tag) => tag !== "")));
  if (clean.length > TAGS_MAX) throw tooMuch("evalTags", `holds more than ${TAGS_MAX} tags`);
  if (clean.some((tag) => tag.length > TAG_MAX_LENGTH)) {
    throw tooMuch("evalTags", `holds a tag longer than ${TAG_MAX_LENGTH} characters`);
  }
  return clean.length === 0 ? undefined : clean;
}

function bounded(path: string, text: string | null, max: number): string | undefined {
  if (text === null || text === "") return undefined;
  if (text.length > max) throw tooMuch(path, `is longer than ${max} characters`);
  return text;
}

function tooMuch(path: string, message: string): AppError {
  return new AppError("INVALID_REQUEST", "Invalid request", { details: [{ path, message }] });
}

/** Adds tags to those a session has. */
export async function addTags(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  tags: readonly string[],
  now: number,
): Promise<boolean> {
  return await update(ctx, session, { evalTags: [...(session.evalTags ?? []), ...tags] }, now);
}

/** Does the same to each of the user's own sessions among these; others are passed over. */
export async function updateMany(
  ctx: MutationCtx,
  user: User,
  sessionIds: readonly string[],
  change: (session: Doc<"sessions">) => Promise<unknown>,
): Promise<{ updated: number; failed: number }> {
  let updated = 0;
  for (const id of new Set(sessionIds)) {
    const ourId = ctx.db.normalizeId("sessions", id);
    const session = ourId && (await ctx.db.get("sessions", ourId));
    if (session?.userId !== user._id) continue;
    await change(session);
    updated++;
  }
  return { updated, failed: sessionIds.length - updated };
}

/** Filters of the dashboard's list, beyond those that exports have. */
export const vEvalFilter = {
  source: v.optional(v.string()),
  model: v.optional(v.string()),
  tags: v.optional(v.array(v.string())),
  dateFrom: v.optional(v.number()),
  dateTo: v.optional(v.number()),
  evalStatus: v.optional(vEvalStatus),
  minTokens: v.optional(v.number()),
  project: v.optional(v.string()),
};
export type EvalFilter = {
  source?: string;
  model?: string;
  tags?: string[];
  dateFrom?: number;
  dateTo?: number;
  evalStatus?: EvalStatus;
  minTokens?: number;
  project?: string;
};

/** The newest sessions that are ready for evaluation and match, and whether there are more. */
export async function listReady(
  ctx: QueryCtx,
  user: User,
  filter: EvalFilter,
): Promise<{ sessions: Doc<"sessions">[]; isComplete: boolean }> {
  const ready = await ctx.db
    .query("sessions")
    .withIndex("by_user_and_eval_ready", (q) =>
      q
        .eq("userId", user._id)
        .eq("evalReady", true)
        .gte("createdAt", filter.dateFrom ?? -Infinity)
        .lte("createdAt", filter.dateTo ?? Infinity),
    )
    .order("desc")
    .take(EVAL_LIST_MAX + 1);
  const sessions = ready.slice(0, EVAL_LIST_MAX).filter((session) => isListed(session, filter));
  return { sessions, isComplete: ready.length <= EVAL_LIST_MAX };
}

function isListed(session: Doc<"sessions">, filter: EvalFilter): boolean {
  const { source, model, evalStatus: status, minTokens = 0, project } = filter;
  const tags = filter.tags?.length ? filter.tags : undefined;
  const selection: ExportSelection = { source, model, status, tags };
  const wanted = project?.toLowerCase() ?? "";
  const names = [session.projectName, session.projectPath];
  return (
    matches(session, selection) &&
    (session.totalTokens ?? 0) >= minTokens &&
    (wanted === "" || names.some((name) => name?.toLowerCase().includes(wanted)))
  );
}

/** Sessions that reviewers touched, ready or not, newest first. */
export async function listTouched(ctx: QueryCtx, user: User): Promise<Doc<"sessions">[]> {
  const found = [true, false].map((evalReady) =>
    ctx.db
      .query("sessions")
      .withIndex("by_user_and_eval_ready", (q) =>
        q.eq("userId", user._id).eq("evalReady", evalReady),
      )
      .order("desc")
      .take(EVAL_LIST_MAX),
  );
  return (await Promise.all(found)).flat();
}

/**
 * A page of the sessions ready for evaluation, by status and tag, newest first. A page may be
 * shorter than asked for where a tag passes over most sessions; `cursor` is null at the end.
 */
export async function listPage(
  ctx: QueryCtx,
  user: User,
  args: { status?: EvalStatus; tag?: string; limit: number; cursor?: string },
): Promise<{ sessions: Doc<"sessions">[]; cursor: string | null }> {
  const { status, tag, limit } = args;
  const before = args.cursor === undefined ? null : readPageCursor(args.cursor);
  const inOrder = ctx.db
    .query("sessions")
    .withIndex("by_user_and_eval_ready", (q) =>
      q
        .eq("userId", user._id)
        .eq("evalReady", true)
        .lte("createdAt", before?.[0] ?? Infinity),
    )
    .order("desc");
  const sessions: Doc<"sessions">[] = [];
  let scanned = 0;
  let last: Doc<"sessions"> | undefined;
  for await (const session of inOrder) {
    if (before !== null && !isBehind(session, before)) continue;
    if (last !== undefined && (sessions.length >= limit || scanned >= EVAL_LIST_MAX)) {
      return { sessions, cursor: writeCursor([last.createdAt, last._creationTime]) };
    }
    scanned++;
    last = session;
    if (matches(session, { status, ...(tag === undefined ? {} : { tags: [tag] }) })) {
      sessions.push(session);
    }
  }
  return { sessions, cursor: null };
}

function isBehind(session: Doc<"sessions">, [createdAt, creationTime]: [number, number]): boolean {
  return session.createdAt < createdAt || session._creationTime < creationTime;
}

function readPageCursor(cursor: string): [number, number] {
  const [createdAt, creationTime] = readCursor(cursor, 2);
  if (typeof createdAt === "number" && typeof creationTime === "number") {
    return [createdAt, creationTime];
  }
  throw tooMuch("cursor", "is not a cursor of this list");
}
