import type { AuthConfig } from "convex/server";
import { env } from "./_generated/server";
import { workosBase } from "./lib/accounts/workos";

/**
 * Whose tokens Convex verifies: Convex Auth's own, and, once `WORKOS_CLIENT_ID` is set, those of
 * AuthKit, which come from two issuers (the one shared by all WorkOS customers needs our client id as
 * audience). Convex evaluates this file anew whenever a variable changes.
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

/** In this file, and only here, Convex throws where a variable is not set. */
function ifSet(read: () => string | undefined): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
