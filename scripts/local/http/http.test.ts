import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { ConvexError } from "convex/values";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import { startTestEngine, type TestEngine } from "../testing.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));

let engine: TestEngine;
let client: ConvexHttpClient;
let sign: (claims: { aud?: string; exp?: string; iss?: string }) => Promise<string>;

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" }];
  sign = ({ aud = "fixture", exp = "1h", iss = "https://issuer.example" }) =>
    new SignJWT({ email: "ann@example.com" })
      .setProtectedHeader({ alg: "ES256", kid: "k1" })
      .setSubject("ann")
      .setIssuer(iss)
      .setAudience(aud)
      .setIssuedAt()
      .setExpirationTime(exp)
      .sign(privateKey);
  const jwks = `data:application/json,${encodeURIComponent(JSON.stringify({ keys }))}`;
  engine = await startTestEngine({ functions, env: { FIXTURE_JWKS: jwks, GREETING: "hello" } });
  client = new ConvexHttpClient(engine.url, { skipConvexDeploymentUrlCheck: true, logger: false });
});
afterAll(() => engine.stop());

const query = (path: string) => makeFunctionReference<"query">(path);
const mutation = (path: string) => makeFunctionReference<"mutation">(path);
const action = (path: string) => makeFunctionReference<"action">(path);

describe("ConvexHttpClient", () => {
  test("calls public functions, and any value survives the round trip", async () => {
    const value = { n: 5n, f: NaN, b: Uint8Array.of(1, 2).buffer, s: "ä😀", l: [null, -0] };
    expect(await client.mutation(mutation("values:storeAny"), { value })).toEqual(value);
    expect(await client.action(action("search:byVector"), { vector: [1, 0, 0, 0] })).toEqual([]);
  });

  test("cannot call an internal function, and learns nothing about it", async () => {
    const missing = client.query(query("people:nothing"), {}).catch(String);
    const hidden = client.query(query("people:secret"), {}).catch(String);
    const normalized = (text: unknown) => String(text).replace(/people:\w+|Request ID: \w+/g, "…");
    expect(normalized(await hidden)).toBe(normalized(await missing));
    expect(await hidden).toContain("Could not find public function");
  });

  test.each([
    "__proto__:x",
    "__proto__",
    "people:constructor",
    "people:__proto__",
    "toString:x",
    ":",
    "",
  ])("asking for %j finds nothing, as for any name that is not there", async (path) => {
    const answer = await engine.request("/api/query", { json: { path, args: {} } });
    const { errorMessage } = (await answer.json()) as { errorMessage: string };
    expect([answer.status, errorMessage]).toEqual([
      560,
      expect.stringContaining("Could not find public function for"),
    ]);
  });

  test("gets a ConvexError with its data", async () => {
    const refused: unknown = await client
      .mutation(mutation("nested:refuses"), {})
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConvexError);
    expect(refused).toMatchObject({ data: { code: "REFUSED", left: 5n } });
  });
});

describe("a token", () => {
  test("accepted by auth.config.ts is the identity, in queries and through actions", async () => {
    client.setAuth(await sign({}));
    expect(await client.query(query("people:me"), {})).toBe("https://issuer.example|ann");
    expect(await client.action(action("people:meByAction"), {})).toBe("https://issuer.example|ann");
    client.clearAuth();
    expect(await client.query(query("people:me"), {})).toBeNull();
  });

  test.each([{ aud: "other" }, { exp: "-1h" }, { iss: "https://else.example" }])(
    "that fails verification (%j) is refused for clients and throws in an HTTP action",
    async (claims) => {
      const token = await sign(claims);
      client.setAuth(token);
      await expect(client.query(query("people:me"), {})).rejects.toThrow("InvalidAuthHeader");
      client.clearAuth();
      expect((await engine.request("/who", { key: token })).status).toBe(500);
    },
  );

  test("in an HTTP action is null if missing, the identity if valid, and throws if invalid", async () => {
    expect(await (await engine.request("/who")).json()).toBeNull();
    const identity: unknown = await (await engine.request("/who", { key: await sign({}) })).json();
    expect(identity).toMatchObject({ subject: "ann", email: "ann@example.com" });
    expect((await engine.request("/who", { key: "osk_key" })).status).toBe(500);
    const basic = await engine.request("/who", { headers: { Authorization: "Basic eDp5" } });
    expect(basic.status).toBe(500);
  });
});

describe("bodies", () => {
  test("stream in and out", async () => {
    const body = "x".repeat(3_000_000);
    const answer = await engine.request("/echo", { method: "POST", body });
    expect([answer.status, (await answer.text()).length]).toEqual([201, body.length]);
    expect(await (await engine.request("/stream")).text()).toBe("line 0\nline 1\nline 2\n");
  });

  test("that fails half-way is cut off, so that no client takes it for complete", async () => {
    const whole = engine.request("/breaks").then((answer) => answer.text());
    await expect(whole).rejects.toThrow();
  });

  test("over 20 MiB are refused with 413, with or without a Content-Length", async () => {
    const big = new Uint8Array(21 * (1 << 20));
    const send = (body: BodyInit) =>
      engine.request("/echo", { method: "POST", body, duplex: "half" } as RequestInit);
    expect((await send(big)).status).toBe(413);
    const unannounced = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let i = 0; i < 21; i++) controller.enqueue(new Uint8Array(1 << 20));
        controller.close();
      },
    });
    const answer = await engine.request("/exact", {
      method: "POST",
      body: unannounced,
      duplex: "half",
    } as RequestInit);
    expect(answer.status).toBe(413);
  });
});

describe("files", () => {
  test("are stored, described, read by link, and deleted", async () => {
    const id = (await engine.runFunction("files:store", {
      text: "content",
      type: "text/x",
    })) as string;
    expect(await engine.runFunction("files:read", { id })).toBe("content");
    expect(await engine.runFunction("files:metadata", { id })).toMatchObject({
      size: 7,
      contentType: "text/x",
    });
    const url = (await engine.runFunction("files:url", { id })) as string;
    const answer = await fetch(url);
    expect([answer.headers.get("content-type"), await answer.text()]).toEqual([
      "text/x",
      "content",
    ]);
    expect((await fetch(url.replace("signature=", "signature=x"))).status).toBe(404);
    await engine.runFunction("files:remove", { id });
    expect(await engine.runFunction("files:url", { id })).toBeNull();
    expect((await fetch(url)).status).toBe(404);
  });

  test("can be uploaded to a link", async () => {
    const url = (await engine.runFunction("files:uploadUrl")) as string;
    const answer = await fetch(url, {
      method: "POST",
      body: "up",
      headers: { "Content-Type": "text/up" },
    });
    const { storageId } = (await answer.json()) as { storageId: string };
    expect(await engine.runFunction("files:read", { id: storageId })).toBe("up");
    expect(
      (await fetch(url.replace("until=", "until=1"), { method: "POST", body: "x" })).status,
    ).toBe(403);
  });

  test("can be uploaded to a link by a page of another origin", async () => {
    const url = (await engine.runFunction("files:uploadUrl")) as string;
    const asked = await fetch(url, {
      method: "OPTIONS",
      headers: {
        Origin: "https://elsewhere.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, digest",
      },
    });
    expect(asked.status).toBe(204);
    const allowed = (name: string) => asked.headers.get(`Access-Control-Allow-${name}`);
    expect(allowed("Origin")).toBe("*");
    expect(allowed("Methods")).toContain("POST");
    expect(allowed("Headers")).toContain("Content-Type");
    expect(allowed("Headers")).toContain("Digest");
    const sent = await fetch(url, { method: "POST", body: "up" });
    expect(sent.headers.get("Access-Control-Allow-Origin")).toBe("*");
  });
});

test("functions get the deployment's environment and its own addresses", async () => {
  expect(await engine.runFunction("people:greeting")).toBe("hello");
  expect(await engine.runFunction("people:addresses")).toEqual([engine.url, engine.url]);
});

test("a query reads a component's data", async () => {
  expect(await engine.runFunction("people:limitsLeft", { name: "n" })).toBe(3);
});
