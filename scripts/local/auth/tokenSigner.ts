import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** How long a token is valid, in seconds. */
export const TOKEN_LIFETIME_S = 3600;

/** Signs tokens as Convex Auth does: for tests, and for developing a dashboard (`devSignIn.ts`). */
export interface TokenSigner {
  /** Environment variables with which an engine accepts the tokens. */
  env: { JWKS: string };
  /** Returns a token of the user for the engine at this address. */
  tokenOf(url: string, userId: string): Promise<string>;
}

/** Creates a signer with a new key. */
export async function newTokenSigner(): Promise<TokenSigner> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const kid = randomUUID();
  const key = { ...(await exportJWK(publicKey)), kid, use: "sig", alg: "RS256" };
  return {
    env: { JWKS: JSON.stringify({ keys: [key] }) },
    tokenOf: (url, userId) =>
      new SignJWT()
        .setProtectedHeader({ alg: "RS256", kid, typ: "JWT" })
        .setIssuer(url)
        .setAudience("convex")
        .setSubject(`${userId}|session`)
        .setIssuedAt()
        .setExpirationTime(`${TOKEN_LIFETIME_S}s`)
        .sign(privateKey),
  };
}
