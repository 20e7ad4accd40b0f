import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { LogLine } from "../logLine.ts";
import { startTestEngine, type TestEngine } from "../testing.ts";
import { startServer, withDataFile } from "../trials/server.ts";

const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));

let lines: LogLine[] = [];
beforeEach(() => {
  lines = [];
});
const log = (line: LogLine) => lines.push(line);
const errors = () =>
  lines.filter(({ level }) => level === "error").map((line) => inspect(line, { depth: 5 }));

describe("a callback that throws is logged with its function's name, and fails nothing", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startTestEngine({ functions, log });
  });
  afterAll(() => engine.stop());

  test.each(["setTimeout", "setInterval", "queueMicrotask"])("in %s", async (where) => {
    expect(await engine.runFunction("stray:throwsIn", { where })).toBe("done");
    expect(errors()).toEqual([expect.stringContaining(`thrown in ${where}`)]);
    expect(errors()[0]).toContain("A(stray:throwsIn)");
  });
});

describe("a rejected promise that no function waits for is logged, and the process continues", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    // A process of its own: the one of the tests fails if a rejection is not handled.
    engine = await startTestEngine({ functions, log, heapMiB: 64 });
  });
  afterAll(() => engine.stop());

  test("if an action left it", async () => {
    expect(await engine.runFunction("stray:rejects")).toBe("done");
    await expect.poll(errors).toEqual([expect.stringContaining("stray rejection")]);
    expect(await engine.runFunction("jobs:ran")).toEqual([]);
  });

  test("if an HTTP action writes to its stream after its client left", async () => {
    const leaving = new AbortController();
    const { body } = await engine.request("/endless", { signal: leaving.signal });
    await body?.getReader().read();
    leaving.abort();
    await expect.poll(errors).toEqual([expect.stringContaining("The connection was closed")]);
    expect((await engine.request("/exact")).status).toBe(200);
  });
});

/** Lets a test cause, in the server's process, what a fault would: a rejection, or an exception. */
const FAULTS = `data:text/javascript,${encodeURIComponent(`
  process.on("SIGUSR2", () => void Promise.reject(new Error("stray rejection")));
  process.on("SIGHUP", () => { throw new Error("broken engine"); });
`)}`;

test("npm start survives a rejection that nothing handles, and ends with 1 after any other uncaught exception", async () => {
  await withDataFile(async (data) => {
    const env = { NODE_OPTIONS: `--import ${FAULTS}` };
    const server = await startServer(data, ["--no-embeddings"], env);
    process.kill(server.pid, "SIGUSR2");
    await expect.poll(() => server.output()).toContain("stray rejection");
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    expect(await server.end("SIGHUP")).toBe(1);
    expect(server.output()).toContain("broken engine");
  });
});
