import { createServer, get, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { answerOf } from "./answers.ts";
import { sendAnswer } from "./messages.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Serves an answer with this body; returns the address, and a promise that settles when it has been sent or given up. */
async function serve(
  body: UnderlyingDefaultSource<Uint8Array>,
  headers: HeadersInit = {},
): Promise<{ url: string; sent: Promise<void> }> {
  let resolveSent: (sent: Promise<void>) => void = () => undefined;
  const sent = new Promise<void>((resolve) => (resolveSent = resolve));
  const listening = createServer((_, response) => {
    const answer = new Response(new ReadableStream(body), { headers });
    resolveSent(answerOf(answer).then((taken) => sendAnswer(taken, response, () => undefined)));
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, sent };
}

const bytes = (text: string) => new TextEncoder().encode(text);

test("an answer sends each of its cookies in a header of its own", async () => {
  const headers: [string, string][] = [
    "a=1; Path=/",
    "b=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
  ].map((cookie) => ["Set-Cookie", cookie]);
  const { url } = await serve({ start: (controller) => controller.close() }, headers);
  const answer = await fetch(url);
  expect(answer.headers.getSetCookie()).toEqual(headers.map(([, cookie]) => cookie));
});

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

describe("a stream whose next chunk never comes is canceled when its client leaves", () => {
  /** Serves text whose stream sends `first`, and then waits for ever; resolves when the stream is canceled. */
  async function canceledAfter(
    first: string,
    leave: (url: string, pulled: Promise<void>) => void,
  ): Promise<void> {
    let resolvePulled: () => void = () => undefined;
    const pulled = new Promise<void>((resolve) => (resolvePulled = resolve));
    await new Promise<void>((resolve) => {
      const body: UnderlyingDefaultSource<Uint8Array> = {
        start: (controller) => {
          controller.enqueue(bytes(first));
        },
        pull: () => {
          resolvePulled();
          return new Promise<void>(() => undefined);
        },
        cancel: () => {
          resolve();
        },
      };
      void serve(body, { "Content-Type": "text/plain" }).then(({ url, sent }) => {
        // The compressed answer fails, because it is cut off.
        sent.catch(() => undefined);
        leave(url, pulled);
      });
    });
  }

  /** A client elsewhere, for which answers are compressed. */
  const elsewhere = { "X-Forwarded-For": "203.0.113.7", "Accept-Encoding": "gzip" };

  /** Leaves after the first byte of the answer. */
  const leaveAfterFirst = (url: string, headers: Record<string, string> = {}) => {
    const request = get(url, { headers }, (message) => {
      message.once("data", () => request.destroy());
      message.on("error", () => undefined);
    });
    request.on("error", () => undefined);
  };

  test("if it is sent as it is", async () => {
    await canceledAfter("first", (url) => {
      leaveAfterFirst(url);
    });
  });

  test("if it is compressed", async () => {
    await canceledAfter("first ".repeat(1_000), (url) => {
      leaveAfterFirst(url, elsewhere);
    });
  });

  test("if its beginning is still too short to know whether it will be compressed", async () => {
    await canceledAfter("first", (url, pulled) => {
      const request = get(url, { headers: elsewhere });
      request.on("error", () => undefined);
      void pulled.then(() => request.destroy());
    });
  });
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
