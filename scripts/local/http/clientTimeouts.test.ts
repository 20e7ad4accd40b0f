import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../testing.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));

let engine: TestEngine;
const clientTimeouts = { idleMs: 300, requestMs: 1_200, keepAliveMs: 300 };
beforeAll(async () => {
  engine = await startTestEngine({ functions, clientTimeouts });
});
afterAll(() => engine.stop());

/** Sends a request's head, then what `next` writes; resolves to everything received once the connection closes. */
function converse(head: string, next?: (write: (text: string) => void) => NodeJS.Timeout) {
  return new Promise<string>((resolve) => {
    const socket = connect(engine.port, "127.0.0.1");
    let answer = "";
    socket.write(head);
    const timer = next?.((text) => socket.write(text));
    socket.on("data", (chunk) => (answer += chunk.toString()));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearInterval(timer);
      resolve(answer);
    });
  });
}

const post = (path: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n`;

describe("a client that never finishes its request", () => {
  test("gets 408 and is disconnected if it stops sending its body", async () => {
    const answer = await converse(post("/exact") + "{");
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"RequestTimeout"');
  });

  test("is disconnected if it sends its body so slowly that the request takes too long", async () => {
    const answer = await converse(post("/exact"), (write) => setInterval(() => write("x"), 100));
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("is disconnected if it does not finish its headers", async () => {
    const answer = await converse("POST /exact HTTP/1.1\r\n", (write) =>
      setInterval(() => write("X: y\r\n"), 100),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 408 |^$/);
  });
});

test("an answer may take longer than a client may be idle", async () => {
  const { status } = await engine.request("/slow?ms=900");
  expect(status).toBe(200);
});

test("a connection that its client keeps open after an answer is closed", async () => {
  const answer = await converse("GET /slow?ms=900 HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*done/);
});
