import { v, type Infer } from "convex/values";
import { internal } from "../../_generated/api";
import type { Doc, Id } from "../../_generated/dataModel";
import { env, type MutationCtx } from "../../_generated/server";
import { AppError } from "../../errors";
import { readAddress, type Address } from "../../lib/accounts/address";
import { decideAccount, type AccountDecision } from "../../lib/accounts/decideAccount";
import { workosBase } from "../../lib/accounts/workos";
import { accountRow, findByWorkosId, findLink, listByAddress, WORKOS } from "./accountRows";
import { moveEmptyAccount } from "./mergeAccounts";
import { isDeleted } from "./rateLimits";

/**
 * Accounts of people who sign in with WorkOS, by an AuthKit token or by a Convex Auth session created from
 * an AuthKit code. `authAccounts` maps a WorkOS user id to an account; `users.workosId` has the same id.
 */

/** A person's profile from WorkOS. Absent fields are unknown and change nothing. */
export const vWorkosProfile = v.object({
  workosId: v.string(),
  email: v.optional(v.string()),
  emailVerified: v.optional(v.boolean()),
  name: v.optional(v.string()),
  /** When WorkOS last changed the person, ms; absent in tokens. */
  updatedAt: v.optional(v.number()),
});
export type WorkosProfile = Infer<typeof vWorkosProfile>;

/** Whether a verified token comes from AuthKit, by either of its two issuers. */
export function isWorkosIssuer(issuer: string): boolean {
  const base = workosBase(env.WORKOS_API_URL);
  return issuer.replace(/\/$/, "") === base || issuer.startsWith(`${base}/user_management/`);
}

/** Whether the profile contains a verified address; otherwise WorkOS is asked before an account is created. */
export function hasVerifiedAddress({ email, emailVerified }: WorkosProfile): boolean {
  return readAddress(email, emailVerified).kind === "verified";
}

/**
 * Returns the up-to-date account of a person who signs in. Creates it, or takes over an existing one, if
 * `decideAccount` says so. Throws 401 for an identity whose account was deleted, while its old tokens may
 * still be valid.
 */
export async function signInWorkosUser(
  ctx: MutationCtx,
  profile: WorkosProfile,
): Promise<Doc<"users">> {
  const wasDeleted = await isDeleted(ctx, profile.workosId);
  const user = await apply(ctx, profile, { kind: "signIn", wasDeleted });
  if (user === null) {
    throw new AppError("UNAUTHORIZED", "This account was deleted; sign up again tomorrow");
  }
  return user;
}

/** Updates a known person's account from a profile or webhook, and returns it; null for unknown people. */
export async function updateWorkosUser(
  ctx: MutationCtx,
  profile: WorkosProfile,
): Promise<Doc<"users"> | null> {
  return await apply(ctx, profile, { kind: "notice" });
}

/** Schedules a request for the person's profile, for an account that a mutation created without it. */
export async function scheduleProfile(ctx: MutationCtx, profile: WorkosProfile): Promise<void> {
  if (!env.WORKOS_API_KEY || hasVerifiedAddress(profile)) return;
  const { workosId } = profile;
  await ctx.scheduler.runAfter(0, internal.workos.fillProfile, { workosId });
}

type Occasion = { kind: "signIn"; wasDeleted: boolean } | { kind: "notice" };

async function apply(
  ctx: MutationCtx,
  profile: WorkosProfile,
  occasion: Occasion,
): Promise<Doc<"users"> | null> {
  const { workosId } = profile;
  const own = await findByWorkosId(ctx, workosId);
  if (own !== null && isOutdated(own, profile)) return own;
  const address = readAddress(profile.email, profile.emailVerified);
  const decision = await decide(ctx, { own, workosId, address, occasion });
  const userId = await carryOut(ctx, decision, workosId);
  const user = userId && (await ctx.db.get("users", userId));
  return user && (await applyProfile(ctx, user, profile, address));
}

/** Whether the account has a newer profile, because webhooks arrive in any order, and tokens have no time. */
function isOutdated(user: Doc<"users">, { updatedAt }: WorkosProfile): boolean {
  const { workosUpdatedAt } = user;
  return workosUpdatedAt !== undefined && (updatedAt === undefined || updatedAt < workosUpdatedAt);
}

async function decide(
  ctx: MutationCtx,
  about: { own: Doc<"users"> | null; workosId: string; address: Address; occasion: Occasion },
): Promise<AccountDecision> {
  const { own, workosId, address, occasion } = about;
  const same =
    address.kind === "verified"
      ? await listByAddress(ctx, address.address)
      : { users: [], isComplete: true };
  const others = same.users.filter(({ _id }) => _id !== own?._id);
  const users = own ? [own, ...others] : others;
  const rows = await Promise.all(users.map((user) => accountRow(ctx, user)));
  return decideAccount({ ...occasion, workosId, address }, rows, same.isComplete);
}

/** Carries out a decision; returns the account's id, or null if there is no account to use. */
async function carryOut(
  ctx: MutationCtx,
  decision: AccountDecision,
  workosId: string,
): Promise<Id<"users"> | null> {
  switch (decision.kind) {
    case "use":
      return await link(ctx, decision.id, workosId);
    case "takeOver":
      return await link(ctx, decision.id, workosId);
    case "create":
      return await link(ctx, await ctx.db.insert("users", { workosId }), workosId);
    case "merge": {
      const [from, into] = [await user(ctx, decision.from), await user(ctx, decision.into)];
      if (from === null || into === null) return null;
      await moveEmptyAccount(ctx, from, into);
      return await link(ctx, into._id, workosId);
    }
    case "none":
    case "closed":
    case "ambiguous":
      return null;
  }
}

async function user(ctx: MutationCtx, id: string): Promise<Doc<"users"> | null> {
  const userId = ctx.db.normalizeId("users", id);
  return userId && (await ctx.db.get("users", userId));
}

/** Links a WorkOS user id to an account, in `users` and in `authAccounts`. */
async function link(ctx: MutationCtx, id: string, workosId: string): Promise<Id<"users"> | null> {
  const account = await user(ctx, id);
  if (account === null) return null;
  const { _id: userId } = account;
  if (account.workosId !== workosId) await ctx.db.patch("users", userId, { workosId });
  const known = await findLink(ctx, workosId);
  if (known === null) {
    const ids = { userId, provider: WORKOS, providerAccountId: workosId };
    await ctx.db.insert("authAccounts", ids);
  } else if (known.userId !== userId) {
    await ctx.db.patch("authAccounts", known._id, { userId });
  }
  return userId;
}

/** Stores the fields of the profile; keeps the others. */
async function applyProfile(
  ctx: MutationCtx,
  account: Doc<"users">,
  { name, updatedAt }: WorkosProfile,
  address: Address,
): Promise<Doc<"users">> {
  const changed = {
    ...changedAddress(account, address),
    ...(name && name !== account.name ? { name } : {}),
    ...(updatedAt !== undefined && updatedAt !== account.workosUpdatedAt
      ? { workosUpdatedAt: updatedAt }
      : {}),
  };
  if (Object.keys(changed).length === 0) return account;
  await ctx.db.patch("users", account._id, changed);
  return { ...account, ...changed };
}

/**
 * Stores only a verified address in `email`, because accounts are found by it. An unverified address is
 * stored separately, for its owner to see; if it differs from the verified one, it replaces that one.
 */
function changedAddress(account: Doc<"users">, address: Address) {
  if (address.kind === "unknown") return {};
  const { email, emailVerificationTime, unverifiedEmail } = account;
  const isSame = email === address.address && emailVerificationTime !== undefined;
  if (address.kind === "verified") {
    if (isSame && unverifiedEmail === undefined) return {};
    const time = isSame ? emailVerificationTime : Date.now();
    return { email: address.address, emailVerificationTime: time, unverifiedEmail: undefined };
  }
  if (isSame || unverifiedEmail === address.address) return {};
  const unverified = { unverifiedEmail: address.address };
  return { ...unverified, email: undefined, emailVerificationTime: undefined };
}
