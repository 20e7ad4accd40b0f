import { v, type ObjectType } from "convex/values";
import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import type { User } from "../accounts/user";
import { invalidField } from "../../errors";
import { vEvalStatus } from "../../fields";
import { asStored } from "../sessions/masking";
import * as Reviews from "./reviews";
import * as Sessions from "../sessions/sessions";

/** Fields a reviewer may set. Absent keeps the value, null clears it. */
export const vEvalChanges = {
  evalReady: v.optional(v.boolean()),
  evalStatus: v.optional(v.nullable(vEvalStatus)),
  evalTags: v.optional(v.nullable(v.array(v.string()))),
  evalNotes: v.optional(v.nullable(v.string())),
  expectedOutput: v.optional(v.nullable(v.string())),
  reviewedAt: v.optional(v.number()),
};
export type EvalChanges = ObjectType<typeof vEvalChanges>;

/** Lists read whole session rows, so a reviewer's tags are bounded (lengths in UTF-16 code units). */
const TAGS_MAX = 50;
const TAG_MAX_LENGTH = 100;

/** The review fields in the session's own row; longer texts are in `reviews`. */
type Marks = Pick<Doc<"sessions">, "evalReady" | "evalStatus" | "evalTags" | "reviewedAt">;

/**
 * Stores a review of a session; writes nothing if nothing changes. Marking the session ready, or setting a
 * status, sets `reviewedAt` to now unless the review brings its own time; unmarking clears `reviewedAt` and
 * keeps the rest. `updatedAt` does not change, because it records the last activity of the session itself:
 * otherwise reviewing a hundred old sessions would move them to the top of every list.
 */
export async function update(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  asked: EvalChanges,
  now: number,
): Promise<void> {
  const changes = asStored(asked);
  const hasNewTexts = await Reviews.save(ctx, session, changes);
  const wanted = wantedMarks(changes);
  const isNew = Object.entries(wanted).some(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(markOf(session, key)),
  );
  if (!isNew) {
    if (hasNewTexts) await ctx.db.patch("sessions", session._id, { changedAt: now });
    return;
  }
  // A reviewed session always has a value in `evalReady`, because its index finds reviewed sessions.
  const evalReady = wanted.evalReady ?? session.evalReady ?? false;
  await ctx.db.patch("sessions", session._id, {
    ...wanted,
    evalReady,
    changedAt: now,
    ...reviewedAt(session, changes, now),
  });
}

function markOf(session: Marks, key: string): unknown {
  return Object.entries(session).find(([name]) => name === key)?.[1];
}

function wantedMarks(changes: EvalChanges): Partial<Marks> {
  const { evalReady, evalStatus, evalTags, reviewedAt: at } = changes;
  return {
    ...(at === undefined ? {} : { reviewedAt: at }),
    ...(evalReady === undefined ? {} : { evalReady }),
    ...(evalStatus === undefined ? {} : { evalStatus: evalStatus ?? undefined }),
    ...(evalTags === undefined ? {} : { evalTags: tagsOf(evalTags ?? []) }),
  };
}

function reviewedAt(session: Doc<"sessions">, changes: EvalChanges, now: number) {
  const { evalReady, evalStatus } = changes;
  if (changes.reviewedAt !== undefined) return {};
  if (evalReady === false) return { reviewedAt: undefined };
  const isMarked = evalReady === true && session.evalReady !== true;
  const isJudged = evalStatus !== undefined && evalStatus !== (session.evalStatus ?? null);
  return isMarked || isJudged ? { reviewedAt: now } : {};
}

/** Cleans tags as they are stored; throws 400 if there are too many, or one is too long. */
export function tagsOf(tags: readonly string[]): string[] | undefined {
  const clean = Array.from(new Set(tags.map((tag) => tag.trim()).filter((tag) => tag !== "")));
  if (clean.length > TAGS_MAX) throw invalidField("evalTags", `holds more than ${TAGS_MAX} tags`);
  if (clean.some((tag) => tag.length > TAG_MAX_LENGTH)) {
    throw invalidField("evalTags", `holds a tag longer than ${TAG_MAX_LENGTH} characters`);
  }
  return clean.length === 0 ? undefined : clean;
}

/** Updates each of these sessions that the user owns; counts the others as failed. */
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
