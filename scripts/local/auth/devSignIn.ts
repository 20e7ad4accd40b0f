import { createHash, timingSafeEqual } from "node:crypto";
import { jsonResponse } from "../http/messages.ts";
import { parseJson } from "../values/json.ts";
import { newTokenSigner, TOKEN_LIFETIME_S } from "./tokenSigner.ts";

/** Answers with a token of the console's user, for a request with the console's key. */
export const DEV_TOKEN_PATH = "/dev/token";

/** The account that signs in, once the server knows it. */
export interface DevAccount {
  /** The server's address. */
  url: string;
  userId: string;
  /** The key that a request must present. */
  key: string;
}

/** A stand-in for a sign-in provider, for developing a dashboard on this machine. */
export interface DevSignIn {
  /** The variable `JWKS` of the deployment: the keys that it had before, and that of this sign-in. */
  jwks: string;
  /** Answers requests to `DEV_TOKEN_PATH`; null for other paths. */
  serve(request: Request, account: Promise<DevAccount>): Promise<Response> | null;
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
 * Makes a sign-in with a new key, so that its tokens end with the server. It asks for the console's key, because
 * every page that a browser shows, and every user of this machine, can reach a loopback address.
 */
export async function newDevSignIn(jwks: string | undefined): Promise<DevSignIn> {
  const signer = await newTokenSigner();
  const before = jwks ? parseJson<{ keys?: unknown[] }>(jwks).keys : [];
  const { keys } = parseJson<{ keys: unknown[] }>(signer.env.JWKS);
  const answer = async (request: Request, account: Promise<DevAccount>): Promise<Response> => {
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: CORS });
    if (request.method !== "POST")
      return jsonResponse(405, { error: "Send POST with the console's key as bearer token" });
    const { url, userId, key } = await account;
    if (!isSame(request.headers.get("authorization") ?? "", `Bearer ${key}`))
      return jsonResponse(401, { error: "Send the key that npm start prints, as bearer token" });
    const token = await signer.tokenOf(url, userId);
    return jsonResponse(200, { token, expiresIn: TOKEN_LIFETIME_S });
  };
  return {
    jwks: JSON.stringify({ keys: [...(before ?? []), ...keys] }),
    serve: (request, account) =>
      new URL(request.url).pathname === DEV_TOKEN_PATH ? answer(request, account) : null,
  };
}
