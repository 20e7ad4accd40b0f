import { describe, expect, test } from "vitest";
import { deployment, eachTestAt, person, read } from "../test.setup";
import { handshakeHeaders, loadProtocolFirst, type Rpc, rpcClient } from "./mcp.fixture";

eachTestAt(Date.UTC(2026, 0, 22, 12));

loadProtocolFirst();

async function client() {
  const t = deployment();
  return rpcClient((path, init) => t.fetch(path, init), await person(t));
}

const CLIENT = { name: "test", version: "1" };

describe("params that a method cannot take are the client's error, and named", () => {
  test.each<[string, object | undefined, string]>([
    ["initialize", undefined, "params"],
    ["initialize", { capabilities: {}, clientInfo: CLIENT }, "params.protocolVersion"],
    [
      "initialize",
      { protocolVersion: "2025-11-25", capabilities: null, clientInfo: CLIENT },
      "params.capabilities",
    ],
    [
      "initialize",
      { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: 3 } },
      "params.clientInfo.name",
    ],
    ["tools/list", { cursor: 3 }, "params.cursor"],
    ["resources/list", { cursor: {} }, "params.cursor"],
    ["resources/templates/list", { cursor: 3 }, "params.cursor"],
    ["resources/read", undefined, "params"],
    ["resources/read", {}, "params.uri"],
    ["resources/read", { uri: 3 }, "params.uri"],
    ["tools/call", {}, "params.name"],
    ["tools/call", { name: "usage", arguments: null }, "params.arguments"],
    ["tools/call", { name: "usage", arguments: [] }, "params.arguments"],
  ])("%s with %j", async (method, params, path) => {
    const { post } = await client();
    const answer = await post({ jsonrpc: "2.0", id: "a", method, params }, handshakeHeaders());
    const { id, error } = await read<Rpc>(answer);
    expect([id, error?.code]).toEqual(["a", -32602]);
    expect(error?.message).toContain(`Invalid params: ${path} `);
    expect(error?.message).not.toMatch(/[\n{]/);
  });

  test("also without a handshake", async () => {
    const { modern } = await client();
    const params = { cursor: 3 };
    const { error } = await read<Rpc>(await modern("resources/list", params));
    expect(error).toMatchObject({ code: -32602 });
    expect(error?.message).toContain("params.cursor");
  });
});

test("a cursor that no list gave is refused, because a list has one page", async () => {
  const { request, modern } = await client();
  for (const method of ["tools/list", "resources/list", "resources/templates/list"]) {
    for (const send of [request, modern]) {
      const { error } = await read<Rpc>(await send(method, { cursor: "b3RoZXI" }));
      expect([method, error?.code]).toEqual([method, -32602]);
    }
  }
});
