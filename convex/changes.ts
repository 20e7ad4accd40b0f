import { v } from "convex/values";
import { callerQuery } from "./functions";
import { changesAfter } from "./model/sessions/feed";

/** `GET /api/changes`: a page of what happened to the caller's sessions after a cursor. */
export const page = callerQuery({
  args: { cursor: v.optional(v.string()), limit: v.number(), now: v.number() },
  handler: (ctx, input) => changesAfter(ctx, ctx.user, input),
});
