import { env } from "../_generated/server";
import { notFound } from "../errors";
import { parseJson } from "../lib/json";
import * as routes from "../wire/wellKnown";
import { publicEndpoint, type Endpoint } from "./endpoint";

/**
 * Serves what Convex reads to verify the tokens of Convex Auth. Convex Auth could serve it too;
 * served here, it is a 404 and not an error when Convex Auth is not configured.
 */

const FRESH_SECONDS = 15;
const headers = {
  "Cache-Control": `public, max-age=${FRESH_SECONDS}, stale-while-revalidate=${FRESH_SECONDS}, stale-if-error=86400`,
};

export const openidConfiguration: Endpoint = publicEndpoint(routes.openidConfiguration, () => {
  const issuer = env.CONVEX_SITE_URL;
  return {
    body: {
      issuer,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      authorization_endpoint: `${issuer}/oauth/authorize`,
    },
    headers,
  };
});

export const jwks: Endpoint = publicEndpoint(routes.jwks, () => {
  const keys = parseJson(env.JWKS ?? "");
  if (keys.ok) return { body: keys.value, headers };
  if (env.JWKS) console.error("JWKS is not JSON; `npx @convex-dev/auth` sets it");
  throw notFound("Keys");
});
