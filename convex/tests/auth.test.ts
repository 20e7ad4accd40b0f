import { exportJWK, exportPKCS8, generateKeyPair, importJWK, jwtVerify, type JWK } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { api } from "../_generated/api";
import { deployment, emptyEnvironment, fromWorkos } from "../test.setup";
import { read, rows, SITE, type Deployment } from "../test.setup";

let privateKey: string;
let jwks: { keys: JWK[] };

beforeAll(async () => {
  const pair = await generateKeyPair("RS256", { extractable: true });
  privateKey = await exportPKCS8(pair.privateKey);
  jwks = { keys: [{ use: "sig", ...(await exportJWK(pair.publicKey)) }] };
});
beforeEach(() => {
  emptyEnvironment();
  vi.stubEnv("SITE_URL", "https://dashboard.example");
  vi.stubEnv("JWT_PRIVATE_KEY", privateKey.trimEnd().replace(/\n/g, " "));
  vi.stubEnv("JWKS", JSON.stringify(jwks));
  vi.stubEnv("WORKOS_CLIENT_ID", "client_1");
  vi.stubEnv("WORKOS_API_KEY", "sk_test");
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

/** Stubs the part of WorkOS that a sign-in needs: only codes `code-<user id>` are valid. */
function stubWorkos() {
  const requests: { [name: string]: unknown }[] = [];
  vi.stubGlobal("fetch", (_url: string, init: { body: string }) => {
    const body = JSON.parse(init.body) as { code: string };
    requests.push(body);
    const id = /^code-(.+)$/.exec(body.code)?.[1];
    if (id === undefined) {
      const refusal = { error: "invalid_grant", error_description: "The code is not valid." };
      return Promise.resolve(Response.json(refusal, { status: 400 }));
    }
    const user = { object: "user", id, email: `${id}@example.com`, email_verified: true };
    const names = { first_name: "Ada", last_name: "Lovelace" };
    const tokens = { access_token: "header.e30.signature", refresh_token: "r" };
    return Promise.resolve(Response.json({ user: { ...user, ...names }, ...tokens }));
  });
  return requests;
}

async function signIn(t: Deployment, code: string) {
  const { tokens } = await t.action(api.auth.signIn, {
    provider: "workos",
    params: { code, codeVerifier: "verifier" },
  });
  if (!tokens) throw new Error("not signed in");
  const subject = await verified(tokens.token);
  return { as: t.withIdentity({ issuer: SITE, subject }), subject, tokens };
}

/** Verifies a token as Convex does (signature, issuer, audience) and returns its subject. */
async function verified(token: string): Promise<string> {
  const key = await importJWK(jwks.keys[0] ?? {}, "RS256");
  const { payload } = await jwtVerify(token, key, { issuer: SITE, audience: "convex" });
  return String(payload.sub);
}

describe("a session of Convex Auth", () => {
  test("is created from an AuthKit code, for the same user as AuthKit's own token", async () => {
    const requests = stubWorkos();
    const t = deployment();
    const session = await signIn(t, "code-user_01");
    expect(requests).toMatchObject([
      { code: "code-user_01", code_verifier: "verifier", client_id: "client_1" },
    ]);
    const there = await session.as.mutation(api.users.getOrCreate, {});
    const here = await fromWorkos(t, "user_01").mutation(api.users.getOrCreate, {});
    expect(here).toBe(there);
    expect(await session.as.query(api.users.me, {})).toMatchObject({
      email: "user_01@example.com",
      name: "Ada Lovelace",
    });
  });

  test("finds the user that a token created before", async () => {
    stubWorkos();
    const t = deployment();
    const first = await fromWorkos(t, "user_01", { email: "a@example.com" }).mutation(
      api.users.getOrCreate,
      {},
    );
    const session = await signIn(t, "code-user_01");
    expect(session.subject.split("|")[0]).toBe(first);
  });

  test("a second sign-in creates a second session but no second user", async () => {
    stubWorkos();
    const t = deployment();
    const one = await signIn(t, "code-user_01");
    const two = await signIn(t, "code-user_01");
    expect(one.subject).not.toBe(two.subject);
    expect(one.subject.split("|")[0]).toBe(two.subject.split("|")[0]);
    expect(await rows(t, "users")).toHaveLength(1);
    expect(await rows(t, "authSessions")).toHaveLength(2);
  });

  test("can be refreshed, and ends by signing out", async () => {
    stubWorkos();
    const t = deployment();
    const session = await signIn(t, "code-user_01");
    const { refreshToken } = session.tokens;
    const refreshed = await t.action(api.auth.signIn, { refreshToken });
    expect(await verified(refreshed.tokens?.token ?? "")).toBe(session.subject);
    await session.as.action(api.auth.signOut, {});
    expect(await rows(t, "authSessions")).toEqual([]);
    const after = refreshed.tokens?.refreshToken ?? "";
    const ended = await t.action(api.auth.signIn, { refreshToken: after }).catch(() => null);
    expect(ended?.tokens ?? null).toBeNull();
  });

  test("is refused for a code that WorkOS does not know, and nothing is stored", async () => {
    stubWorkos();
    const t = deployment();
    await expect(signIn(t, "stolen")).rejects.toThrow("did not accept");
    await expect(signIn(t, "")).rejects.toThrow();
    expect(await rows(t, "users")).toEqual([]);
  });

  test("is refused with a clear message while WorkOS is not configured", async () => {
    vi.stubEnv("WORKOS_CLIENT_ID", undefined);
    const t = deployment();
    await expect(signIn(t, "code-user_01")).rejects.toThrow("WORKOS_CLIENT_ID");
  });
});

describe("the keys of the sign-in", () => {
  test("are published at the addresses that Convex reads", async () => {
    const t = deployment();
    const discovery = await read(t.fetch("/.well-known/openid-configuration"));
    expect(discovery).toMatchObject({ issuer: SITE, jwks_uri: `${SITE}/.well-known/jwks.json` });
    expect(await read(t.fetch("/.well-known/jwks.json"))).toEqual(jwks);
  });

  test.each([undefined, "garbage"])(
    "answer 404 on a deployment without keys (%s)",
    async (value) => {
      vi.stubEnv("JWKS", value);
      const t = deployment();
      expect((await t.fetch("/.well-known/jwks.json")).status).toBe(404);
    },
  );
});
