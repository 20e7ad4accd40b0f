import { calculateRateLimit, RateLimiter } from "@convex-dev/rate-limiter";
import { v, type Infer } from "convex/values";
import { components } from "../../_generated/api";
import type { Doc } from "../../_generated/dataModel";
import { env, type MutationCtx, type QueryCtx } from "../../_generated/server";
import { AppError } from "../../errors";
import * as Tombstones from "../tombstones";
import { LIMIT_CLASSES, type LimitClass } from "../../lib/enums";
import { sha256 } from "../../lib/hash";
import { record } from "../../lib/record";
import { DAY_MS } from "../../lib/time";

/**
 * Rate limits of users, by class of endpoint. The arithmetic is the rate limiter component's. The state is
 * in the log line that every request writes anyway (`limitClass`, `remaining`), so that counting costs one
 * read and no row; the component's own row would double what a read request writes. The request that uses
 * up a limit sets `limitedUntil` in the user's row, which every request reads, so refusing costs no
 * further read.
 */

export const vLimitClass = v.union(
  v.literal("none"),
  ...LIMIT_CLASSES.map((name) => v.literal(name)),
);

/** The state of a limit after a request; `resetMs` is the time until the window ends. */
export const vLimitState = v.object({
  class: v.string(),
  limit: v.number(),
  windowMs: v.number(),
  remaining: v.number(),
  resetMs: v.number(),
});
export type LimitState = Infer<typeof vLimitState>;

const WINDOW_MS = 60_000;

/**
 * Requests per minute. Plugins do not retry refused requests, so `/sync/*` has no limit unless the operator
 * sets one. The other limits stop a runaway script and are too high for people to reach.
 */
const LIMITS: { readonly [name in LimitClass]: { perMinute: number | null; variable: Variable } } =
  {
    sync: { perMinute: null, variable: "RATE_LIMIT_SYNC" },
    read: { perMinute: 600, variable: "RATE_LIMIT_READ" },
    search: { perMinute: 300, variable: "RATE_LIMIT_SEARCH" },
    export: { perMinute: 120, variable: "RATE_LIMIT_EXPORT" },
  };
type Variable = Extract<keyof typeof env, `RATE_LIMIT_${string}`>;

/** Returns the requests per minute of this class, or null for no limit. */
function limitOf(name: Infer<typeof vLimitClass>): number | null {
  if (name === "none") return null;
  const { perMinute, variable } = LIMITS[name];
  return readLimit(env[variable], perMinute);
}

/** The requests per minute of every class; null for no limit. */
export function allLimits() {
  return record(LIMIT_CLASSES, (name) => ({ perMinute: limitOf(name) }));
}

/** Reads a limit: null for none (`0` or `off`). Anything but a number counts as unset. */
function readLimit(variable: string | undefined, unset: number | null): number | null {
  const text = variable?.trim().toLowerCase();
  if (text === "off" || text === "0") return null;
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : unset;
}

/** Windows begin with the minute (UTC), so that their end is known without state. */
function windowConfig(rate: number) {
  return { kind: "fixed window" as const, rate, period: WINDOW_MS, start: 0 };
}

/** What each class counts, for people. */
const REQUESTS: { readonly [name in Infer<typeof vLimitClass>]: string } = {
  none: "requests",
  sync: "syncs",
  read: "reads",
  search: "searches",
  export: "exports",
};

/** Throws 429 if the user has used up the limit of this class. Reads the clock only for a user who recently has. */
export function refuseIfLimited(user: Doc<"users">, name: Infer<typeof vLimitClass>): void {
  const until = name === "none" ? undefined : user.limitedUntil?.[name];
  if (until === undefined) return;
  const retryAfterMs = until - Date.now();
  const limit = limitOf(name);
  // No window is longer: the clock was set back since.
  const isOver = retryAfterMs <= 0 || retryAfterMs > WINDOW_MS;
  if (isOver || limit === null) return;
  const seconds = Math.ceil(retryAfterMs / 1_000);
  const message = `${limit} ${REQUESTS[name]} a minute are used up; try again in ${seconds} s`;
  throw new AppError("RATE_LIMITED", message, { retryAfterMs });
}

/** Counts one request of a user, for its log line; null if the class has no limit. */
export async function count(
  ctx: MutationCtx,
  user: Doc<"users">,
  name: Infer<typeof vLimitClass>,
): Promise<LimitState | null> {
  const limit = limitOf(name);
  if (name === "none" || limit === null) return null;
  const now = Date.now();
  const last = await ctx.db
    .query("apiLogs")
    .withIndex("by_user_and_limit_class", (q) => q.eq("userId", user._id).eq("limitClass", name))
    .order("desc")
    .first();
  const ts = windowStart(last?._creationTime ?? 0);
  // A window of the future would never end: the clock was set back since.
  const state = last && ts <= now ? { value: last.remaining ?? 0, ts } : null;
  const { value } = calculateRateLimit(state, windowConfig(limit), now, 1);
  const remaining = Math.max(0, Math.floor(value));
  const resetMs = windowStart(now) + WINDOW_MS - now;
  if (remaining === 0) {
    const limitedUntil = { ...user.limitedUntil, [name]: now + resetMs };
    await ctx.db.patch("users", user._id, { limitedUntil });
  }
  return { class: name, limit, windowMs: WINDOW_MS, remaining, resetMs };
}

function windowStart(at: number): number {
  return Math.floor(at / WINDOW_MS) * WINDOW_MS;
}

/** Returns the state of a limit for a request that it refused. */
export function refusedState(
  name: Infer<typeof vLimitClass>,
  retryAfterMs: number,
): LimitState | null {
  const limit = limitOf(name);
  if (limit === null) return null;
  return { class: name, limit, windowMs: WINDOW_MS, remaining: 0, resetMs: retryAfterMs };
}

const limiter = new RateLimiter(components.rateLimiter);

/** Requests to WorkOS per minute that all callers without an account can cause together. */
const SIGN_INS_A_MINUTE = 120;

/**
 * Counts one request to WorkOS that anyone can cause (a sign-in code, an unknown token); throws 429 beyond
 * the limit. All callers share the limit, because functions do not see IP addresses. A refused attempt
 * writes nothing.
 */
export async function countSignInAttempt(ctx: MutationCtx): Promise<void> {
  const rate = signInLimit();
  if (rate === null) return;
  const config = { kind: "token bucket" as const, rate, period: WINDOW_MS, capacity: rate };
  const { ok, retryAfter } = await limiter.limit(ctx, "signIn", { config });
  if (ok) return;
  throw new AppError("RATE_LIMITED", "Too many sign-ins; try again later", {
    retryAfterMs: retryAfter,
  });
}

function signInLimit(): number | null {
  return readLimit(env.RATE_LIMIT_SIGN_IN, SIGN_INS_A_MINUTE);
}

/** Longest lifetime of an AuthKit access token: 24 hours. */
export const TOMBSTONE_MS = DAY_MS;
const TOMBSTONE = "deletedAccount";
const TOMBSTONE_CONFIG = {
  kind: "token bucket" as const,
  rate: 1,
  period: TOMBSTONE_MS,
  capacity: 1,
};

/**
 * Records that the account of this identity was deleted, so that a token issued before does not recreate
 * it. Stores only a hash of the identity, until `forgetDeleted`.
 */
export async function rememberDeleted(ctx: MutationCtx, identity: string): Promise<string> {
  const key = await sha256(identity);
  await Tombstones.remember(ctx, { key, expiresAt: Date.now() + TOMBSTONE_MS });
  return key;
}

/** Whether the account of this identity was deleted within the lifetime of its tokens. */
export async function isDeleted(ctx: QueryCtx, identity: string): Promise<boolean> {
  const key = await sha256(identity);
  if (await Tombstones.isRemembered(ctx, key)) return true;
  // Version 1 kept tombstones in the rate limiter; the last expire a day after the update.
  return !(await limiter.check(ctx, TOMBSTONE, { key, config: TOMBSTONE_CONFIG })).ok;
}

/** Removes the record of a deleted identity, by the key that `rememberDeleted` returned. */
export async function forgetDeleted(ctx: MutationCtx, key: string): Promise<void> {
  await Tombstones.forget(ctx, key);
  await limiter.reset(ctx, TOMBSTONE, { key });
}
