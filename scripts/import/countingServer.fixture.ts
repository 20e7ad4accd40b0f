import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A server that only counts what it was sent, and can be stopped and started at one address. */
export async function countingServer() {
  const received: string[] = [];
  const make = () =>
    createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
      request.on("end", () => {
        const { messages } = JSON.parse(body) as { messages: { externalId: string }[] };
        received.push(...messages.map(({ externalId }) => externalId));
        response.setHeader("Connection", "close");
        response.end(JSON.stringify({ results: {}, errors: [] }));
      });
    });
  let server = make();
  const start = async (port: number) => {
    server = make();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  };
  const stop = () => new Promise((resolve) => server.close(resolve));
  const port = await start(0);
  onTestFinished(async () => void (await stop()));
  return { url: `http://127.0.0.1:${port}`, received, stop, start: () => start(port) };
}
