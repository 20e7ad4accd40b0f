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

/** What the owner may change of a session; absent keeps, null clears. */
export const vSessionEdits = {
  ...Evals.vEvalChanges,
  title: v.optional(v.nullable(v.string())),
  isPublic: v.optional(v.boolean()),
};
type SessionEdits = ObjectType<typeof vSessionEdits>;

/** The same bound that titles of plugins have. */
const TITLE_MAX_BYTES = 500;

/** Applies the owner's edits to a session and gives it as it is then. */
export async function edit(
  ctx: MutationCtx,
  user: Pick<Doc<"users">, "_id">,
  id: string,
  edits: SessionEdits,
  now: number,
): Promise<Doc<"sessions">> {
  const { title, isPublic, ...evaluation } = edits;
  const session = await Sessions.require(ctx, user, id);
  await Evals.update(ctx, session, evaluation, now);
  if (isPublic !== undefined) await Sharing.setVisibility(ctx, session, isPublic);
  if (title !== undefined) await retitle(ctx, session, asStored(title), now);
  const edited = await ctx.db.get("sessions", session._id);
  if (edited === null) throw new AppError("INTERNAL", "A session vanished while it was edited");
  return edited;
}

/** A title of the owner's stays, whatever plugins send; null gives it back to them. */
async function retitle(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  title: string | null,
  now: number,
): Promise<void> {
  const own = title?.trim() ? cutBytes(title.trim(), TITLE_MAX_BYTES) : undefined;
  if (session.title === own && (session.titleEdited ?? false) === (own !== undefined)) return;
  // The search text holds the title, so a refresh follows.
  const refreshDueAt = nextRefresh(session.refreshDueAt, now);
  await ctx.db.patch("sessions", session._id, {
    title: own,
    titleEdited: own === undefined ? undefined : true,
    ...(refreshDueAt === undefined ? {} : { refreshDueAt }),
  });
  if (refreshDueAt !== undefined) await scheduleRefresh(ctx, session._id);
}
