import { v, type ObjectType } from "convex/values";
import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { AppError } from "../../errors";
import { cutBytes } from "../../lib/text";
import * as Evals from "../evals/evals";
import { nextRefresh, scheduleRefresh } from "../sync/refreshSchedule";
import { asStored } from "./masking";
import * as Sessions from "./sessions";
import * as Sharing from "./sharing";

/** Tags to add and to remove; the others are kept. */
export const vTagChanges = {
  addTags: v.optional(v.array(v.string())),
  removeTags: v.optional(v.array(v.string())),
};

/** Returns tags after a change. */
export function changedTags(
  tags: readonly string[],
  { addTags = [], removeTags = [] }: ObjectType<typeof vTagChanges>,
): string[] {
  const removed = new Set(removeTags.map((tag) => tag.trim()));
  return [...tags.filter((tag) => !removed.has(tag)), ...addTags];
}

/** Fields the owner may change. Absent keeps the value, null clears it. */
export const vSessionEdits = {
  ...Evals.vEvalChanges,
  ...vTagChanges,
  title: v.optional(v.nullable(v.string())),
  isPublic: v.optional(v.boolean()),
  expires: v.optional(v.nullable(v.number())),
};
type SessionEdits = ObjectType<typeof vSessionEdits>;

/** The same limit as for titles from plugins. */
const TITLE_MAX_BYTES = 500;

/** Applies the owner's edits to a session and returns the edited session. */
export async function edit(
  ctx: MutationCtx,
  user: Pick<Doc<"users">, "_id">,
  id: string,
  edits: SessionEdits,
  now: number,
): Promise<Doc<"sessions">> {
  const { title, isPublic, expires, addTags, removeTags, ...evaluation } = edits;
  const session = await Sessions.require(ctx, user, id);
  const isTagged = addTags !== undefined || removeTags !== undefined;
  // A list of tags replaces the stored one first.
  const tags = evaluation.evalTags === undefined ? session.evalTags : evaluation.evalTags;
  const retagged = isTagged ? { evalTags: changedTags(tags ?? [], { addTags, removeTags }) } : {};
  await Evals.update(ctx, session, { ...evaluation, ...retagged }, now);
  await Sharing.setSharing(ctx, session, { isPublic, expires }, now);
  if (title !== undefined) await retitle(ctx, session, asStored(title), now);
  const edited = await ctx.db.get("sessions", session._id);
  if (edited === null)
    throw new AppError("INTERNAL", "The session was deleted while it was being edited");
  return edited;
}

/** Sets a title that plugins do not overwrite; null lets plugins set the title again. */
async function retitle(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  title: string | null,
  now: number,
): Promise<void> {
  const own = title?.trim() ? cutBytes(title.trim(), TITLE_MAX_BYTES) : undefined;
  if (session.title === own && (session.titleEdited ?? false) === (own !== undefined)) return;
  // The search text contains the title, so the session needs a refresh.
  const refreshDueAt = nextRefresh(session.refreshDueAt, now);
  await ctx.db.patch("sessions", session._id, {
    title: own,
    titleEdited: own === undefined ? undefined : true,
    changedAt: now,
    ...(refreshDueAt === undefined ? {} : { refreshDueAt }),
  });
  if (refreshDueAt !== undefined) await scheduleRefresh(ctx, session._id);
}
