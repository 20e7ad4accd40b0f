import { get, request as send, type IncomingMessage } from "node:http";
import { createGunzip, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../testing.ts";

let engine: TestEngine;
let key: string;
beforeAll(async () => {
  engine = await startTestEngine();
  key = (await engine.createUser()).apiKey;
  const messages = Array.from({ length: 60 }, (_, at) => ({
    sessionExternalId: "s",
    externalId: `m${at}`,
    textContent: `Message ${at}: ${"words and more words ".repeat(20)}`,
  }));
  await engine.request("/sync/batch", { key, json: { sessions: [{ externalId: "s" }], messages } });
  await engine.settle();
});
afterAll(() => engine.stop());

/** Asks without a client that decodes by itself. */
function raw(path: string, headers: Record<string, string> = {}, method = "GET") {
  return new Promise<{ message: IncomingMessage; body: Buffer; chunks: number }>(
    (resolve, reject) => {
      const options = { method, headers: { Authorization: `Bearer ${key}`, ...headers } };
      const request = send(engine.url + path, options, (message) => {
        const chunks: Buffer[] = [];
        message.on("data", (chunk: Buffer) => chunks.push(chunk));
        message.on("end", () => {
          resolve({ message, body: Buffer.concat(chunks), chunks: chunks.length });
        });
      });
      request.on("error", reject).end();
    },
  );
}

/** A client elsewhere, behind a proxy on this machine. */
const elsewhere = { "X-Forwarded-For": "203.0.113.7" };
const gzip = { ...elsewhere, "Accept-Encoding": "gzip, deflate, br" };

describe("an answer above 1 kB", () => {
  test.each([
    "/api/sessions/s",
    "/api/export?all=true&format=jsonl",
    "/api/export?all=true&format=csv",
    "/openapi.json",
  ])("%s is compressed for clients that accept it, and decodes to the same bytes", async (path) => {
    const [plain, small] = [await raw(path), await raw(path, gzip)];
    expect(plain.message.headers["content-encoding"]).toBeUndefined();
    expect(small.message.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(small.body).equals(plain.body)).toBe(true);
    expect(small.body.length).toBeLessThan(plain.body.length / 4);
    for (const { message } of [plain, small]) {
      expect(message.headers.vary).toContain("Accept-Encoding");
      expect(message.headers.etag).toMatch(/^W\//);
    }
    expect(small.message.headers.etag).toBe(plain.message.headers.etag);
  });

  test.each(["gzip;q=0", "identity", "br", "gzip;q=0, *"])(
    "is not compressed for a client that says %s",
    async (coding) => {
      const { message } = await raw("/openapi.json", {
        ...elsewhere,
        "Accept-Encoding": coding,
      });
      expect(message.headers["content-encoding"]).toBeUndefined();
    },
  );

  test("has the same headers when only they are asked for", async () => {
    const head = await raw("/openapi.json", gzip, "HEAD");
    expect(head.body).toHaveLength(0);
    expect(head.message.headers).toMatchObject({
      "content-encoding": "gzip",
      vary: "Accept-Encoding",
    });
  });

  test("is not sent again, compressed or not, to a client that has it", async () => {
    const { message } = await raw("/openapi.json", gzip);
    const etag = message.headers.etag ?? "";
    const again = await raw("/openapi.json", { ...gzip, "If-None-Match": etag });
    expect(again.message.statusCode).toBe(304);
    expect(again.body).toHaveLength(0);
    expect(again.message.headers["content-encoding"]).toBeUndefined();
  });
});

test("an answer to a client on this machine is sent as it is", async () => {
  const { message, body } = await raw("/openapi.json", { "Accept-Encoding": "gzip" });
  expect(message.headers["content-encoding"]).toBeUndefined();
  expect(message.headers.vary).toContain("Accept-Encoding");
  expect(JSON.parse(body.toString())).toHaveProperty("openapi");
});

test.each(["Forwarded", "X-Forwarded-For"])(
  "an answer to a proxy that sends %s is compressed",
  async (name) => {
    const headers = { "Accept-Encoding": "gzip", [name]: "for=203.0.113.7" };
    const { message } = await raw("/openapi.json", headers);
    expect(message.headers["content-encoding"]).toBe("gzip");
  },
);

test("a small answer is sent as it is", async () => {
  const { message, body } = await raw("/health", gzip);
  expect(message.headers["content-encoding"]).toBeUndefined();
  expect(JSON.parse(body.toString())).toMatchObject({ status: "ok" });
});

test("a client that leaves in the middle of a compressed answer does not disturb the next one", async () => {
  await new Promise<void>((resolve) => {
    const request = get(`${engine.url}/openapi.json`, { headers: gzip }, (message) => {
      message
        .pipe(createGunzip())
        .once("data", () => {
          request.destroy();
          resolve();
        })
        .on("error", () => undefined);
    });
    request.on("error", () => undefined);
  });
  expect((await raw("/health")).message.statusCode).toBe(200);
});
