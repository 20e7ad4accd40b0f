import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { totalsOf } from "../../lib/stats/totals";
import { cutBytes, wellFormed } from "../../lib/text";
import { readSource } from "../../wire/sources";
import { timeZoneOf } from "./timeZone";
import { isConfigured } from "../embedding/schedule";
import { statistics } from "../stats/dashboardDays";
import { withHash } from "./apiKeys";
import { findDeletion } from "./deletionState";
import { allLimits } from "./rateLimits";
import { type Caller, claimsOf, findAccount } from "./users";
import { isWorkosIssuer, updateWorkosUser } from "./workosUsers";

/** Reads and changes of a signed-in person's own account. */

/** Returns the caller's account, even while it is being deleted; null if signed out. */
export async function me(ctx: QueryCtx) {
  const user = await findAccount(ctx);
  if (user === null) return null;
  const { _id, name, image, enabledAgents } = user;
  const email = user.email ?? user.unverifiedEmail;
  const deletion = await findDeletion(ctx, user);
  return {
    _id,
    hasApiKey: user.apiKey !== undefined,
    apiKeyPrefix: user.apiKeyPrefix,
    createdAt: user._creationTime,
    email,
    name,
    avatarUrl: image,
    enabledAgents,
    deletionStatus: deletion?.status,
    deletionProgress: deletion?.progress,
    deletionError: deletion?.error,
  };
}

/**
 * Stores the address and name from the caller's token, unless a newer profile is stored. Returns the account, which
 * is another one than before if the address has led to a merge.
 */
export async function refreshFromToken(
  ctx: MutationCtx,
  user: Doc<"users">,
): Promise<Doc<"users">> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null || !isWorkosIssuer(identity.issuer)) return user;
  return (await updateWorkosUser(ctx, claimsOf(identity))) ?? user;
}

/** Counts the user's sessions and messages, from the ledger of days. */
export async function totals(ctx: QueryCtx, user: Doc<"users">) {
  const { sessions, messages } = totalsOf((await statistics(ctx, user, {})).rows);
  return { sessionCount: sessions, messageCount: messages };
}

/** Describes the account of an API caller: whose key it is, what it may do, and, if asked, what is stored. */
export async function whoami(
  ctx: QueryCtx,
  user: Doc<"users">,
  { caller, counts }: { caller: Caller; counts: boolean },
) {
  const key = caller.kind === "key" ? await withHash(ctx, user, caller.hash) : null;
  const stored = counts ? await totals(ctx, user) : null;
  return {
    address: user.email ?? user.unverifiedEmail ?? null,
    name: user.name ?? null,
    key: key && {
      prefix: key.prefix,
      name: key.name ?? null,
      createdAt: key.createdAt,
    },
    limits: allLimits(),
    ...(stored ? { counts: { sessions: stored.sessionCount, messages: stored.messageCount } } : {}),
    timeZone: timeZoneOf(user),
    embeddings: isConfigured(),
  };
}

/** Bounds of the list of a person's tools. Ids are free text, like sources. */
const AGENTS_MAX = 100;
const AGENT_MAX_BYTES = 100;

/** Replaces the list of the user's tools: distinct ids, in the order given. */
export async function setEnabledAgents(
  ctx: MutationCtx,
  user: Doc<"users">,
  agents: readonly string[],
): Promise<void> {
  const ids = agents.map((agent) =>
    readSource(cutBytes(wellFormed(agent).trim(), AGENT_MAX_BYTES)),
  );
  const distinct = new Set(ids.filter((id): id is string => id !== undefined && id !== ""));
  const enabledAgents = Array.from(distinct).slice(0, AGENTS_MAX);
  await ctx.db.patch("users", user._id, { enabledAgents });
}
