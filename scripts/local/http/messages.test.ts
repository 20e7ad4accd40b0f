import { createServer, get, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { sendResponse } from "./messages.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Serves an answer with this body; returns the address, and a promise that settles when it has been sent or given up. */
async function serve(
  body: UnderlyingDefaultSource<Uint8Array>,
): Promise<{ url: string; sent: Promise<void> }> {
  let resolveSent: (sent: Promise<void>) => void = () => undefined;
  const sent = new Promise<void>((resolve) => (resolveSent = resolve));
  const listening = createServer((_, response) => {
    resolveSent(sendResponse(new Response(new ReadableStream(body)), response, () => undefined));
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, sent };
}

const bytes = (text: string) => new TextEncoder().encode(text);

test("an answer ends when its client leaves, even if the next chunk never comes", async () => {
  const { url, sent } = await serve({
    start: (controller) => {
      controller.enqueue(bytes("first"));
    },
  });
  const request = get(url, (message) => {
    message.once("data", () => request.destroy());
    message.on("error", () => undefined);
  });
  request.on("error", () => undefined);
  await sent;
});

test("a client that reads slowly gets every byte, and chunks are not read ahead of it", async () => {
  let pulled = 0;
  const chunk = new Uint8Array(256 << 10).fill(97);
  const { url, sent } = await serve({
    pull: (controller) => {
      if (pulled++ < 40) controller.enqueue(chunk);
      else controller.close();
    },
  });
  const message = await new Promise<IncomingMessage>((resolve) => {
    get(url, resolve);
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const ahead = pulled;
  let received = 0;
  for await (const part of message as AsyncIterable<Buffer>) received += part.length;
  await sent;
  expect(received).toBe(40 * chunk.length);
  expect(ahead).toBeLessThan(40);
});

test("an error of the stream is passed on, so that the answer does not look complete", async () => {
  const { url, sent } = await serve({
    pull: (controller) => {
      controller.error(new Error("lost"));
    },
  });
  get(url, () => undefined).on("error", () => undefined);
  await expect(sent).rejects.toThrow("lost");
});
