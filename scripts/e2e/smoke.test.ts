import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../local/testing.ts";

const run = promisify(execFile);
const script = fileURLToPath(new URL("../smoke.ts", import.meta.url));

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

/** The script as an operator runs it; its exit code and what it printed. */
async function smoke(key: string): Promise<{ code: number; output: string }> {
  const env = { PATH: process.env["PATH"], OPENSYNC_API_KEY: key };
  try {
    const { stdout } = await run("npx", ["tsx", script, engine.url], { env });
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, output: stdout };
  }
}

test("a deployment that works passes the smoke test, and nothing of it stays", async () => {
  const { apiKey } = await engine.createUser();
  const { code, output } = await smoke(apiKey);
  expect([code, output]).toEqual([0, expect.stringContaining("All is well.")]);
  expect(output).not.toContain("FAIL");
  const list = await engine.request("/api/sessions", { key: apiKey });
  expect(await list.json()).toMatchObject({ sessions: [] });
});

test("a wrong key fails it", async () => {
  const { code, output } = await smoke(`osk_${"y".repeat(32)}`);
  expect([code, output]).toEqual([1, expect.stringContaining("FAIL a session is stored")]);
}, 90_000);
