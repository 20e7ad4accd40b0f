import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { notFound } from "../../errors";
import { sha256 } from "../../lib/hash";
import { randomId } from "../../lib/randomId";
import { cutBytes, oneLine, wellFormed } from "../../lib/text";
import { DAY_MS } from "../../lib/time";

/**
 * Browsers that are signed in. A key, or a sign-in link that works once, is exchanged for a random token
 * that the browser keeps in a cookie; the table contains only its SHA-256 hash.
 */

/** How long a browser stays signed in. */
export const BROWSER_SESSION_MS = 30 * DAY_MS;
/** How long a sign-in link works. */
export const LINK_MS = 3_600_000;
/** Browsers that one user may have signed in; signing in another signs out the oldest. */
const SESSIONS_MAX = 50;
const LABEL_MAX_BYTES = 120;

/** Characters of a token: 43 of 64 symbols are 258 bits. */
const TOKEN_CHARS = 43;

type User = Pick<Doc<"users">, "_id">;
type BrowserSession = Doc<"browserSessions">;

/** Returns the user whose browser has this token, or null. */
export async function findUserByBrowser(ctx: QueryCtx, hash: string): Promise<Doc<"users"> | null> {
  const session = await findByHash(ctx, hash);
  if (session === null || session.kind !== "browser" || isOver(session)) return null;
  return await ctx.db.get("users", session.userId);
}

/** Signs in a browser of the user; returns the token, which is not stored. */
export async function signIn(ctx: MutationCtx, user: User, label: string): Promise<string> {
  const browsers = await browsersOf(ctx, user);
  const surplus = Math.max(0, browsers.length - SESSIONS_MAX + 1);
  for (const { _id } of browsers.slice(0, surplus)) await ctx.db.delete("browserSessions", _id);
  return await insert(ctx, user, { kind: "browser", label, lifetime: BROWSER_SESSION_MS });
}

/** Creates a code that signs in one browser, once. */
export async function createLink(ctx: MutationCtx, user: User): Promise<string> {
  return await insert(ctx, user, { kind: "link", label: "", lifetime: LINK_MS });
}

/** Redeems a code and returns its user; null if the code is unknown, used or expired. */
export async function redeemLink(ctx: MutationCtx, hash: string): Promise<Doc<"users"> | null> {
  const link = await findByHash(ctx, hash);
  if (link === null || link.kind !== "link") return null;
  await ctx.db.delete("browserSessions", link._id);
  return isOver(link) ? null : await ctx.db.get("users", link.userId);
}

/** Signs out the browser that has this token. */
export async function signOut(ctx: MutationCtx, hash: string): Promise<void> {
  const session = await findByHash(ctx, hash);
  if (session !== null) await ctx.db.delete("browserSessions", session._id);
}

/** A signed-in browser as its owner sees it. */
type BrowserView = { id: string; label: string; createdAt: number; isCurrent: boolean };

/** Lists the user's signed-in browsers, newest first; `current` is the token hash of the calling browser. */
export async function list(ctx: QueryCtx, user: User, current: string): Promise<BrowserView[]> {
  const browsers = await browsersOf(ctx, user);
  return browsers
    .filter((session) => !isOver(session))
    .reverse()
    .map(({ _id, _creationTime, label, hash }) => ({
      id: _id,
      label,
      createdAt: _creationTime,
      isCurrent: hash === current,
    }));
}

/** Signs out one of the user's browsers. */
export async function remove(ctx: MutationCtx, user: User, id: string): Promise<void> {
  const sessionId = ctx.db.normalizeId("browserSessions", id);
  const session = sessionId && (await ctx.db.get("browserSessions", sessionId));
  if (session?.userId !== user._id) throw notFound("Browser");
  await ctx.db.delete("browserSessions", session._id);
}

/** Rows that the cron deletes at a time. */
const PRUNE_BATCH = 500;

/** Deletes a batch of expired rows; true if there may be more. */
export async function prune(ctx: MutationCtx, now: number): Promise<boolean> {
  // Links expire sooner than browsers, but no row is kept longer than a browser session.
  const old = await ctx.db
    .query("browserSessions")
    .withIndex("by_creation_time", (q) => q.lt("_creationTime", now - BROWSER_SESSION_MS))
    .take(PRUNE_BATCH);
  for (const { _id } of old) await ctx.db.delete("browserSessions", _id);
  return old.length === PRUNE_BATCH;
}

async function insert(
  ctx: MutationCtx,
  user: User,
  made: { kind: BrowserSession["kind"]; label: string; lifetime: number },
): Promise<string> {
  const token = randomId(TOKEN_CHARS);
  await ctx.db.insert("browserSessions", {
    userId: user._id,
    kind: made.kind,
    hash: await sha256(token),
    label: cutBytes(oneLine(wellFormed(made.label)), LABEL_MAX_BYTES),
    expiresAt: Date.now() + made.lifetime,
  });
  return token;
}

const isOver = ({ expiresAt }: BrowserSession) => expiresAt <= Date.now();

async function findByHash(ctx: QueryCtx, hash: string): Promise<BrowserSession | null> {
  return await ctx.db
    .query("browserSessions")
    .withIndex("by_hash", (q) => q.eq("hash", hash))
    .unique();
}

/** Lists the user's browser sessions, oldest first. The rows read include links, which expire within the hour. */
async function browsersOf(ctx: QueryCtx, user: User): Promise<BrowserSession[]> {
  const rows = await ctx.db
    .query("browserSessions")
    .withIndex("by_user", (q) => q.eq("userId", user._id))
    .order("desc")
    .take(2 * SESSIONS_MAX);
  return rows.filter(({ kind }) => kind === "browser").reverse();
}
