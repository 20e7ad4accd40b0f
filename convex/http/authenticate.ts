import type { ActionCtx } from "../_generated/server";
import { AppError, unauthorized } from "../errors";
import { API_KEY_MARK, apiKeyPrefix } from "../lib/accounts/apiKey";
import { sha256 } from "../lib/hash";
import type { Caller } from "../wire/caller";

export type { Caller };

/**
 * Reads the key or token of a request: `Authorization: Bearer`, `Basic` with the key as user or password, or
 * `X-API-Key`. Whether a key exists is decided later, in the same transaction as the request. Every invalid
 * credential gets the same answer.
 */
export async function authenticate(ctx: ActionCtx, { headers }: Request): Promise<Caller> {
  const token = tokenOf(headers);
  if (token === undefined) throw unauthorized();
  if (token.startsWith(API_KEY_MARK)) {
    return { kind: "key", hash: await sha256(token), prefix: apiKeyPrefix(token) };
  }
  if (!(await hasIdentity(ctx))) throw unauthorized();
  return { kind: "token" };
}

/** The credential of a request; throws if none was sent. */
function tokenOf(headers: Headers): string | undefined {
  const header = headers.get("Authorization")?.trim() ?? "";
  const apiKey = headers.get("X-API-Key")?.trim() ?? "";
  if (header === "" && apiKey === "") throw new AppError("UNAUTHORIZED", NO_KEY);
  if (header === "") return apiKey.startsWith(API_KEY_MARK) ? apiKey : undefined;
  const basic = /^basic\s+([\w+/=-]+)$/i.exec(header)?.[1];
  if (basic !== undefined) return keyIn(basic);
  return /^bearer\s+(\S+)$/i.exec(header)?.[1];
}

const NO_KEY =
  "No API key was sent. Send `Authorization: Bearer osk_…`; make a key with `npm run key` or in the settings";

/** The key in credentials of Basic authentication, as user or as password. */
function keyIn(credentials: string): string | undefined {
  const [user = "", ...password] = decodeBase64(credentials).split(":");
  return [user, password.join(":")].find((one) => one.startsWith(API_KEY_MARK));
}

function decodeBase64(text: string): string {
  try {
    return atob(text);
  } catch {
    return "";
  }
}

/** Whether the request has a verified token. Convex throws here when it could not verify one. */
async function hasIdentity(ctx: ActionCtx): Promise<boolean> {
  try {
    return (await ctx.auth.getUserIdentity()) !== null;
  } catch {
    return false;
  }
}
