import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeArguments } from "../../local/trials/commands.ts";
import { run } from "../packages.ts";

/** A registry that has nothing. */
const registry = createServer((_, answer) => answer.writeHead(404).end("{}"));
let cache: string;
let url: string;

beforeAll(async () => {
  cache = mkdtempSync(join(tmpdir(), "opensync-npm-"));
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
});
afterAll(() => {
  registry.close();
  rmSync(cache, { recursive: true, force: true });
});

const conformance = (address: string) => {
  const npm = {
    npm_config_registry: address,
    npm_config_cache: cache,
    npm_config_fetch_retries: "0",
  };
  return run(process.execPath, nodeArguments("e2e/conformance/main"), {
    env: { ...process.env, ...npm },
  });
};

test("a suite that the registry does not have is reported as skipped", async () => {
  const { code, output } = await conformance(url);
  expect(output).toMatch(
    /^SKIPPED, nothing was checked: .*cannot be had from the registry \(E404\)/m,
  );
  expect(code).toBe(0);
});

test("a registry that cannot be reached is reported as skipped", async () => {
  const { code, output } = await conformance("http://127.0.0.1:1");
  expect(output).toMatch(/^SKIPPED, nothing was checked: .*\(ECONNREFUSED\)/m);
  expect(code).toBe(0);
});
