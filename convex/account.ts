import { v } from "convex/values";
import { callerMutation, callerQuery } from "./functions";
import * as AccountDeletion from "./model/accounts/accountDeletion";
import * as ApiKeys from "./model/accounts/apiKeys";
import * as BrowserSessions from "./model/accounts/browserSessions";
import { findDeletion } from "./model/accounts/deletionState";
import { setTimeZone as setZone, timeZoneOf } from "./model/accounts/timeZone";
import * as Sharing from "./model/sessions/sharing";
import { sessionView } from "./model/sessions/sessions";

/** Functions behind the account pages. */

/** `GET /settings`: keys, signed-in browsers, and the latest deletion. */
export const settings = callerQuery({
  args: { current: v.string() },
  handler: async (ctx, { current }) => {
    const { email } = ctx.user;
    const deletion = await findDeletion(ctx, ctx.user);
    return {
      ...(email === undefined ? {} : { email }),
      timeZone: timeZoneOf(ctx.user),
      ...(deletion === undefined
        ? {}
        : { deletion: { status: deletion.status, scope: deletion.scope } }),
      keys: await ApiKeys.list(ctx, ctx.user),
      browsers: await BrowserSessions.list(ctx, ctx.user, current),
    };
  },
});

/** `POST /settings`: creates an additional key. Only this answer contains it. */
export const addKey = callerMutation({
  args: { name: v.optional(v.string()) },
  returns: v.object({ id: v.string(), key: v.string() }),
  handler: (ctx, { name }) => ApiKeys.create(ctx, ctx.user, name),
});

/** `POST /settings`: removes a key; it stops working at once. */
export const removeKey = callerMutation({
  args: { id: v.string() },
  returns: v.null(),
  handler: async (ctx, { id }) => {
    await ApiKeys.remove(ctx, ctx.user, id);
    return null;
  },
});

/** `POST /settings`: starts the deletion of all data; keeps the account and its keys. */
export const deleteData = callerMutation({
  args: {},
  returns: v.boolean(),
  handler: (ctx) => AccountDeletion.start(ctx, ctx.user, "data"),
});

/** `GET /shares`: lists the caller's shared sessions, newest first. */
export const shares = callerQuery({
  args: {},
  handler: async (ctx) => {
    const { shared, isCut } = await Sharing.listPublic(ctx, ctx.user);
    return { sessions: shared.map((session) => sessionView(session, "list")), isCut };
  },
});

/** The zone of the caller's days, by which pages choose what `today` is. */
export const timeZone = callerQuery({
  args: {},
  handler: (ctx) => timeZoneOf(ctx.user),
});

/** `PATCH /api/me` and `POST /settings`: sets the zone of the caller's days; null means UTC. */
export const setTimeZone = callerMutation({
  args: { timeZone: v.union(v.string(), v.null()) },
  returns: v.object({ timeZone: v.string() }),
  handler: async (ctx, { timeZone: name }) => ({
    timeZone: await setZone(ctx, ctx.user, name),
  }),
});
