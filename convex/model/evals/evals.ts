import { v, type ObjectType } from "convex/values";
import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import type { User } from "../accounts/user";
import { invalidField } from "../../errors";
import { vEvalStatus } from "../../fields";
import { asStored } from "../sessions/masking";
import * as Reviews from "./reviews";
import * as Sessions from "../sessions/sessions";

/** What a reviewer may set; absent keeps, null clears. */
export const vEvalChanges = {
  evalReady: v.optional(v.boolean()),
  evalStatus: v.optional(v.nullable(vEvalStatus)),
  evalTags: v.optional(v.nullable(v.array(v.string()))),
  evalNotes: v.optional(v.nullable(v.string())),
  expectedOutput: v.optional(v.nullable(v.string())),
};
export type EvalChanges = ObjectType<typeof vEvalChanges>;

/** Lists read whole session rows, so what a reviewer adds to one stays bounded (UTF-16 units). */
const TAGS_MAX = 50;
const TAG_MAX_LENGTH = 100;

/** What is kept in the session's own row; what is written at length has a row of its own. */
type Marks = Pick<Doc<"sessions">, "evalReady" | "evalStatus" | "evalTags">;

/**
 * Sets what a reviewer says of a session; writes nothing when it says nothing new. Marking it ready,
 * or judging it, stamps `reviewedAt`; unmarking takes the stamp away and keeps all else. `updatedAt`
 * stays: it says when the session itself last went on, and a review of a hundred old sessions would
 * otherwise put them on top of every list and into "last active".
 */
export async function update(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  asked: EvalChanges,
  now: number,
): Promise<void> {
  const changes = asStored(asked);
  await Reviews.save(ctx, session, changes);
  const wanted = wantedMarks(changes);
  const isNew = Object.entries(wanted).some(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(markOf(session, key)),
  );
  if (!isNew) return;
  // A session that was touched is found by the index on `evalReady`, ready or not.
  const evalReady = wanted.evalReady ?? session.evalReady ?? false;
  await ctx.db.patch("sessions", session._id, {
    ...wanted,
    evalReady,
    ...reviewedAt(session, changes, now),
  });
}

function markOf(session: Marks, key: string): unknown {
  return Object.entries(session).find(([name]) => name === key)?.[1];
}

function wantedMarks({ evalReady, evalStatus, evalTags }: EvalChanges): Partial<Marks> {
  return {
    ...(evalReady === undefined ? {} : { evalReady }),
    ...(evalStatus === undefined ? {} : { evalStatus: evalStatus ?? undefined }),
    ...(evalTags === undefined ? {} : { evalTags: tagsOf(evalTags ?? []) }),
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
  if (clean.length > TAGS_MAX) throw invalidField("evalTags", `holds more than ${TAGS_MAX} tags`);
  if (clean.some((tag) => tag.length > TAG_MAX_LENGTH)) {
    throw invalidField("evalTags", `holds a tag longer than ${TAG_MAX_LENGTH} characters`);
  }
  return clean.length === 0 ? undefined : clean;
}

/** The same for each of the user's own sessions among these; others are passed over and counted. */
export async function updateMany(
  ctx: MutationCtx,
  user: User,
  sessionIds: readonly string[],
  changesOf: (session: Doc<"sessions">) => EvalChanges,
): Promise<{ updated: number; failed: number }> {
  const now = Date.now();
  let updated = 0;
  for (const id of new Set(sessionIds)) {
    const session = await Sessions.findOwn(ctx, user, id);
    if (session === null) continue;
    await update(ctx, session, changesOf(session), now);
    updated++;
  }
  return { updated, failed: sessionIds.length - updated };
}
