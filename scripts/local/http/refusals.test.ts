import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import { startTestEngine, type TestEngine } from "../testing.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ functions });
});
afterAll(() => engine.stop());

interface Answer {
  status: number;
  head: string;
  body: unknown;
}

/** Sends raw bytes that no HTTP client would send, and reads the answer until the connection closes. */
function exchange(bytes: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(engine.port, "127.0.0.1", () => socket.write(bytes));
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", reject);
    socket.on("close", () => {
      const [head = "", body = ""] = Buffer.concat(chunks).toString("utf8").split("\r\n\r\n");
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
      resolve({ status, head, body: body === "" ? null : (JSON.parse(body) as unknown) });
    });
  });
}

const line = (start: string) => `${start} HTTP/1.1\r\nHost: x\r\n\r\n`;

test("a URL with unencoded letters is refused, and the answer contains the encoded URL", async () => {
  const { status, head, body } = await exchange(line("GET /exact?q=日本"));
  expect([status, body]).toEqual([
    400,
    expect.objectContaining({
      code: "BadRequest",
      error: "Percent-encode the URL: /exact?q=%E6%97%A5%E6%9C%AC",
    }),
  ]);
  expect(head).toContain("Access-Control-Allow-Origin: *");
});

test.each(["TRACE", "PROPFIND", "QUERY"])(
  "%s, which no route can use, gets 405 with the allowed methods, readable by browsers",
  async (method) => {
    const { status, head, body } = await exchange(line(`${method} /exact`));
    expect([status, body]).toEqual([405, expect.objectContaining({ code: "MethodNotAllowed" })]);
    expect(head).toContain("Access-Control-Allow-Origin: *");
    expect(head).toMatch(/^Allow: GET, .*HEAD/m);
  },
);

test.each([
  ["what is no HTTP", "hello\r\n\r\n", 400],
  ["headers over 16 kB", `GET /exact HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
])("%s is refused as JSON", async (_, bytes, status) => {
  expect(await exchange(bytes)).toMatchObject({
    status,
    body: { error: expect.any(String) as string, code: expect.any(String) as string },
  });
});

test("the refusal of a body over the limit is readable by browsers", async () => {
  const body = new Uint8Array(21 * (1 << 20));
  const answer = await engine.request("/echo", { method: "POST", body });
  expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([413, "*"]);
  expect(await answer.json()).toMatchObject({ code: "RequestTooLarge" });
});
