import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendDemo } from "../local/console/demo.ts";
import { startTestEngine, type TestEngine } from "../local/testing.ts";
import { blocksOf, filesOf, recorded, shell, withoutTimes } from "./examples.ts";
import { withTables } from "./pluginTables.ts";

/**
 * Keeps the pages true: their programs run, their commands print what they show, their tables are those of
 * the code. `UPDATE_DOCS=1` writes what differs into them.
 */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const page = (name: string) => join(ROOT, "docs", name);
const read = (name: string) => readFileSync(page(name), "utf8");

function expectPage(name: string, real: string, comparable = (text: string) => text) {
  if (process.env.UPDATE_DOCS === "1") writeFileSync(page(name), real);
  expect(comparable(read(name))).toBe(comparable(real));
}

describe("docs/write-a-plugin.md", () => {
  test("has the tables of the code", () => {
    expectPage("write-a-plugin.md", withTables(read("write-a-plugin.md")));
  });
});

describe("on a server with the demo sessions", () => {
  let engine: TestEngine;
  let folder: string;

  beforeAll(async () => {
    engine = await startTestEngine();
    folder = mkdtempSync(join(tmpdir(), "opensync-examples-"));
    mkdirSync(join(folder, "bin"));
    symlinkSync(join(ROOT, "scripts/cli/opensync.mjs"), join(folder, "bin/opensync"));
  });
  afterAll(async () => {
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A shell of someone new, whose server has only the demo sessions. */
  async function newShell(email: string): Promise<(command: string) => Promise<string>> {
    const { apiKey } = await engine.createUser(email);
    await sendDemo(engine.url, apiKey);
    await engine.settle();
    const run = shell(folder, {
      ...{ HOME: folder, TZ: "UTC", OPENSYNC_URL: engine.url, OPENSYNC_API_KEY: apiKey },
      PATH: `${join(folder, "bin")}${delimiter}${process.env.PATH}`,
    });
    return async (command) => {
      const printed = await run(command);
      await engine.settle();
      return printed.replaceAll(engine.url, "http://127.0.0.1:3211");
    };
  }

  const saved = (markdown: string) => {
    for (const { name, code } of filesOf(markdown)) writeFileSync(join(folder, name), code);
  };

  test("the canonical message of docs/write-a-plugin.md is stored without a warning", async () => {
    const { apiKey: key } = await engine.createUser();
    const [message] = blocksOf(read("write-a-plugin.md")).filter(
      ({ language }) => language === "json",
    );
    const headers = { Prefer: "handling=strict" };
    const json = JSON.parse(message?.code ?? "") as { externalId: string; parts: object[] };
    const sent = await engine.request("/sync/message", { key, json, headers });
    expect([sent.status, await sent.json()]).toEqual([
      200,
      expect.not.objectContaining({ warnings: [] }),
    ]);
    const stored = await engine.request(`/api/messages/${json.externalId}`, { key });
    expect(await stored.json()).toMatchObject({
      message: { parts: json.parts, promptTokens: 1200 },
    });
  });

  test("a day's work in docs/cli.md prints what it shows", async () => {
    const markdown = read("cli.md");
    expect(blocksOf(markdown).map(({ language }) => language)).toContain("console");
    expectPage("cli.md", await recorded(markdown, await newShell("you@localhost")), withoutTimes);
  }, 120_000);

  test("the programs of docs/quickstart.md run, print what it shows, and are as short as it says", async () => {
    const markdown = read("quickstart.md");
    saved(markdown);
    expectPage(
      "quickstart.md",
      await recorded(markdown, await newShell("newcomer@localhost")),
      withoutTimes,
    );
    const lines = Object.fromEntries(
      filesOf(markdown).map(({ name, code }) => [
        name,
        code.split("\n").filter((line) => line.trim() !== "").length,
      ]),
    );
    expect(lines["plugin.mjs"]).toBeLessThanOrEqual(19);
    expect(lines["rag.mjs"]).toBeLessThanOrEqual(8);
    expect(lines["eval.mjs"]).toBeLessThanOrEqual(6);
  }, 120_000);
});
