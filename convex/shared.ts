import { v } from "convex/values";
import { notFound } from "./errors";
import { systemQuery } from "./functions";
import * as Exports from "./model/exports/exports";
import * as Sharing from "./model/sessions/sharing";

/** `GET /s/:slug`: a page of messages of a shared session; throws 404 if none is shared under the slug. */
export const page = systemQuery({
  args: { slug: v.string(), position: v.union(v.string(), v.null()) },
  handler: async (ctx, { slug, position }) => {
    const session = await Sharing.findPublic(ctx, slug);
    if (session === null) throw notFound("Shared session");
    return await Exports.sharedPage(ctx, session, position);
  },
});
