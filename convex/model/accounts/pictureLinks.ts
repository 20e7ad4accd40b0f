import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { hmacSha256 } from "../../lib/hash";
import { randomSlug, SLUG_LENGTH } from "../../lib/randomId";
import { secretOf } from "./userSecret";
import { present } from "./users";

/**
 * Links under which anyone, and so an `<img>` element of any site, may show the picture of one of a user's
 * days. Each link is signed for its day, so that nobody gets from one day to another. The user's slug is in
 * all of them: removing it ends them all, and a later one makes other links.
 */

/** Hexadecimal characters of a signature; 32 are 128 bits. */
const SIGNATURE_LENGTH = 32;

type User = Doc<"users">;

/** Lets links show the user's pictures; the links made before stay valid. */
export async function allow(ctx: MutationCtx, user: User): Promise<void> {
  await secretOf(ctx, user);
  if (user.pictureSlug !== undefined) return;
  await ctx.db.patch("users", user._id, { pictureSlug: randomSlug() });
}

/** Ends all links to the user's pictures. */
export async function end(ctx: MutationCtx, user: User): Promise<void> {
  await ctx.db.patch("users", user._id, { pictureSlug: undefined });
}

/** The last part of the link to a day's picture (`2026-11-22.<slug>.<signature>`), or undefined without links. */
export function linkOf({ pictureSlug: slug, pseudonymKey: secret }: User, day: string) {
  if (slug === undefined || secret === undefined) return undefined;
  const signature = hmacSha256(secret, `picture\n${slug}\n${day}`).slice(0, SIGNATURE_LENGTH);
  return `${day}.${slug}.${signature}`;
}

/** Returns the user and the day of a link, or null for every text that is not a link that works. */
export async function findLinked(
  ctx: QueryCtx,
  link: string,
): Promise<{ user: User; day: string } | null> {
  const [day = "", slug = ""] = link.split(".");
  if (slug.length !== SLUG_LENGTH) return null;
  const found = await ctx.db
    .query("users")
    .withIndex("by_picture_slug", (q) => q.eq("pictureSlug", slug))
    .unique();
  const user = present(found);
  return user !== null && linkOf(user, day) === link ? { user, day } : null;
}
