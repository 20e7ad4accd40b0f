import type { ActionCtx } from "../_generated/server";
import { AppError, unauthorized } from "../errors";
import { API_KEY_MARK, apiKeyPrefix } from "../lib/accounts/apiKey";
import { sha256 } from "../lib/hash";
import type { Caller } from "../wire/caller";

export type { Caller };

/**
 * Reads the `Authorization` header. Whether a key exists is decided where the request runs, in the
 * same transaction. Any wrong credential gets the same answer.
 */
export async function authenticate(ctx: ActionCtx, request: Request): Promise<Caller> {
  const header = request.headers.get("Authorization");
  if (header === null || header.trim() === "") {
    throw new AppError("UNAUTHORIZED", "Missing Authorization header");
  }
  const token = /^\s*bearer\s+(\S+)\s*$/i.exec(header)?.[1];
  if (token === undefined) throw unauthorized();
  if (token.startsWith(API_KEY_MARK)) {
    return { kind: "key", hash: await sha256(token), prefix: apiKeyPrefix(token) };
  }
  if (!(await hasIdentity(ctx))) throw unauthorized();
  return { kind: "token" };
}

/** Convex throws here for a token it could not verify; it has no other way to say so. */
async function hasIdentity(ctx: ActionCtx): Promise<boolean> {
  try {
    return (await ctx.auth.getUserIdentity()) !== null;
  } catch {
    return false;
  }
}
