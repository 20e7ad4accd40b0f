import type { AuthConfig } from "convex/server";
import { env } from "./_generated/server";
import { workosBase } from "./lib/accounts/workos";

/**
 * The issuers whose tokens Convex verifies: Convex Auth and, once `WORKOS_CLIENT_ID` is set, the two issuers
 * of AuthKit. All WorkOS customers share one of these, so its tokens must have our client id as audience.
 * Convex evaluates this file again whenever a variable changes.
 */
export default {
  providers: [{ domain: env.CONVEX_SITE_URL, applicationID: "convex" }, ...workosProviders()],
} satisfies AuthConfig;

function workosProviders() {
  const clientId = ifSet(() => env.WORKOS_CLIENT_ID);
  if (!clientId) return [];
  const base = workosBase(ifSet(() => env.WORKOS_API_URL));
  const workos = {
    type: "customJwt",
    algorithm: "RS256",
    jwks: `${base}/sso/jwks/${clientId}`,
  } as const;
  return [
    { ...workos, issuer: `${base}/`, applicationID: clientId },
    { ...workos, issuer: `${base}/user_management/${clientId}` },
  ];
}

/** Returns undefined if a variable is not set. Only in this file, Convex throws for it instead. */
function ifSet(read: () => string | undefined): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
