import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** Signs the sessions of Convex Auth that a test's dashboard presents. */
export interface TestSigner {
  /** Environment with which an engine accepts what is signed here. */
  env: { JWKS: string };
  /** A token of the user for the engine at this address. */
  tokenOf(url: string, userId: string): Promise<string>;
}

/** Creates a key of its own. */
export async function newTestSigner(): Promise<TestSigner> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const key = { ...(await exportJWK(publicKey)), kid: "k1", use: "sig", alg: "RS256" };
  return {
    env: { JWKS: JSON.stringify({ keys: [key] }) },
    tokenOf: (url, userId) =>
      new SignJWT()
        .setProtectedHeader({ alg: "RS256", kid: "k1", typ: "JWT" })
        .setIssuer(url)
        .setAudience("convex")
        .setSubject(`${userId}|session`)
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(privateKey),
  };
}
