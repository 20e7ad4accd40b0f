import { v } from "convex/values";
import { sessionFilter } from "./fields";
import { callerMutation, callerQuery } from "./functions";
import * as Bulk from "./model/sessions/bulk";

/** `POST /api/sessions/bulk`: the ids of a page of sessions that match. */
export const matching = callerQuery({
  args: { limit: v.number(), cursor: v.optional(v.string()), ...sessionFilter },
  handler: (ctx, page) => Bulk.idsMatching(ctx, ctx.user, page),
});

/** `POST /api/sessions/bulk`: changes a few sessions in one transaction; tells the outcome of each. */
export const change = callerMutation({
  args: { ids: v.array(v.string()), change: Bulk.vBulkChange, isTrial: v.boolean() },
  handler: (ctx, input) => Bulk.changeMany(ctx, ctx.user, input),
});
