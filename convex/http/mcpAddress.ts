import { env } from "../_generated/server";
import { AppError } from "../errors";

/**
 * Rejects requests that another site's page sends from a browser: by `Origin`, or by a `Host` that
 * is not the deployment's, as in DNS rebinding.
 */
export function requireOwnAddress(request: Request): void {
  const { headers, url } = request;
  const own = [url, env.CONVEX_SITE_URL, ...listed(env.MCP_ALLOWED_HOSTS)].map(hostOf);
  const site = hostOf(env.CONVEX_SITE_URL);
  const origin = headers.get("Origin");
  if (origin !== null && !isOwn(hostOf(origin), own)) {
    throw new AppError("FORBIDDEN", "This Origin may not call the MCP endpoint");
  }
  const host = headers.get("Host");
  if (host !== null && site !== undefined && !isOwn(hostOf(host), own.slice(1))) {
    const hint = "Set MCP_ALLOWED_HOSTS to the names that the deployment is reached by";
    throw new AppError("FORBIDDEN", `This Host is not known. ${hint}`);
  }
}

function listed(names: string | undefined): string[] {
  return (names ?? "").split(/[\s,]+/).filter((name) => name !== "");
}

/** The host with port of a URL or a `Host` header; undefined if it is neither. */
function hostOf(address: string | undefined): string | undefined {
  if (address === undefined || address === "") return undefined;
  try {
    return new URL(address.includes("://") ? address : `http://${address}`).host;
  } catch {
    return undefined;
  }
}

/** Loopback names lead to the caller's own machine, so they cannot be another site. */
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

function isOwn(host: string | undefined, own: readonly (string | undefined)[]): boolean {
  return host !== undefined && (LOOPBACK.test(host) || own.includes(host));
}
