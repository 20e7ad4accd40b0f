import { v } from "convex/values";
import { notFound } from "./errors";
import { systemQuery } from "./functions";
import * as Exports from "./model/exports";
import * as Sharing from "./model/sharing";

/** Bytes of conversation on one page: quick to load, and nearly always all of it. */
const PAGE_BYTES = 1024 * 1024;

/** `GET /s/:slug`: a page of a public session; 404 where none is shared under the slug. */
export const page = systemQuery({
  args: { slug: v.string(), after: v.union(v.string(), v.null()) },
  handler: async (ctx, { slug, after }) => {
    const session = await Sharing.findPublic(ctx, slug);
    if (session === null) throw notFound("Shared session");
    return await Exports.sharedPage(ctx, session, after, PAGE_BYTES);
  },
});
