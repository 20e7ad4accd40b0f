import { createHash, timingSafeEqual } from "node:crypto";
import { jsonResponse } from "../http/messages.ts";
import { parseJson } from "../values/json.ts";
import { newTokenSigner, TOKEN_LIFETIME_S } from "./tokenSigner.ts";

/** Returns a token of `npm start`'s user to a request with the key that it prints. */
export const DEV_TOKEN_PATH = "/dev/token";

/** The account that signs in. */
export interface DevAccount {
  /** The server's address. */
  url: string;
  userId: string;
  /** The key that a request must present. */
  key: string;
  /** Whether that key still works: it can be revoked while the server runs. */
  isKeyLive: () => Promise<boolean>;
}

/** A stand-in for a sign-in provider, for developing a dashboard on this machine. */
export interface DevSignIn {
  /** The deployment's variable `JWKS`: its previous keys, and the key that signs the tokens. */
  jwks: string;
  /** Answers requests to `DEV_TOKEN_PATH`. */
  serve(request: Request, account: Promise<DevAccount>): Promise<Response>;
}

const CORS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "POST, OPTIONS",
  "Access-Control-Allow-Headers": "Authorization",
};

function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/**
 * Creates a sign-in that signs with a new key, so that its tokens become invalid when the server stops. It
 * requires the printed API key, because every page in a browser, and every user of this machine, can reach a
 * loopback address.
 */
export async function newDevSignIn(jwks: string | undefined): Promise<DevSignIn> {
  const signer = await newTokenSigner();
  const before = jwks ? parseJson<{ keys?: unknown[] }>(jwks).keys : [];
  const { keys } = parseJson<{ keys: unknown[] }>(signer.env.JWKS);
  const serve: DevSignIn["serve"] = async (request, account) => {
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: CORS });
    if (request.method !== "POST")
      return jsonResponse(405, {
        error: "Send a POST request whose bearer token is the key that npm start prints",
      });
    const { url, userId, key, isKeyLive } = await account;
    if (!isSame(request.headers.get("authorization") ?? "", `Bearer ${key}`))
      return jsonResponse(401, { error: "The bearer token must be the key that npm start prints" });
    if (!(await isKeyLive()))
      return jsonResponse(401, {
        error: "The key has been revoked: restart npm start for a new one",
      });
    const token = await signer.tokenOf(url, userId);
    return jsonResponse(200, { token, expiresIn: TOKEN_LIFETIME_S });
  };
  return {
    jwks: JSON.stringify({ keys: [...(before ?? []), ...keys] }),
    serve,
  };
}
