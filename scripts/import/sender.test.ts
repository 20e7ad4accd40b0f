import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Sender } from "./sender.ts";
import { Server } from "./server.ts";

const STORED = { inserted: 0, updated: 0, skipped: 0, deleted: 0 };

/** A server that answers batches after a while; tells how many it had at once. */
async function holdingServer() {
  const seen = { now: 0, most: 0, batches: 0 };
  const server = createServer((request, response) => {
    seen.now++;
    seen.batches++;
    seen.most = Math.max(seen.most, seen.now);
    request.resume().on("end", () => {
      setTimeout(() => {
        seen.now--;
        response.writeHead(200, { "Content-Type": "application/json" });
        response.end(JSON.stringify({ results: { sessions: STORED, messages: STORED } }));
      }, 100);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, seen };
}

class ServerElsewhere extends Server {
  override get isHere() {
    return false;
  }
}

test.each([
  ["six batches are under way at once to a server on this machine", Server, 6],
  ["three are to a server elsewhere, which may store less a second", ServerElsewhere, 3],
] as const)("%s", async (_, Kind, most) => {
  const { url, seen } = await holdingServer();
  const sender = new Sender(
    new Kind(url, "key"),
    () => undefined,
    () => undefined,
  );
  // Each row is more than a batch holds.
  const textContent = "x".repeat(1_100_000);
  for (let at = 0; at < 12; at++) {
    const ids = { sessionExternalId: "s", externalId: `m${at}`, source: "codex-cli" };
    // Of another moment each, because messages of one moment stay in one batch.
    const row = { ...ids, textContent, createdAt: at };
    await sender.addMessage(row, { path: "p" });
  }
  await sender.flush();
  expect([seen.batches, seen.most]).toEqual([12, most]);
});
