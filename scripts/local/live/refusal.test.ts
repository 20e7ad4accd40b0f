import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { LiveServer } from "./server.ts";
import type { LiveParts } from "./session.ts";

test("a refused connection is closed even if the client keeps its side open", async () => {
  const live = new LiveServer(Promise.resolve({} as LiveParts));
  await live.stop(0);
  const refused: Duplex[] = [];
  const server = createServer().on("upgrade", (message, socket, head) => {
    refused.push(socket);
    live.upgrade(message, socket, head);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let answer = "";
  client.on("data", (data) => (answer += data.toString("latin1")));
  client.write(
    "GET /api/sync HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  );
  await once(client, "end");
  expect(answer).toContain("HTTP/1.1 503 Service Unavailable");
  await expect.poll(() => refused.map(({ destroyed }) => destroyed)).toEqual([true]);
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
});
