import { v } from "convex/values";
import { callerMutation, callerQuery } from "./functions";
import * as AccountDeletion from "./model/accounts/accountDeletion";
import * as ApiKeys from "./model/accounts/apiKeys";
import * as BrowserSessions from "./model/accounts/browserSessions";
import { findDeletion } from "./model/accounts/deletionState";
import * as Sharing from "./model/sessions/sharing";
import { sessionView } from "./model/sessions/sessions";

/** What the pages for people show and change of the caller's account. */

/** `GET /settings`: keys, signed-in browsers, and a deletion that runs. */
export const settings = callerQuery({
  args: { current: v.string() },
  handler: async (ctx, { current }) => {
    const { email } = ctx.user;
    const deletion = await findDeletion(ctx, ctx.user);
    return {
      ...(email === undefined ? {} : { email }),
      ...(deletion === undefined
        ? {}
        : { deletion: { status: deletion.status, scope: deletion.scope } }),
      keys: await ApiKeys.list(ctx, ctx.user),
      browsers: await BrowserSessions.list(ctx, ctx.user, current),
    };
  },
});

/** `POST /settings`: one more key. The answer is the only place where it is shown. */
export const addKey = callerMutation({
  args: { name: v.optional(v.string()) },
  returns: v.object({ id: v.string(), key: v.string() }),
  handler: (ctx, { name }) => ApiKeys.create(ctx, ctx.user, name),
});

/** `POST /settings`: takes a key away; it stops working at once. */
export const removeKey = callerMutation({
  args: { id: v.string() },
  returns: v.null(),
  handler: async (ctx, { id }) => {
    await ApiKeys.remove(ctx, ctx.user, id);
    return null;
  },
});

/** `POST /settings`: starts the deletion of all data; account and keys stay. */
export const deleteData = callerMutation({
  args: {},
  returns: v.boolean(),
  handler: (ctx) => AccountDeletion.start(ctx, ctx.user, "data"),
});

/** `GET /shares`: the caller's shared sessions, newest first. */
export const shares = callerQuery({
  args: {},
  handler: async (ctx) =>
    (await Sharing.listPublic(ctx, ctx.user)).map((session) => sessionView(session, "list")),
});
