import { trimEndWhere } from "../../lib/text";
import type { UserIdentity } from "convex/server";
import { v, type Infer, type ObjectType } from "convex/values";
import type { Doc } from "../../_generated/dataModel";
import { env, type MutationCtx, type QueryCtx } from "../../_generated/server";
import { AppError, invalidField, notFound, unauthorized } from "../../errors";
import { isAddress, normalAddress } from "../../lib/accounts/address";
import { decideAccount } from "../../lib/accounts/decideAccount";
import { accountRow, findByWorkosId, listByAddress } from "./accountRows";
import { findUserByKey, setFirst, create as createKey, list as listOwnKeys } from "./apiKeys";
import { findUserByBrowser } from "./browserSessions";
import { isAccountClosed } from "./deletionState";
import { isDeleted, refuseIfLimited, vLimitClass } from "./rateLimits";
import {
  isWorkosIssuer,
  scheduleProfile,
  signInWorkosUser,
  type WorkosProfile,
} from "./workosUsers";

/**
 * The caller of an HTTP request: the hash of an API key, a browser's token hash, or a token whose identity
 * Convex has verified. `limit` is the class the request counts against.
 */
const limited = { limit: v.optional(vLimitClass) };
export const vCaller = v.union(
  v.object({ kind: v.literal("key"), hash: v.string(), prefix: v.string(), ...limited }),
  v.object({ kind: v.literal("token"), ...limited }),
  v.object({ kind: v.literal("browser"), hash: v.string(), ...limited }),
);
export type Caller = Infer<typeof vCaller>;

/** Returns the user of a caller, or null. */
export async function findCaller(ctx: QueryCtx, caller: Caller): Promise<Doc<"users"> | null> {
  switch (caller.kind) {
    case "token":
      return await findViewer(ctx);
    case "key":
      return present(await findUserByKey(ctx, caller.hash));
    case "browser":
      return present(await findUserByBrowser(ctx, caller.hash));
  }
}

/** Returns the user of a caller; 401 for everyone else, 429 for users over their limit. */
export async function requireCaller(ctx: QueryCtx, caller: Caller): Promise<Doc<"users">> {
  const user = await findCaller(ctx, caller);
  if (user === null) throw unauthorized();
  refuseIfLimited(user, caller.limit ?? "none");
  return user;
}

/** Returns the user, or null if the account is being deleted, whatever the credential. */
export function present(user: Doc<"users"> | null): Doc<"users"> | null {
  return user && isAccountClosed(user) ? null : user;
}

/** Returns the signed-in user, or null. */
export async function findViewer(ctx: QueryCtx): Promise<Doc<"users"> | null> {
  return present(await findAccount(ctx));
}

/**
 * Returns the signed-in user's row, even while the account is being deleted. Accepts both kinds of tokens:
 * the subject of a Convex Auth token is `userId|sessionId`, that of an AuthKit token is a WorkOS user id.
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

/**
 * Returns the signed-in user, and creates the account of a new WorkOS identity; throws 401 for everyone
 * else. A mutation cannot request the address from WorkOS, so an action requests the profile afterwards. If
 * an account with that address was created from the command line, the empty one is merged into it.
 */
export async function ensureViewer(ctx: MutationCtx): Promise<Doc<"users">> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) throw unauthorized();
  const known = await findAccount(ctx);
  if (known === null && isWorkosIssuer(identity.issuer)) {
    const claims = claimsOf(identity);
    const user = await signInWorkosUser(ctx, claims);
    await scheduleProfile(ctx, claims);
    return user;
  }
  const user = present(known);
  if (user === null) throw unauthorized();
  return user;
}

/** Returns the claims of a WorkOS identity that has no account yet and may create one, or null. */
export async function findNewcomer(ctx: QueryCtx): Promise<WorkosProfile | null> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null || !isWorkosIssuer(identity.issuer)) return null;
  if ((await findAccount(ctx)) !== null || (await isDeleted(ctx, identity.subject))) return null;
  return claimsOf(identity);
}

/** Returns the claims of an AuthKit token; usually it contains only the user id. */
export function claimsOf({ subject, email, emailVerified, name }: UserIdentity): WorkosProfile {
  return {
    workosId: subject,
    ...(typeof email === "string" && email !== "" ? { email } : {}),
    // Claims are arbitrary JSON: the text "false" must not count as true.
    emailVerified: (emailVerified as unknown) === true,
    ...(typeof name === "string" && name !== "" ? { name } : {}),
  };
}

/** Identifies an account on the command line: by address, or also by id if several have that address. */
export const vNamed = { email: v.optional(v.string()), userId: v.optional(v.id("users")) };
type Named = ObjectType<typeof vNamed>;

/**
 * Creates a key for the account with this address, and the account if it does not exist; throws 400 for an
 * invalid address. Replaces the account's first key, or with `add` adds one to its keys.
 */
export async function createWithApiKey(
  ctx: MutationCtx,
  {
    name,
    add,
    ...named
  }: { email: string; userId?: Named["userId"]; name?: string; add?: boolean },
) {
  const email = operatorAddress(named.email);
  if (!isAddress(email)) throw invalidField("email", "must be an e-mail address");
  const existing = await findNamed(ctx, { ...named, email }, named.userId === undefined);
  const userId =
    existing?._id ?? (await ctx.db.insert("users", { email, ...(name ? { name } : {}) }));
  if (add && existing?.apiKey !== undefined) {
    return { userId, apiKey: (await createKey(ctx, existing, name)).key };
  }
  return { userId, apiKey: await setFirst(ctx, { _id: userId }) };
}

/** Users whose keys one answer lists, if none is named. */
const LISTED_USERS_MAX = 100;

/** Lists the keys of the named user, or of the first users if none is named. */
export async function listKeys(ctx: QueryCtx, named: Named) {
  const isNamed = named.email !== undefined || named.userId !== undefined;
  const users = isNamed
    ? [await requireNamed(ctx, named)]
    : await ctx.db.query("users").take(LISTED_USERS_MAX);
  return await Promise.all(
    users.map(async (user) => ({ email: user.email, keys: await listOwnKeys(ctx, user) })),
  );
}

/** Normalises an address that the operator typed, perhaps with spaces around it. */
function operatorAddress(text: string): string {
  const isSpace = (character: string) => " \t\r\n".includes(character);
  return normalAddress(trimEndWhere(text, isSpace).replace(/^[ \t\r\n]+/, ""));
}

/** Returns the named account; throws 404 if it does not exist, and 409 with their ids if several match. */
export async function requireNamed(ctx: QueryCtx, named: Named): Promise<Doc<"users">> {
  const { email, userId } = named;
  if (email === undefined && userId === undefined) throw invalidField("email", "is missing");
  const address = email === undefined ? undefined : operatorAddress(email);
  const user = await findNamed(ctx, { userId, email: address }, false);
  if (user === null) throw notFound("User");
  return user;
}

async function findNamed(
  ctx: QueryCtx,
  { email, userId }: Named,
  mayCreate: boolean,
): Promise<Doc<"users"> | null> {
  const none = { users: [], isComplete: true };
  const { users, isComplete } = email === undefined ? none : await listByAddress(ctx, email);
  const named = userId && (await ctx.db.get("users", userId));
  const all = named ? [named, ...users.filter(({ _id }) => _id !== named._id)] : users;
  const rows = await Promise.all(all.map((user) => accountRow(ctx, user)));
  const decision = decideAccount(
    { kind: "commandLine", email, userId, mayCreate },
    rows,
    isComplete,
  );
  switch (decision.kind) {
    case "use":
      return all.find(({ _id }) => _id === decision.id) ?? null;
    case "ambiguous": {
      const ids = decision.ids.join(", ");
      throw new AppError(
        "CONFLICT",
        `Several users have this address; add the userId of one: ${ids}`,
      );
    }
    case "create":
      return null;
    default:
      if (mayCreate || userId === undefined) return null;
      throw notFound("User");
  }
}
