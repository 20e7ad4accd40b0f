import { describe, expect, test, vi } from "vitest";
import { conversation, deployment, eachTestAt, person, read, rows, settle } from "../test.setup";
import {
  HANDSHAKE_VERSIONS,
  handshakeHeaders,
  loadProtocolFirst,
  modernMessage,
  NEWEST,
  type Rpc,
  rpcClient,
} from "./mcp.fixture";
import { API_VERSION } from "../wire/health";

const NOON = Date.UTC(2026, 0, 22, 12);
const DAY = 86_400_000;

eachTestAt(NOON);

loadProtocolFirst();

async function client(t = deployment(), email?: string) {
  const who = await person(t, email);
  return { t, who, ...rpcClient((path, init) => t.fetch(path, init), who) };
}

const rpc = async (response: Response | Promise<Response>) => await read<Rpc>(response);

const HELLO = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "test", version: "1" },
};

const LOCK = conversation(
  "lock",
  [
    "The nightly export hangs with SQLITE_BUSY: database is locked",
    "Two writers hold the file. Set busy_timeout and move the export into one transaction.",
  ],
  {
    createdAt: NOON - 3 * DAY,
    projectName: "ledger",
    projectPath: "/home/ada/ledger",
    title: "Export hangs",
  },
);

describe("the handshake of 2025", () => {
  test.each(HANDSHAKE_VERSIONS)("%s is agreed on when a client asks for it", async (version) => {
    const { request } = await client();
    const { result } = await rpc(request("initialize", { ...HELLO, protocolVersion: version }));
    expect(result).toMatchObject({
      protocolVersion: version,
      serverInfo: { name: "opensync", version: API_VERSION },
    });
    expect(result?.instructions).toContain("recall_context");
    expect(result?.capabilities).toMatchObject({ tools: { listChanged: false } });
  });

  test("a version that is not spoken is answered with the newest that has a handshake", async () => {
    const { request } = await client();
    for (const protocolVersion of ["2024-11-05", "2099-01-01"]) {
      const { result } = await rpc(
        request("initialize", { ...HELLO, protocolVersion }, "2025-11-25"),
      );
      expect(result?.protocolVersion).toBe("2025-11-25");
    }
  });

  test("an unknown version in the header is refused", async () => {
    const { request } = await client();
    const answer = await request("tools/list", {}, "1999-01-01");
    expect(answer.status).toBe(400);
    expect((await rpc(answer)).error?.message).toMatch(/version/i);
  });

  test("no session is begun, and requests need none", async () => {
    const { request } = await client();
    const answer = await request("initialize", HELLO);
    expect(answer.headers.get("Mcp-Session-Id")).toBeNull();
    const tools = await rpc(request("tools/list"));
    expect(tools.result?.tools).toBeInstanceOf(Array);
    expect((await rpc(request("ping"))).result).toEqual({});
  });

  test("notifications and answers of a client are accepted without a body", async () => {
    const { post } = await client();
    for (const message of [
      { jsonrpc: "2.0", method: "notifications/initialized" },
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } },
      { jsonrpc: "2.0", id: 4, result: {} },
    ]) {
      const answer = await post(message, handshakeHeaders());
      expect([answer.status, await answer.text()]).toEqual([202, ""]);
    }
  });

  test("a client must take both JSON and a stream", async () => {
    const { post } = await client();
    const message = { jsonrpc: "2.0", id: 1, method: "ping" };
    const answer = await post(message, { ...handshakeHeaders(), Accept: "application/json" });
    expect(answer.status).toBe(406);
  });
});

describe("the generation without a handshake", () => {
  test("server/discover says what is spoken and offered", async () => {
    const { modern } = await client();
    const answer = await modern("server/discover");
    expect(answer.status).toBe(200);
    const { result } = await rpc(answer);
    expect(result).toMatchObject({ supportedVersions: [NEWEST], resultType: "complete" });
    expect(result?.instructions).toContain("search_sessions");
  });

  test("tools are listed with how long the list holds, and called", async () => {
    const { modern } = await client();
    const list = (await rpc(modern("tools/list"))).result;
    expect(list).toMatchObject({ resultType: "complete", cacheScope: "public" });
    expect(list?.ttlMs).toBeGreaterThan(0);
    const params = { name: "search_sessions", arguments: { query: "anything" } };
    const { result } = await rpc(modern("tools/call", params));
    expect(result).toMatchObject({ resultType: "complete", content: [{ type: "text" }] });
  });

  test("an unknown version is refused with those that are spoken", async () => {
    const { post } = await client();
    const message = modernMessage("tools/list");
    const version = "2027-01-01";
    const _meta = { ...message.params._meta, "io.modelcontextprotocol/protocolVersion": version };
    const answer = await post(
      { ...message, params: { _meta } },
      { ...handshakeHeaders(version), "Mcp-Method": "tools/list" },
    );
    expect(answer.status).toBe(400);
    const { error } = await rpc(answer);
    expect(error).toMatchObject({ code: -32022, data: { requested: version } });
    expect(error?.data?.supported).toContain(NEWEST);
  });

  test("headers that disagree with the body are refused", async () => {
    const { modern } = await client();
    for (const more of [{ "Mcp-Method": "ping" }, { "MCP-Protocol-Version": "2025-11-25" }]) {
      const answer = await modern("tools/list", {}, more);
      expect(answer.status).toBe(400);
      expect((await rpc(answer)).error?.code).toBe(-32020);
    }
  });

  test("a request says who asks, in its body and in its headers", async () => {
    const { post, modern } = await client();
    const whole = modernMessage("tools/list");
    const headers = { ...handshakeHeaders(NEWEST), "Mcp-Method": "tools/list" };
    for (const field of ["protocolVersion", "clientCapabilities"]) {
      const _meta = { ...whole.params._meta, [`io.modelcontextprotocol/${field}`]: undefined };
      const answer = await post({ ...whole, params: { _meta } }, headers);
      expect([field, answer.status]).toEqual([field, 400]);
      expect((await rpc(answer)).error?.code).toBe(-32602);
    }
    const unnamed = await post(whole, handshakeHeaders(NEWEST));
    expect([unnamed.status, (await rpc(unnamed)).error?.code]).toEqual([400, -32020]);
    const params = { name: "usage", arguments: {} };
    const other = await modern("tools/call", params, { "Mcp-Name": "get_session" });
    expect([other.status, (await rpc(other)).error?.code]).toEqual([400, -32020]);
  });

  test("a body of another type is refused", async () => {
    const { post } = await client();
    const headers = { ...handshakeHeaders(NEWEST), "Content-Type": "text/plain" };
    expect((await post(modernMessage("tools/list"), headers)).status).toBe(415);
  });

  test("methods that were removed or never were are not found", async () => {
    const { modern } = await client();
    for (const method of ["initialize", "ping", "no/such", "subscriptions/listen"]) {
      const answer = await modern(method);
      expect([method, answer.status]).toEqual([method, 404]);
      expect((await rpc(answer)).error?.code).toBe(-32601);
    }
  });
});

describe("faults have JSON-RPC's form", () => {
  test.each<[string, unknown, number]>([
    ["no JSON", "{", -32700],
    ["no object", "3", -32600],
    ["another version of JSON-RPC", { jsonrpc: "1.0", id: 1, method: "ping" }, -32600],
    ["no method", { jsonrpc: "2.0", id: 1 }, -32600],
    ["a batch", [{ jsonrpc: "2.0", id: 1, method: "ping" }], -32600],
    ["a request whose id is null", { jsonrpc: "2.0", id: null, method: "ping" }, -32600],
    ["an id that is too long", { jsonrpc: "2.0", id: "x".repeat(9_000), method: "ping" }, -32600],
    [
      "a tool's name that is too long",
      {
        ...{ jsonrpc: "2.0", id: 1, method: "tools/call" },
        params: { name: "x".repeat(9_000), arguments: {} },
      },
      -32602,
    ],
    [
      "an address that is too long",
      { jsonrpc: "2.0", id: 1, method: "resources/read", params: { uri: "x:".repeat(9_000) } },
      -32602,
    ],
    ["params that are no object", { jsonrpc: "2.0", id: 1, method: "ping", params: 3 }, -32600],
    [
      "values nested too deep",
      `{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":${"[".repeat(5_000)}${"]".repeat(5_000)}}}`,
      -32600,
    ],
  ])("%s", async (_, body, code) => {
    const { post } = await client();
    const answer = await post(body, handshakeHeaders());
    expect(answer.status).toBe(400);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ jsonrpc: "2.0", error: { code } });
    expect(text.length).toBeLessThan(1_000);
  });

  test("an unknown method and an unknown tool", async () => {
    const { request } = await client();
    expect((await rpc(request("no/such"))).error?.code).toBe(-32601);
    const unknown = await rpc(request("tools/call", { name: "rm_rf", arguments: {} }));
    expect(unknown.error?.code).toBe(-32602);
    const unnamed = await rpc(request("tools/call", {}));
    expect(unnamed.error?.code).toBe(-32602);
  });

  test("arguments that a tool cannot take are its own error, so that a model can correct them", async () => {
    const { call } = await client();
    for (const args of [
      {},
      { query: "" },
      { query: 3 },
      { query: "x", limit: 1_000 },
      { query: "x", from: "soon" },
    ]) {
      const { isError, text } = await call("search_sessions", args);
      expect([args, isError]).toEqual([args, true]);
      expect(text).toMatch(/query|limit|from/);
    }
  });

  test("a body that is too large, or not UTF-8", async () => {
    const { post, t, who } = await client();
    const large = await post(
      { jsonrpc: "2.0", id: 1, method: "x".repeat(300_000) },
      handshakeHeaders(),
    );
    expect([large.status, (await rpc(large)).error?.code]).toEqual([413, -32000]);
    const headers = { ...handshakeHeaders(), Authorization: `Bearer ${who.apiKey}` };
    const broken = await t.fetch("/mcp", { method: "POST", headers, body: new Uint8Array([255]) });
    expect([broken.status, (await rpc(broken)).jsonrpc]).toEqual([400, "2.0"]);
  });
});

describe("who may call", () => {
  test("a stranger is told how to sign in, before the body is looked at", async () => {
    const { t } = await client();
    for (const key of [undefined, "osk_wrong", "nonsense"]) {
      const headers = { ...handshakeHeaders(), ...(key && { Authorization: `Bearer ${key}` }) };
      const answer = await t.fetch("/mcp", { method: "POST", headers, body: "{" });
      expect(answer.status).toBe(401);
      expect(answer.headers.get("WWW-Authenticate")).toContain("Bearer");
      expect((await rpc(answer)).error).toMatchObject({ data: { code: "UNAUTHORIZED" } });
    }
  });

  test("only POST is taken", async () => {
    const { t, who } = await client();
    for (const method of ["GET", "DELETE", "PUT"]) {
      const answer = await t.fetch("/mcp", {
        method,
        headers: { Authorization: `Bearer ${who.apiKey}` },
      });
      expect([answer.status, answer.headers.get("Allow")]).toEqual([405, "POST"]);
    }
  });

  test("a foreign page is refused by its Origin, and a foreign name by its Host", async () => {
    const { post } = await client();
    const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
    const status = async (more: object) =>
      (await post(ping, { ...handshakeHeaders(), ...more })).status;
    expect(await status({ Origin: "https://evil.example" })).toBe(403);
    expect(await status({ Origin: "null" })).toBe(403);
    expect(await status({ Origin: "https://test.convex.site" })).toBe(200);
    expect(await status({ Origin: "http://localhost:6274" })).toBe(200);
    expect(await status({ Host: "evil.example" })).toBe(403);
    expect(await status({ Host: "test.convex.site" })).toBe(200);
    expect(await status({ Host: "127.0.0.1:3211" })).toBe(200);
    vi.stubEnv("MCP_ALLOWED_HOSTS", "sync.example.com, other.example.com:8443");
    expect(await status({ Host: "sync.example.com" })).toBe(200);
    expect(
      await status({ Host: "other.example.com:8443", Origin: "https://other.example.com:8443" }),
    ).toBe(200);
  });

  test("requests are counted and logged like all others, and refused beyond the limit", async () => {
    vi.stubEnv("RATE_LIMIT_SEARCH", "2");
    const { t, request } = await client();
    expect((await request("tools/list")).headers.get("RateLimit")).toBe('"search";r=1;t=60');
    expect((await request("ping")).status).toBe(200);
    const refused = await request("tools/list");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("Retry-After")).toBe("60");
    expect((await rpc(refused)).error).toMatchObject({ data: { code: "RATE_LIMITED" } });
    const lines = await rows(t, "apiLogs");
    expect(lines.map(({ endpoint, statusCode }) => [endpoint, statusCode])).toEqual([
      ["/mcp", 200],
      ["/mcp", 200],
      ["/mcp", 429],
    ]);
  });
});

describe("search_sessions", () => {
  test("finds a session by its words and cites the message that says so", async () => {
    const { t, who, call } = await client();
    await who.post("/sync/batch", LOCK);
    await settle(t);
    const { text, isError } = await call("search_sessions", { query: "database is locked" });
    expect(isError).toBe(false);
    const [session] = await rows(t, "sessions");
    expect(text).toContain(`[session:${session?._id}/message:`);
    expect(text).toContain('"Export hangs" ("ledger", ');
    expect(text).toMatch(/^> .*database is locked/m);
  });

  test("what belongs to somebody else is not found", async () => {
    const { t, who } = await client();
    await who.post("/sync/batch", LOCK);
    await settle(t);
    const bob = await client(t, "bob@example.com");
    const { text } = await bob.call("search_sessions", { query: "database is locked" });
    expect(text).not.toContain("session:");
    expect(text).toContain("No past session");
  });
});
