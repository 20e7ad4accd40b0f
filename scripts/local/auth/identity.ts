import type * as JoseModule from "jose";
import type { UserIdentity } from "convex/server";
import type { Clock } from "../clock.ts";
import { parseJson } from "../values/json.ts";

/** The identity of a request: none, a verified user, or a token that failed verification. */
export type Identity =
  | { kind: "none" }
  /** The token is accepted until `expiresAt`, in milliseconds since 1970. */
  | { kind: "user"; user: UserIdentity; token: string; expiresAt: number }
  | { kind: "invalid"; reason: string };

export const NOBODY: Identity = { kind: "none" };

/** A provider of `auth.config.ts`: OIDC by discovery, or a custom JWT with its key set. */
export type Provider =
  | { domain: string; applicationID: string }
  | { type: "customJwt"; issuer: string; jwks: string; algorithm: string; applicationID?: string };

/** Names of token claims in `UserIdentity`. */
const CLAIMS: Record<string, string> = {
  sub: "subject",
  iss: "issuer",
  name: "name",
  given_name: "givenName",
  family_name: "familyName",
  nickname: "nickname",
  preferred_username: "preferredUsername",
  profile: "profileUrl",
  picture: "pictureUrl",
  website: "websiteUrl",
  email: "email",
  email_verified: "emailVerified",
  gender: "gender",
  birthdate: "birthday",
  zoneinfo: "timezone",
  locale: "language",
  phone_number: "phoneNumber",
  phone_number_verified: "phoneNumberVerified",
  address: "address",
  updated_at: "updatedAt",
};

/** Claims that describe the token, not the person. */
const TECHNICAL = new Set(["aud", "exp", "iat", "nbf", "jti"]);

const CLOCK_SLACK_S = 5;

type Jose = typeof JoseModule;
type KeySet = ReturnType<Jose["createRemoteJWKSet"]> | ReturnType<Jose["createLocalJWKSet"]>;

function issuerOf(provider: Provider): string {
  const issuer = "issuer" in provider ? provider.issuer : provider.domain;
  const withScheme = /^https?:\/\//.test(issuer) ? issuer : `https://${issuer}`;
  return withScheme.replace(/\/$/, "");
}

function audiences(claims: Record<string, unknown>): unknown[] {
  return Array.isArray(claims["aud"]) ? claims["aud"] : [claims["aud"]];
}

function toIdentity(claims: Record<string, unknown>): UserIdentity {
  const nameOf = (claim: string) => (Object.hasOwn(CLAIMS, claim) ? CLAIMS[claim] : claim);
  const personal = Object.entries(claims).filter(([claim]) => !TECHNICAL.has(claim));
  // Built from entries, so that a claim named `__proto__` becomes an ordinary field.
  return Object.fromEntries([
    ["tokenIdentifier", `${String(claims["iss"])}|${String(claims["sub"])}`],
    ...personal.map(([claim, value]) => [nameOf(claim), value]),
  ]) as UserIdentity;
}

/** Verifies `Authorization: Bearer <JWT>` by the providers of `auth.config.ts`, as Convex does. */
export class Authenticator {
  readonly #providers: () => Provider[];
  readonly #clock: Clock;
  readonly #keys = new Map<string, Promise<KeySet>>();

  constructor(providers: () => Provider[], clock: Clock) {
    this.#clock = clock;
    this.#providers = providers;
  }

  /** Reads the `Authorization` header. An invalid token does not reject the request here. */
  async identify(authorization: string | null | undefined): Promise<Identity> {
    if (authorization === null || authorization === undefined || authorization === "")
      return NOBODY;
    const [scheme = "", token = ""] = authorization.split(" ");
    if (scheme.toLowerCase() !== "bearer")
      return { kind: "invalid", reason: `Unsupported authorization scheme "${scheme}"` };
    if (token.split(".").length !== 3)
      return { kind: "invalid", reason: "Could not parse JWT payload" };
    try {
      return { kind: "user", ...(await this.#verify(token)), token };
    } catch (error) {
      return { kind: "invalid", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  async #verify(token: string): Promise<{ user: UserIdentity; expiresAt: number }> {
    const jose = await import("jose");
    const claims = jose.decodeJwt(token);
    const issuer = String(claims.iss).replace(/\/$/, "");
    const provider = this.#providers().find(
      (candidate) =>
        issuerOf(candidate) === issuer &&
        (candidate.applicationID === undefined ||
          audiences(claims).includes(candidate.applicationID)),
    );
    if (provider === undefined)
      throw new Error(
        `No auth provider found matching the given token (issuer ${issuer}). Check your server's \`auth.config.ts\`.`,
      );
    const algorithms = "algorithm" in provider ? [provider.algorithm] : ["RS256", "EdDSA"];
    const { payload } = await jose.jwtVerify(token, await this.#keySet(jose, provider), {
      algorithms,
      currentDate: new Date(this.#clock.now()),
      clockTolerance: CLOCK_SLACK_S,
      requiredClaims: ["sub", "iss", "exp"],
    });
    const expiresAt = (Number(payload.exp) + CLOCK_SLACK_S) * 1000;
    return { user: toIdentity(payload), expiresAt };
  }

  #keySet(jose: Jose, provider: Provider): Promise<KeySet> {
    const name = "jwks" in provider ? provider.jwks : issuerOf(provider);
    let keys = this.#keys.get(name);
    if (keys === undefined) {
      keys = "jwks" in provider ? this.#fromUrl(jose, provider.jwks) : this.#discover(jose, name);
      keys.catch(() => this.#keys.delete(name));
      this.#keys.set(name, keys);
    }
    return keys;
  }

  async #fromUrl(jose: Jose, url: string): Promise<KeySet> {
    if (!url.startsWith("data:")) return jose.createRemoteJWKSet(new URL(url));
    const text = await (await fetch(url)).text();
    return jose.createLocalJWKSet(parseJson<Parameters<Jose["createLocalJWKSet"]>[0]>(text));
  }

  async #discover(jose: Jose, issuer: string): Promise<KeySet> {
    const response = await fetch(`${issuer}/.well-known/openid-configuration`);
    if (!response.ok) throw new Error(`OpenID discovery at ${issuer} returned ${response.status}`);
    const { jwks_uri } = parseJson<{ jwks_uri?: string }>(await response.text());
    if (jwks_uri === undefined)
      throw new Error(`OpenID discovery at ${issuer} contains no jwks_uri`);
    return this.#fromUrl(jose, jwks_uri);
  }
}
