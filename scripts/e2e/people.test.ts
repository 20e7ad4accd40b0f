import { exportJWK, exportPKCS8, generateKeyPair, SignJWT, UnsecuredJWT, type JWK } from "jose";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../local/testing.ts";

/**
 * Sign-in with real tokens: a stand-in for WorkOS on loopback publishes keys and exchanges codes, the
 * engine verifies what it is sent as a deployment does, by `auth.config.ts`.
 */

const CLIENT = "client_1";
let workos: Server;
let base: string;
let engine: TestEngine;
let keys: { ours: KeyPair; theirs: KeyPair };

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

beforeAll(async () => {
  const generate = () => generateKeyPair("RS256", { extractable: true });
  keys = { ours: await generate(), theirs: await generate() };
  const convexAuth = await generate();
  workos = await listen({ keys: [await publicKey(keys.ours)] });
  base = `http://127.0.0.1:${(workos.address() as AddressInfo).port}`;
  engine = await startTestEngine({
    env: {
      WORKOS_API_URL: base,
      WORKOS_CLIENT_ID: CLIENT,
      WORKOS_API_KEY: "sk_test",
      SITE_URL: "http://127.0.0.1",
      JWT_PRIVATE_KEY: (await exportPKCS8(convexAuth.privateKey)).trimEnd().replace(/\n/g, " "),
      JWKS: JSON.stringify({ keys: [await publicKey(convexAuth)] }),
    },
  });
});
afterAll(async () => {
  await engine.stop();
  workos.close();
});

async function publicKey(pair: KeyPair): Promise<JWK> {
  return { ...(await exportJWK(pair.publicKey)), kid: "k1", use: "sig", alg: "RS256" };
}

/** WorkOS: its keys, codes `code-<user id>`, and profiles. */
async function listen(jwks: { keys: JWK[] }): Promise<Server> {
  const person = (id: string) => ({
    ...{ object: "user", id, email: `${id}@example.com`, email_verified: true },
    ...{ first_name: "Ada", last_name: "Lovelace" },
  });
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { pathname } = new URL(request.url ?? "", "http://x");
      const code = /"code":"code-(\w+)"/.exec(body)?.[1];
      const known = /^\/user_management\/users\/(\w+)$/.exec(pathname)?.[1];
      const answer =
        pathname === `/sso/jwks/${CLIENT}`
          ? jwks
          : code !== undefined
            ? { user: person(code), access_token: "a.e30.c", refresh_token: "r" }
            : known !== undefined
              ? person(known)
              : undefined;
      response.writeHead(answer ? 200 : 400, { "Content-Type": "application/json" });
      response.end(JSON.stringify(answer ?? { error: "invalid_grant" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

type Claims = { subject?: string; issuer?: string; audience?: string; expires?: string | number };

async function token(claims: Claims = {}, pair = keys.ours): Promise<string> {
  const { subject = "user_01", issuer = `${base}/user_management/${CLIENT}` } = claims;
  const jwt = new SignJWT({ sid: "session_1" })
    .setProtectedHeader({ alg: "RS256", kid: "k1", typ: "JWT" })
    .setIssuer(issuer)
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(claims.expires ?? "5m");
  if (claims.audience) jwt.setAudience(claims.audience);
  return await jwt.sign(pair.privateKey);
}

/** A function called as the dashboard does. */
async function call(
  kind: "query" | "mutation" | "action",
  path: string,
  bearer?: string,
  args = {},
) {
  const response = await engine.request(`/api/${kind}`, {
    json: { path, args, format: "json" },
    ...(bearer === undefined ? {} : { key: bearer }),
  });
  const { status, value } = (await response.json()) as { status?: string; value?: unknown };
  return { status: response.status, isDone: response.ok && status === "success", value };
}

describe("a person with a token of AuthKit", () => {
  test("is the same user by both issuers, over HTTP, in functions, and by a session", async () => {
    const own = await token();
    const shared = await token({ issuer: `${base}/`, audience: CLIENT });
    expect((await engine.request("/api/sessions", { key: own })).status).toBe(200);
    const ids = [
      (await call("mutation", "users:getOrCreate", own)).value,
      (await call("mutation", "users:getOrCreate", shared)).value,
    ];
    const signedIn = await call("action", "auth:signIn", undefined, {
      provider: "workos",
      params: { code: "code-user_01" },
    });
    const { tokens } = signedIn.value as { tokens: { token: string } };
    ids.push((await call("mutation", "users:getOrCreate", tokens.token)).value);
    expect(new Set(ids).size).toBe(1);
    expect((await engine.request("/api/sessions", { key: tokens.token })).status).toBe(200);
    await engine.settle();
    expect((await call("query", "users:me", tokens.token)).value).toMatchObject({
      email: "user_01@example.com",
      name: "Ada Lovelace",
    });
  });

  test.each<[string, () => Promise<string>]>([
    ["has expired", () => token({ expires: Math.floor(Date.now() / 1000) - 60 })],
    ["was issued by someone else", () => token({ issuer: "https://evil.example/" })],
    ["was issued for another client", () => token({ issuer: `${base}/user_management/client_2` })],
    ["has the wrong audience", () => token({ issuer: `${base}/`, audience: "client_2" })],
    ["has no audience, from the shared issuer", () => token({ issuer: `${base}/` })],
    ["was signed with another key", () => token({}, keys.theirs)],
    ["was not signed at all", () => Promise.resolve(unsigned())],
    ["was changed after it was signed", async () => tampered(await token())],
  ])("is refused everywhere when the token %s", async (_, make) => {
    const bad = await make();
    const before = await userCount();
    expect((await engine.request("/api/sessions", { key: bad })).status).toBe(401);
    const sync = { key: bad, json: { externalId: "s1" } };
    expect((await engine.request("/sync/session", sync)).status).toBe(401);
    const made = await call("mutation", "users:getOrCreate", bad);
    expect(made.isDone).toBe(false);
    const me = await call("query", "users:me", bad);
    expect(me.value ?? null).toBeNull();
    expect(await userCount()).toBe(before);
  });
});

function unsigned(): string {
  return new UnsecuredJWT({ sub: "user_01" })
    .setIssuer(`${base}/user_management/${CLIENT}`)
    .setExpirationTime("5m")
    .encode();
}

function tampered(signed: string): string {
  const [header = "", , signature = ""] = signed.split(".");
  const claims = { iss: `${base}/user_management/${CLIENT}`, sub: "user_99", exp: 9e9 };
  return [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
}

/** How many users there are of those whom the tokens above could have made. */
async function userCount(): Promise<number> {
  const known = ["user_01", "user_99"].map(async (subject) => {
    const { value } = await call("query", "users:me", await token({ subject }));
    return value === null ? 0 : 1;
  });
  return (await Promise.all(known)).reduce<number>((sum, one) => sum + one, 0);
}
