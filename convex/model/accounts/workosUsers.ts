import { v, type Infer } from "convex/values";
import { internal } from "../../_generated/api";
import type { Doc } from "../../_generated/dataModel";
import { env, type MutationCtx, type QueryCtx } from "../../_generated/server";
import { AppError } from "../../errors";
import { workosBase } from "../../lib/accounts/workos";
import { isAccountClosed } from "./deletionState";
import { isDeleted } from "./rateLimits";

/**
 * People who come from WorkOS, through either door: their AuthKit token itself, or a session of Convex
 * Auth that was made with an AuthKit code. `authAccounts` is the one map from a WorkOS user id to a
 * user; `users.workosId` says the same on the user's side.
 */

/** What WorkOS says of a person; absent is unknown and changes nothing. */
export const vWorkosProfile = v.object({
  workosId: v.string(),
  email: v.optional(v.string()),
  emailVerified: v.optional(v.boolean()),
  name: v.optional(v.string()),
});
type WorkosProfile = Infer<typeof vWorkosProfile>;

/** Provider name of AuthKit in `authAccounts`, and of the sign-in in `auth.ts`. */
const WORKOS = "workos";

/** Whether a verified token comes from AuthKit, by either of its two issuers. */
export function isWorkosIssuer(issuer: string): boolean {
  const base = workosBase(env.WORKOS_API_URL);
  return issuer.replace(/\/$/, "") === base || issuer.startsWith(`${base}/user_management/`);
}

/** The user of a WorkOS user id, or null. */
export async function findByWorkosId(
  ctx: QueryCtx,
  workosId: string,
): Promise<Doc<"users"> | null> {
  const account = await findAccount(ctx, workosId);
  return account && (await ctx.db.get("users", account.userId));
}

async function findAccount(ctx: QueryCtx, workosId: string) {
  return await ctx.db
    .query("authAccounts")
    .withIndex("providerAndAccountId", (q) =>
      q.eq("provider", WORKOS).eq("providerAccountId", workosId),
    )
    .unique();
}

/**
 * The user of a WorkOS identity, made if there is none; e-mail and name are brought up to date. A
 * verified e-mail address of a user made from the command line leads to that user. An identity whose
 * account was just deleted makes no new one while its old tokens may still be around.
 */
export async function ensureWorkosUser(
  ctx: MutationCtx,
  profile: WorkosProfile,
): Promise<Doc<"users">> {
  const known = await findByWorkosId(ctx, profile.workosId);
  if (known !== null) return await applyProfile(ctx, known, profile);
  if (await isDeleted(ctx, profile.workosId)) {
    throw new AppError("UNAUTHORIZED", "This account was deleted; sign up again tomorrow");
  }
  const user = await adoptOrCreate(ctx, profile);
  const account = await findAccount(ctx, profile.workosId);
  if (account) await ctx.db.patch("authAccounts", account._id, { userId: user._id });
  else {
    const { workosId: providerAccountId } = profile;
    await ctx.db.insert("authAccounts", { userId: user._id, provider: WORKOS, providerAccountId });
  }
  if (profile.email === undefined && env.WORKOS_API_KEY) {
    const { workosId } = profile;
    await ctx.scheduler.runAfter(0, internal.workos.fillProfile, { workosId });
  }
  return user;
}

async function adoptOrCreate(ctx: MutationCtx, profile: WorkosProfile): Promise<Doc<"users">> {
  const { workosId, email, emailVerified } = profile;
  const same = await ctx.db
    .query("users")
    .withIndex("by_workos_id", (q) => q.eq("workosId", workosId))
    .first();
  const adopted = same ?? (emailVerified && email ? await findUnclaimed(ctx, email) : null);
  if (adopted) {
    await ctx.db.patch("users", adopted._id, { workosId });
    return await applyProfile(ctx, { ...adopted, workosId }, profile);
  }
  const id = await ctx.db.insert("users", { workosId });
  return await applyProfile(ctx, { _id: id, _creationTime: Date.now(), workosId }, profile);
}

/** An address as it is stored and looked for: whoever writes it in capitals means the same mailbox. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** Users with this address: nearly always one, but addresses are not unique. */
export async function listByEmail(ctx: QueryCtx, email: string): Promise<Doc<"users">[]> {
  return await ctx.db
    .query("users")
    .withIndex("email", (q) => q.eq("email", normalEmail(email)))
    .take(10);
}

/** A user with this address that the operator made and nobody has signed in as. */
async function findUnclaimed(ctx: QueryCtx, email: string): Promise<Doc<"users"> | null> {
  const users = await listByEmail(ctx, email);
  return users.find((user) => user.workosId === undefined && !isAccountClosed(user)) ?? null;
}

/** Takes over what the profile says; what it does not say stays. */
export async function applyProfile(
  ctx: MutationCtx,
  user: Doc<"users">,
  { email: address, emailVerified, name }: WorkosProfile,
): Promise<Doc<"users">> {
  const email = address === undefined ? undefined : normalEmail(address);
  const changed = {
    ...(email && email !== user.email ? { email } : {}),
    ...(name && name !== user.name ? { name } : {}),
    ...(email && emailVerified && user.emailVerificationTime === undefined
      ? { emailVerificationTime: Date.now() }
      : {}),
  };
  if (Object.keys(changed).length === 0) return user;
  await ctx.db.patch("users", user._id, changed);
  return { ...user, ...changed };
}
