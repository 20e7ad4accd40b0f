import { convexToJson } from "convex/values";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Clock } from "../clock.ts";
import type { LogLine } from "../logLine.ts";
import { startTestEngine, type TestEngine } from "../testing.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));
const NOON = Date.UTC(2026, 0, 15, 12);

let lines: string[] = [];
beforeEach(() => {
  lines = [];
});
const log = ({ level, function: name, words }: LogLine) =>
  lines.push(`${level} ${name}: ${words.map((word) => inspect(word)).join(" ")}`);

/** Sends a request, and leaves once its action says that it waits. */
async function leave(engine: TestEngine, path: string): Promise<void> {
  const leaving = new AbortController();
  const request = engine.request(path, { signal: leaving.signal }).catch(() => undefined);
  await expect.poll(() => lines.join("\n")).toContain("waiting");
  leaving.abort();
  await request;
}

/** Writes all of this to a connection; resolves to the statuses of two answers. */
function onOneConnection(port: number, texts: string[]): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      for (const text of texts) socket.write(text);
    });
    let received = "";
    socket.on("error", reject);
    socket.on("close", () => {
      reject(new Error(`The connection was closed: ${received.slice(0, 200)}`));
    });
    socket.on("data", (data: Buffer) => {
      received += data.toString("latin1");
      const found = Array.from(received.matchAll(/HTTP\/1\.1 (\d+)/g), (match) => Number(match[1]));
      if (found.length < 2) return;
      resolve(found);
      socket.removeAllListeners("close").destroy();
    });
  });
}

describe.each([
  ["in the thread of the engine", "never"],
  ["in a thread of their own", "always"],
  ["where there is room", "if several"],
] as const)("HTTP actions %s", (_, actionThread) => {
  let engine: TestEngine;
  const clock = new Clock(true, NOON);
  beforeAll(async () => {
    const env = { GREETING: "hello" };
    engine = await startTestEngine({ functions, env, log, clock, actionThread });
  });
  afterAll(() => engine.stop());

  test("use files, other functions, variables and the engine's time", async () => {
    clock.skipTo(NOON + 5_000);
    expect(await (await engine.request("/platform")).json()).toEqual({
      file: ["stored", "text/x"],
      results: [null, 3, null],
      greeting: "hello",
      now: NOON + 5_000,
    });
  });

  test("are recorded with the calls that they make", async () => {
    let traced: string[] = [];
    const stop = engine.onCall((call, { calls }) => {
      if (call.type === "httpAction") traced = calls.map(({ name }) => name);
    });
    await engine.request("/platform");
    stop();
    expect(traced).toContain("people:limitsLeft");
    expect(traced.at(-1)).toBe("GET /platform");
    const unknown = await engine.measure(() => engine.request("/no-such-route"));
    expect([unknown.result.status, unknown.calls]).toEqual([404, []]);
  });

  test("that throw answer 500 with the message, and are recorded as failed", async () => {
    const { result, calls } = await engine.measure(() => engine.request("/throws"));
    expect(result.status).toBe(500);
    expect(await result.json()).toMatchObject({
      code: expect.stringMatching(/^\[Request ID: \w+\] Server Error: it broke$/) as string,
      trace: expect.stringContaining("it broke") as string,
    });
    expect(calls).toMatchObject([{ name: "GET /throws", error: "it broke" }]);
    expect(lines.join("\n")).toContain("error GET /throws: ");
  });

  test("catch a ConvexError with its data", async () => {
    expect(await (await engine.request("/refused")).json()).toEqual({
      code: "REFUSED",
      left: convexToJson(5n),
    });
  });

  test("get the method, headers and body of a request, and set those of the answer", async () => {
    const answer = await engine.request("/exact", { method: "POST", body: "sent 😀" });
    expect(answer.headers.get("X-Route")).toBe("exact post");
    expect(answer.headers.get("Content-Length")).not.toBeNull();
    expect(await answer.json()).toEqual({ route: "exact post", method: "POST", body: "sent 😀" });
  });

  test("stream bodies of megabytes in and out, unchanged", async () => {
    const bytes = new Uint8Array(5_000_000).map((_, at) => (at * 31) >> 3);
    const answer = await engine.request("/echo", { method: "POST", body: bytes });
    const received = new Uint8Array(await answer.arrayBuffer());
    expect(Buffer.compare(received, bytes)).toBe(0);
  });

  test("answer many requests at once, each with its own body", async () => {
    const bodies = Array.from({ length: 50 }, (_, at) =>
      `body ${at} `.repeat(1 + (at % 7) * 3_000),
    );
    const answers = bodies.map(async (body): Promise<unknown> => {
      const answer = await engine.request("/exact", { method: "POST", body });
      return await answer.json();
    });
    expect(await Promise.all(answers)).toMatchObject(bodies.map((body) => ({ body })));
  });

  test.each([
    ["words of every script", "naïve Привет 漢字 😀 \ud800"],
    ["the text of a call", '","args":{"name":"other"},"version":"9"}],"args":[] \\",\\"args\\":'],
    ["a megabyte", "— line\n".repeat(110_000)],
  ])("pass %s to a mutation unchanged", async (_what, text) => {
    const answer = await engine.request("/stores", { method: "POST", body: text });
    expect(await answer.json()).toEqual(
      convexToJson({
        text: text.replace("\ud800", "\ufffd"),
        integer: 7n,
        bytes: new ArrayBuffer(2),
        most: Infinity,
      }),
    );
  });

  test("log with their names, also what a callback throws", async () => {
    expect((await engine.request("/logs")).status).toBe(204);
    await expect.poll(() => lines.join("\n")).toContain("thrown in a timer");
    expect(lines[0]).toMatch(/^warn H\(GET \/logs\): 'said' .*by: 'an HTTP action'/);
    expect(lines[1]).toMatch(/^error H\(GET \/logs\): .*thrown in a timer/);
  });

  test("may go on after their answer", async () => {
    expect(await (await engine.request("/later")).text()).toBe("answered");
    await expect.poll(() => engine.runFunction("live:ranks", { group: "later" })).toEqual([1]);
  });

  test("learn that their client has left", async () => {
    await leave(engine, "/waits");
    await expect.poll(() => lines.join("\n")).toContain("left");
  });

  test("that send what cannot be sent fail alone", async () => {
    const slow = engine.request("/slow?ms=200");
    const strange = engine.request("/strange").then((answer) => answer.text());
    await expect(strange).rejects.toThrow();
    expect(await (await engine.request("/misfiles")).json()).toBe("refused");
    expect(await (await slow).text()).toBe("done");
  });

  test.each([
    ["refuse it", "/peeks", 413],
    ["do not read it", "/no-such-route", 404],
  ])(
    "whose body comes in chunks may %s: its answer comes, and the next one on the connection",
    async (_what, path, status) => {
      const statuses = await onOneConnection(engine.port, [
        `POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`,
        `${(3_000_000).toString(16)}\r\n${"x".repeat(3_000_000)}\r\n0\r\n\r\n`,
        "GET /exact HTTP/1.1\r\nHost: x\r\n\r\n",
      ]);
      expect(statuses).toEqual([status, 200]);
    },
  );

  test("have their streams canceled when the client leaves", async () => {
    const leaving = new AbortController();
    const { body } = await engine.request("/counts", { signal: leaving.signal });
    await body?.getReader().read();
    leaving.abort();
    const canceled = async () => Number(await (await engine.request("/canceled")).text());
    await expect.poll(canceled).toBe(1);
  });
});

describe("a thread of HTTP actions that ends", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startTestEngine({ functions, log, actionThread: "always" });
  });
  afterAll(() => engine.stop());

  test("fails the requests that it was answering, says why, and the next request is answered", async () => {
    const other = engine.request("/slow?ms=60000");
    await leave(engine, "/crashes");
    const failed = await other;
    expect([failed.status, await failed.json()]).toEqual([
      500,
      expect.objectContaining({ code: "InternalServerError" }),
    ]);
    expect(lines.join("\n")).toContain("thrown in a listener");
    const answer = await engine.request("/exact");
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({ route: "exact" }),
    ]);
  });

  test("does not give what it had asked for to the thread after it", async () => {
    const before = engine.request("/echoes?text=before&ms=400");
    await leave(engine, "/crashes");
    expect((await before).status).toBe(500);
    expect(await (await engine.request("/echoes?text=after&ms=800")).text()).toBe("after");
  });
});
