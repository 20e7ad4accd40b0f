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
  return cookiesOf(request, "").find((value) => TOKEN.test(value));
}

/** The values of our cookie of this kind; a browser may send several. */
function cookiesOf(request: Request, kind: "" | typeof STATE): string[] {
  const wanted = nameOf(request, kind);
  return (request.headers.get("Cookie") ?? "").split(";").flatMap((pair) => {
    const [name, value = ""] = pair.trim().split("=", 2);
    return name === wanted ? [value] : [];
  });
}

const nameOf = (request: Request, kind: "" | typeof STATE) =>
  `${isSecure(request) ? SECURE_NAME : PLAIN_NAME}${kind}`;

/** The header that signs a browser in with this token. */
export function signedIn(request: Request, token: string, lifetimeMs: number): string {
  return cookie(request, { value: token, maxAge: Math.floor(lifetimeMs / 1_000) });
}

/** The header that removes the token from a browser. */
export function signedOut(request: Request): string {
  return cookie(request, { value: "", maxAge: 0 });
}

/** A sign-in at WorkOS that this browser began: what WorkOS must send back, and the page to return to. */
export type BegunSignIn = { state: string; to: string };

const STATE = "-state";
/** People may need a while to sign in there. */
const STATE_SECONDS = 1_800;

/** The header that remembers a begun sign-in; null forgets it. It is `Lax`, because WorkOS's site leads back. */
export function begunSignIn(request: Request, begun: BegunSignIn | null): string {
  const value = begun === null ? "" : `${begun.state}.${encodeURIComponent(begun.to)}`;
  const maxAge = begun === null ? 0 : STATE_SECONDS;
  return cookie(request, { kind: STATE, value, maxAge, sameSite: "Lax" });
}

/** The page to return to, if this browser began the sign-in with this state; otherwise undefined. */
export function returnOfSignIn(request: Request, state: string): string | undefined {
  const found = cookiesOf(request, STATE).find((value) => value.startsWith(`${state}.`));
  if (!TOKEN.test(state) || found === undefined) return undefined;
  return decodeURIComponent(found.slice(state.length + 1));
}

type Cookie = {
  kind?: typeof STATE;
  value: string;
  maxAge: number;
  sameSite?: "Strict" | "Lax";
};

function cookie(request: Request, { kind, value, maxAge, sameSite = "Strict" }: Cookie): string {
  const flags = `Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=${sameSite}`;
  return `${nameOf(request, kind ?? "")}=${value}; ${flags}${isSecure(request) ? "; Secure" : ""}`;
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
