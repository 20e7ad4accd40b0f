import { v, type ObjectType } from "convex/values";
import type { Doc } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { invalidField } from "../errors";
import { vEvalStatus } from "../fields";
import * as Sessions from "./sessions";

type User = Pick<Doc<"users">, "_id">;

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
const NOTES_MAX_LENGTH = 10_000;
const EXPECTED_OUTPUT_MAX_LENGTH = 50_000;

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
  if (clean.length > TAGS_MAX) throw invalidField("evalTags", `holds more than ${TAGS_MAX} tags`);
  if (clean.some((tag) => tag.length > TAG_MAX_LENGTH)) {
    throw invalidField("evalTags", `holds a tag longer than ${TAG_MAX_LENGTH} characters`);
  }
  return clean.length === 0 ? undefined : clean;
}

function bounded(path: string, text: string | null, max: number): string | undefined {
  if (text === null || text === "") return undefined;
  if (text.length > max) throw invalidField(path, `is longer than ${max} characters`);
  return text;
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
