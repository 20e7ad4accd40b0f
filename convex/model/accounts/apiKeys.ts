import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import type { User } from "./user";
import { AppError, notFound } from "../../errors";
import { API_KEY_MARK, apiKeyPrefix } from "../../lib/accounts/apiKey";
import { sha256 } from "../../lib/hash";
import { randomId } from "../../lib/randomId";
import { cutBytes, oneLine, wellFormed } from "../../lib/text";

/** Characters of a key after its prefix: 32 of 64 symbols are 192 bits. */
const KEY_LENGTH = 32;
/** Keys that a user may have in addition to the first: one per machine, and room to rotate. */
export const FURTHER_KEYS_MAX = 50;
const NAME_MAX_BYTES = 100;

/** A key as its owner sees it. The key itself is shown only when it is created. */
type KeyView = {
  id: string;
  prefix: string;
  name?: string;
  createdAt: number;
  lastUsedAt?: number;
};

/** Id of the first key in lists; the others have ids of the `apiKeys` table. */
const FIRST = "first";

/** Creates an API key, with the hash and prefix to store. The key itself is never stored. */
async function newApiKey() {
  const key = `${API_KEY_MARK}${randomId(KEY_LENGTH)}`;
  return { key, hash: await sha256(key), prefix: apiKeyPrefix(key) };
}

/** Returns the user whose key has this hash, or null. */
export async function findUserByKey(ctx: QueryCtx, hash: string): Promise<Doc<"users"> | null> {
  const owner = await ctx.db
    .query("users")
    .withIndex("by_api_key", (q) => q.eq("apiKey", hash))
    .unique();
  if (owner !== null) return owner;
  const further = await ctx.db
    .query("apiKeys")
    .withIndex("by_hash", (q) => q.eq("hash", hash))
    .unique();
  return further && (await ctx.db.get("users", further.userId));
}

/** Creates the user's first key. Replaces the previous one, which stops working at once. */
export async function setFirst(ctx: MutationCtx, user: User): Promise<string> {
  const { key, hash, prefix } = await newApiKey();
  await ctx.db.patch("users", user._id, {
    apiKey: hash,
    apiKeyPrefix: prefix,
    apiKeyCreatedAt: Date.now(),
    apiKeyUsedAt: undefined,
  });
  return key;
}

/** Removes the user's first key. */
export async function removeFirst(ctx: MutationCtx, user: User): Promise<void> {
  await ctx.db.patch("users", user._id, {
    apiKey: undefined,
    apiKeyPrefix: undefined,
    apiKeyCreatedAt: undefined,
    apiKeyUsedAt: undefined,
  });
}

/** Removes all of the user's keys; returns how many there were. */
export async function removeAll(ctx: MutationCtx, user: Doc<"users">): Promise<number> {
  const further = await furtherKeys(ctx, user);
  for (const { _id } of further) await ctx.db.delete("apiKeys", _id);
  await removeFirst(ctx, user);
  return further.length + (user.apiKey === undefined ? 0 : 1);
}

/** Lists the user's keys: the first key, then the others, oldest first. */
export async function list(ctx: QueryCtx, user: Doc<"users">): Promise<KeyView[]> {
  const further = await furtherKeys(ctx, user);
  return [...firstOf(user), ...further.map(viewOf)];
}

function firstOf(user: Doc<"users">): KeyView[] {
  const { apiKey, apiKeyPrefix = "", apiKeyCreatedAt = user._creationTime, apiKeyUsedAt } = user;
  const first = { id: FIRST, prefix: apiKeyPrefix, createdAt: apiKeyCreatedAt };
  return apiKey === undefined ? [] : [{ ...first, ...lastUse(apiKeyUsedAt) }];
}

/** The user's key with this hash, or null. */
export async function withHash(ctx: QueryCtx, user: Doc<"users">, hash: string) {
  if (user.apiKey === hash) return firstOf(user)[0] ?? null;
  const key = await ctx.db
    .query("apiKeys")
    .withIndex("by_hash", (q) => q.eq("hash", hash))
    .unique();
  return key && key.userId === user._id ? viewOf(key) : null;
}

function viewOf({ _id, prefix, name, createdAt, usedAt }: Doc<"apiKeys">): KeyView {
  const named = name === undefined ? {} : { name };
  return { id: _id, prefix, createdAt, ...named, ...lastUse(usedAt) };
}

const lastUse = (at: number | undefined) => (at === undefined ? {} : { lastUsedAt: at });

async function furtherKeys(ctx: QueryCtx, user: User) {
  return await ctx.db
    .query("apiKeys")
    .withIndex("by_user", (q) => q.eq("userId", user._id))
    .take(FURTHER_KEYS_MAX);
}

/** Creates an additional key. Only this answer ever contains it. */
export async function create(
  ctx: MutationCtx,
  user: User,
  name: string | undefined,
): Promise<{ id: string; key: string }> {
  if ((await furtherKeys(ctx, user)).length >= FURTHER_KEYS_MAX) {
    throw new AppError("CONFLICT", `A user has at most ${FURTHER_KEYS_MAX} additional keys`);
  }
  const { key, hash, prefix } = await newApiKey();
  const label = cutBytes(oneLine(wellFormed(name ?? "")), NAME_MAX_BYTES);
  const id = await ctx.db.insert("apiKeys", {
    userId: user._id,
    hash,
    prefix,
    createdAt: Date.now(),
    ...(label === "" ? {} : { name: label }),
  });
  return { id, key };
}

/** Replaces one of the user's keys; the old key stops working at once. */
export async function rotate(ctx: MutationCtx, user: Doc<"users">, id: string): Promise<string> {
  if (id === FIRST) {
    if (user.apiKey === undefined) throw notFound("API key");
    return await setFirst(ctx, user);
  }
  const keyId = await requireOwn(ctx, user, id);
  const { key, hash, prefix } = await newApiKey();
  await ctx.db.patch("apiKeys", keyId, {
    hash,
    prefix,
    createdAt: Date.now(),
    usedAt: undefined,
  });
  return key;
}

/** Removes a key; it stops working at once. */
export async function remove(ctx: MutationCtx, user: User, id: string): Promise<void> {
  if (id === FIRST) await removeFirst(ctx, user);
  else await ctx.db.delete("apiKeys", await requireOwn(ctx, user, id));
}

async function requireOwn(ctx: QueryCtx, user: User, id: string): Promise<Id<"apiKeys">> {
  const keyId = ctx.db.normalizeId("apiKeys", id);
  const key = keyId && (await ctx.db.get("apiKeys", keyId));
  if (key?.userId !== user._id) throw notFound("API key");
  return key._id;
}
