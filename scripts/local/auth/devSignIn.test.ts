import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { OWNER, ownerAccount } from "../console/ownerKey.ts";
import { readOptions } from "../console/options.ts";
import { closeClients, connect } from "../live/live.fixture.ts";
import { openSqlite } from "../store/sqlite.ts";
import { startTestEngine, type TestEngine } from "../testing.ts";
import { startServer, withDataFile } from "../trials/server.ts";
import { DEV_TOKEN_PATH, newDevSignIn, type DevAccount } from "./devSignIn.ts";
import { newTokenSigner, type TokenSigner } from "./tokenSigner.ts";

/** Starts an engine with `--dev-sign-in`; returns it with the key that `npm start` prints. */
async function startOwned(): Promise<{ engine: TestEngine; key: string }> {
  const signIn = await newDevSignIn(earlier.env.JWKS);
  let resolveAccount: (account: DevAccount) => void = () => undefined;
  const account = new Promise<DevAccount>((resolve) => (resolveAccount = resolve));
  const engine = await startTestEngine({
    embeddings: false,
    variables: { JWKS: signIn.jwks },
    route: { path: DEV_TOKEN_PATH, serve: (request) => signIn.serve(request, account) },
  });
  const owner = await ownerAccount(engine);
  resolveAccount({ url: engine.url, ...owner });
  return { engine, key: owner.key };
}

let engine: TestEngine;
let key: string;
let earlier: TokenSigner;
beforeAll(async () => {
  earlier = await newTokenSigner();
  ({ engine, key } = await startOwned());
});
afterEach(closeClients);
afterAll(() => engine.stop());

const ask = (given?: string, method = "POST") =>
  engine.request(DEV_TOKEN_PATH, { method, ...(given === undefined ? {} : { key: given }) });

describe("--dev-sign-in", () => {
  test("signs in the user of npm start, over sockets and HTTP, in exchange for the printed key", async () => {
    const answer = await ask(key);
    expect(answer.status).toBe(200);
    const { token, expiresIn } = (await answer.json()) as { token: string; expiresIn: number };
    expect(expiresIn).toBe(3600);
    const dashboard = connect(engine.url);
    const me = dashboard.watch("users:me");
    dashboard.client.setAuth(() => Promise.resolve(token));
    await expect.poll(() => me.values.at(-1)).toMatchObject({ hasApiKey: true });
    const http = await engine.request("/api/me", { key: token });
    expect(await http.json()).toMatchObject({ address: "you@localhost" });
  });

  test("gives no token without that key", async () => {
    const { apiKey } = await engine.createUser();
    for (const given of [undefined, "", "osk_wrong", apiKey, key.slice(0, -1)])
      expect((await ask(given)).status).toBe(401);
    expect((await ask(key, "GET")).status).toBe(405);
  });

  test("gives no token once that key is revoked", async () => {
    const owned = await startOwned();
    const tokens = () => owned.engine.request(DEV_TOKEN_PATH, { method: "POST", key: owned.key });
    expect((await tokens()).status).toBe(200);
    await owned.engine.runFunction("users:revokeKeys", { email: OWNER });
    expect((await tokens()).status).toBe(401);
    await owned.engine.stop();
  });

  test("takes the printed key, also with a data file that an earlier version wrote", async () => {
    await withDataFile(async (data) => {
      const first = await startServer(data, ["--no-embeddings"]);
      await first.end("SIGTERM");
      const file = openSqlite(data);
      // Earlier versions kept the key and not the id of its user.
      file.exec("DELETE FROM meta WHERE name = 'note:ownerId'");
      file.close();
      const server = await startServer(data, ["--no-embeddings", "--dev-sign-in"]);
      const headers = { Authorization: `Bearer ${server.key}` };
      const answer = await fetch(server.url + DEV_TOKEN_PATH, { method: "POST", headers });
      await server.end("SIGTERM");
      expect(answer.status).toBe(200);
    });
  });

  test("answers pages of every origin, because they need the key too", async () => {
    const preflight = await ask(undefined, "OPTIONS");
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("Access-Control-Allow-Headers")).toBe("Authorization");
    expect((await ask(key)).headers.get("Access-Control-Allow-Origin")).toBe("*");
  });

  test("keeps the signing keys that the deployment had", async () => {
    const { userId } = await engine.createUser("bob@example.com");
    const token = await earlier.tokenOf(engine.url, userId);
    const answer = await engine.request("/api/me", { key: token });
    expect(await answer.json()).toMatchObject({ address: "bob@example.com" });
  });

  test("is off by default, and refused on an address that other machines can reach", async () => {
    expect(readOptions([]).devSignIn).toBe(false);
    expect(readOptions(["--dev-sign-in"]).devSignIn).toBe(true);
    expect(() => readOptions(["--dev-sign-in", "--host", "0.0.0.0"])).toThrow(
      "--dev-sign-in is for this machine only: leave out --host 0.0.0.0.",
    );
    const plain = await startTestEngine({ embeddings: false });
    expect((await plain.request(DEV_TOKEN_PATH, { method: "POST", key })).status).toBe(404);
    await plain.stop();
  });
});
