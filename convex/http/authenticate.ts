import type { ActionCtx } from "../_generated/server";
import { AppError, unauthorized } from "../errors";
import { API_KEY_MARK, apiKeyPrefix } from "../lib/accounts/apiKey";
import { sha256 } from "../lib/hash";
import type { Caller } from "../wire/caller";

export type { Caller };

/**
 * Reads the `Authorization` header. Whether a key exists is decided later, in the same transaction
 * as the request. Every invalid credential gets the same answer.
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

/** Whether the request has a verified token. Convex throws here when it could not verify one. */
async function hasIdentity(ctx: ActionCtx): Promise<boolean> {
  try {
    return (await ctx.auth.getUserIdentity()) !== null;
  } catch {
    return false;
  }
}
