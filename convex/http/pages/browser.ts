import { env } from "../../_generated/server";
import { AppError } from "../../errors";
import { sha256 } from "../../lib/hash";
import type { Caller } from "../authenticate";

/**
 * The cookie of a signed-in browser. With `__Host-` in its name, browsers reject it from other
 * hosts and over plain HTTP; on `http://127.0.0.1` only the plain name works.
 */
const SECURE_NAME = "__Host-opensync";
const PLAIN_NAME = "opensync";

/** The shape of a token. Other values are not looked up. */
const TOKEN = /^[\w-]{43}$/;

/**
 * The caller according to the cookie. Whether the token is valid is decided in the transaction of
 * the request.
 */
export async function browserOf(request: Request): Promise<Caller | null> {
  const token = tokenOf(request);
  return token === undefined ? null : { kind: "browser", hash: await sha256(token) };
}

function tokenOf(request: Request): string | undefined {
  const wanted = isSecure(request) ? SECURE_NAME : PLAIN_NAME;
  for (const pair of (request.headers.get("Cookie") ?? "").split(";")) {
    const [name, value = ""] = pair.trim().split("=", 2);
    if (name === wanted && TOKEN.test(value)) return value;
  }
  return undefined;
}

/** The header that signs a browser in with this token. */
export function signedIn(request: Request, token: string, lifetimeMs: number): string {
  return cookie(request, token, Math.floor(lifetimeMs / 1_000));
}

/** The header that removes the token from a browser. */
export function signedOut(request: Request): string {
  return cookie(request, "", 0);
}

function cookie(request: Request, value: string, maxAge: number): string {
  const secure = isSecure(request);
  const name = secure ? SECURE_NAME : PLAIN_NAME;
  const flags = `Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict`;
  return `${name}=${value}; ${flags}${secure ? "; Secure" : ""}`;
}

/** Whether the browser uses HTTPS, possibly to a proxy in front of us. */
function isSecure(request: Request): boolean {
  const forwarded = request.headers.get("X-Forwarded-Proto");
  return new URL(request.url).protocol === "https:" || forwarded === "https";
}

/**
 * Rejects a change requested by another site's page. Browsers send `Origin` with every POST, so a
 * request without it does not come from our pages.
 */
export function requireSameOrigin(request: Request): void {
  const origin = hostOf(request.headers.get("Origin") ?? "");
  const own = [request.url, env.CONVEX_SITE_URL].map((address) => hostOf(address ?? ""));
  own.push(request.headers.get("Host") ?? undefined);
  if (origin === undefined || !own.includes(origin)) {
    throw new AppError("FORBIDDEN", "This change was requested by another site.");
  }
}

function hostOf(address: string): string | undefined {
  try {
    return new URL(address).host || undefined;
  } catch {
    return undefined;
  }
}
