import type { UserIdentity } from "convex/server";
import { v, type Infer, type ObjectType } from "convex/values";
import type { Doc } from "../../_generated/dataModel";
import { env, type MutationCtx, type QueryCtx } from "../../_generated/server";
import { AppError, invalidField, notFound, unauthorized } from "../../errors";
import { isAccountClosed } from "./deletionState";
import { findUserByKey, setFirst } from "./apiKeys";
import { refuseIfLimited, vLimitClass } from "./rateLimits";
import {
  ensureWorkosUser,
  findByWorkosId,
  isWorkosIssuer,
  listByEmail,
  normalEmail,
} from "./workosUsers";

/**
 * Who calls over HTTP: the hash of an API key, or a token whose identity Convex has verified; and
 * against which limit the request counts.
 */
const limited = { limit: v.optional(vLimitClass) };
export const vCaller = v.union(
  v.object({ kind: v.literal("key"), hash: v.string(), prefix: v.string(), ...limited }),
  v.object({ kind: v.literal("token"), ...limited }),
);
export type Caller = Infer<typeof vCaller>;

/** The user of a caller, or null. */
export async function findCaller(ctx: QueryCtx, caller: Caller): Promise<Doc<"users"> | null> {
  if (caller.kind === "token") return await findViewer(ctx);
  return present(await findUserByKey(ctx, caller.hash));
}

/** The user of a caller; 401 for everyone else, 429 for who has used up the limit. */
export async function requireCaller(ctx: QueryCtx, caller: Caller): Promise<Doc<"users">> {
  return admit(await findCaller(ctx, caller), caller);
}

/** The same where the user may be made: the first request of a WorkOS token. */
export async function ensureCaller(ctx: MutationCtx, caller: Caller): Promise<Doc<"users">> {
  const user = caller.kind === "token" ? await ensureViewer(ctx) : await findCaller(ctx, caller);
  return admit(user, caller);
}

function admit(user: Doc<"users"> | null, { limit = "none" }: Caller): Doc<"users"> {
  if (user === null) throw unauthorized();
  refuseIfLimited(user, limit);
  return user;
}

/** A user whose account is being deleted counts as missing, whatever key or token they hold. */
function present(user: Doc<"users"> | null): Doc<"users"> | null {
  return user && isAccountClosed(user) ? null : user;
}

/** The signed-in user, or null. */
export async function findViewer(ctx: QueryCtx): Promise<Doc<"users"> | null> {
  return present(await findAccount(ctx));
}

/**
 * The signed-in user's row, also while the account is being deleted. The one place that knows both
 * doors: the subject of a Convex Auth token is `userId|sessionId`, that of any other verified token is
 * a WorkOS user id.
 */
export async function findAccount(ctx: QueryCtx): Promise<Doc<"users"> | null> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) return null;
  if (identity.issuer === env.CONVEX_SITE_URL) {
    const id = ctx.db.normalizeId("users", identity.subject.split("|")[0] ?? "");
    return id && (await ctx.db.get("users", id));
  }
  return isWorkosIssuer(identity.issuer) ? await findByWorkosId(ctx, identity.subject) : null;
}

/** The signed-in user, made at first sight of a WorkOS identity; 401 for everyone else. */
export async function ensureViewer(ctx: MutationCtx): Promise<Doc<"users">> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) throw unauthorized();
  const known = await findAccount(ctx);
  if (known === null && isWorkosIssuer(identity.issuer)) {
    return await ensureWorkosUser(ctx, claimsOf(identity));
  }
  const user = present(known);
  if (user === null) throw unauthorized();
  return user;
}

/** What an AuthKit token says of a person; usually only who it is. */
export function claimsOf({ subject, email, emailVerified, name }: UserIdentity) {
  return {
    workosId: subject,
    ...(email ? { email } : {}),
    ...(emailVerified === undefined ? {} : { emailVerified }),
    ...(name ? { name } : {}),
  };
}

/** The user with this e-mail address (else 400), made if there is none, with a new key in place of the old. */
export async function createWithApiKey(
  ctx: MutationCtx,
  { email: address, name }: { email: string; name?: string },
) {
  const email = normalEmail(address);
  if (!/^[^@\s]+@[^@\s]+$/.test(email)) throw invalidField("email", "must be an e-mail address");
  const [existing] = await presentByEmail(ctx, email);
  const userId =
    existing?._id ?? (await ctx.db.insert("users", { email, ...(name ? { name } : {}) }));
  return { userId, apiKey: await setFirst(ctx, { _id: userId }) };
}

/** Users with this address whose account is not being deleted. */
async function presentByEmail(ctx: QueryCtx, email: string): Promise<Doc<"users">[]> {
  return (await listByEmail(ctx, email)).filter((user) => present(user) !== null);
}

/** Whom the command line means: a user by address and, where several have it, by id too. */
export const vNamed = { email: v.string(), userId: v.optional(v.id("users")) };

/** The one user that is meant; 404 where there is none, 409 with their ids where there are several. */
export async function requireNamed(
  ctx: QueryCtx,
  { email, userId }: ObjectType<typeof vNamed>,
): Promise<Doc<"users">> {
  const users = await presentByEmail(ctx, email);
  const meant = users.filter(({ _id }) => userId === undefined || _id === userId);
  const [user] = meant;
  if (user === undefined) throw notFound("User");
  if (meant.length === 1) return user;
  const ids = meant.map(({ _id }) => _id).join(", ");
  throw new AppError("CONFLICT", `Several users have this address; add the userId of one: ${ids}`);
}
