import { v, type Infer } from "convex/values";
import type { Doc } from "../_generated/dataModel";
import { env, type MutationCtx, type QueryCtx } from "../_generated/server";
import { unauthorized } from "../errors";
import { sha256 } from "../lib/hash";

/** Who calls over HTTP: the hash of an API key, or a token whose identity Convex has verified. */
export const vCaller = v.union(
  v.object({ kind: v.literal("key"), hash: v.string(), prefix: v.string() }),
  v.object({ kind: v.literal("token") }),
);
export type Caller = Infer<typeof vCaller>;

/** The user of a caller, or null. */
export async function findCaller(ctx: QueryCtx, caller: Caller): Promise<Doc<"users"> | null> {
  if (caller.kind === "token") return await findViewer(ctx);
  return await ctx.db
    .query("users")
    .withIndex("by_api_key", (q) => q.eq("apiKey", caller.hash))
    .unique();
}

/** The user of a caller; 401 for everyone else. */
export async function requireCaller(ctx: QueryCtx, caller: Caller): Promise<Doc<"users">> {
  const user = await findCaller(ctx, caller);
  if (user === null) throw unauthorized();
  return user;
}

/**
 * The signed-in user, or null. The one place that knows both issuers: a Convex Auth subject is
 * `userId|sessionId`, any other verified issuer is WorkOS, whose subject is the WorkOS user id.
 */
export async function findViewer(ctx: QueryCtx): Promise<Doc<"users"> | null> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) return null;
  if (identity.issuer === env.CONVEX_SITE_URL) {
    const id = ctx.db.normalizeId("users", identity.subject.split("|")[0] ?? "");
    return id && (await ctx.db.get("users", id));
  }
  return await ctx.db
    .query("users")
    .withIndex("by_workos_id", (q) => q.eq("workosId", identity.subject))
    .unique();
}

/** The signed-in user; 401 for everyone else. */
export async function requireViewer(ctx: QueryCtx): Promise<Doc<"users">> {
  const user = await findViewer(ctx);
  if (user === null) throw unauthorized();
  return user;
}

/** Characters of a key after `osk_`: 32 of 64 symbols are 192 bits. */
const KEY_LENGTH = 32;
const KEY_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Characters of a key that are stored and shown. */
const KEY_PREFIX_LENGTH = 12;

/** A new API key and what is stored of it. The key itself is never stored. */
export async function newApiKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_LENGTH));
  const key = `osk_${Array.from(bytes, (byte) => KEY_ALPHABET[byte & 63]).join("")}`;
  return { key, hash: await sha256(key), prefix: key.slice(0, KEY_PREFIX_LENGTH) };
}

/** The user with this e-mail address, made if there is none, with a new key in place of the old. */
export async function createWithApiKey(
  ctx: MutationCtx,
  { email, name }: { email: string; name?: string },
) {
  const { key, hash, prefix } = await newApiKey();
  const keyFields = { apiKey: hash, apiKeyPrefix: prefix, apiKeyCreatedAt: Date.now() };
  const existing = await ctx.db
    .query("users")
    .withIndex("email", (q) => q.eq("email", email))
    .first();
  const userId =
    existing?._id ?? (await ctx.db.insert("users", { email, ...(name ? { name } : {}) }));
  await ctx.db.patch("users", userId, keyFields);
  return { userId, apiKey: key };
}
