import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

/** Takes over the connection of an upgrade request; returns false if it does not handle the request. */
export type AcceptUpgrade = (message: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/** Headers that ask for another protocol. */
const UPGRADE_HEADERS = new Set(["upgrade", "connection", "http2-settings"]);

/** Rebuilds the head of a request as it arrived, without the headers that ask for another protocol. */
function headWithoutUpgrade({ method, url, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method ?? "GET"} ${url ?? "/"} HTTP/1.1`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? "";
    if (!UPGRADE_HEADERS.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[i + 1] ?? ""}`);
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/**
 * Offers upgrade requests to `accept`. Serves those that it declines as ordinary requests, because a server may
 * ignore an upgrade, and some clients ask every server for HTTP/2 in this way. Node has stopped parsing such a
 * request, so it is put back and parsed again without the upgrade headers.
 */
export function routeUpgrades(server: Server, accept: AcceptUpgrade): void {
  server.on("upgrade", (message, socket, head) => {
    if (accept(message, socket, head)) return;
    socket.unshift(Buffer.concat([headWithoutUpgrade(message), head]));
    server.emit("connection", socket);
  });
}
