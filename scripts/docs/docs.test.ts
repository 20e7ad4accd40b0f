import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { DocResult, DocsAnswer } from "../../convex/wire/docs";
import { startTestEngine, type TestEngine } from "../local/testing.ts";
import { readPages, toPage } from "./pages.ts";
import { syncPages } from "./sync.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "opensync-docs-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

describe("a Markdown file becomes a page", () => {
  test.each([
    ["guide/Set Up.md", "# Setting up\ntext", { slug: "guide/set-up", title: "Setting up" }],
    ["guide/index.md", "no heading", { slug: "guide", title: "Index" }],
    ["README.mdx", "text", { slug: "readme", title: "README" }],
    ["a.md", '---\ntitle: "A \\"b\\""\nslug: /x/y/\n---\n# Other', { slug: "x/y", title: 'A "b"' }],
    ["a.md", "---\r\ntitle: 'It''s'\r\n---\r\nbody", { title: "It's", content: "body" }],
    ["a.md", "\ufeff# Bom", { title: "Bom" }],
    ["a.md", "text\n---\ntitle: no\n---", { content: "text\n---\ntitle: no\n---" }],
  ])("%s", (path, text, expected) => {
    expect(toPage(path, text)).toMatchObject(expected);
  });

  test("whose hash changes with its title and its content, and with nothing else", () => {
    const hash = (text: string) => toPage("a.md", text).contentHash;
    expect(hash("# A\nx")).toBe(hash("# A\nx\n\n"));
    expect(new Set([hash("# A\nx"), hash("# A\ny"), hash("---\ntitle: B\n---\n# A\nx")]).size).toBe(
      3,
    );
  });

  test("hidden files and other types are left out; two pages of one slug are named", () => {
    write("a.md", "a");
    write(".b.md", "b");
    write("c.txt", "c");
    expect(readPages(folder).map((page) => page.slug)).toEqual(["a"]);
    write("A.mdx", "again");
    expect(() => readPages(folder)).toThrow(/A.mdx and a.md|a.md and A.mdx/);
  });

  test("a page too large to store is named", () => {
    write("big.md", "x".repeat(500_001));
    expect(() => readPages(folder)).toThrow("big.md");
  });
});

describe("a folder and a deployment", () => {
  let engine: TestEngine;
  let key: string;
  beforeAll(async () => {
    engine = await startTestEngine();
    key = (await engine.createUser()).apiKey;
  });
  afterAll(() => engine.stop());

  const sync = () => syncPages(readPages(folder), (path, args) => engine.runFunction(path, args));
  const find = async (query: string) => {
    const body = JSON.stringify({ path: "docs:search", args: { query }, format: "json" });
    const headers = { "Content-Type": "application/json" };
    const response = await engine.request("/api/query", { method: "POST", headers, body });
    return ((await response.json()) as { value: DocResult[] }).value;
  };

  test("are made equal, and a second time nothing is written", async () => {
    write(
      "keys.md",
      "# Keys\n\n## Rotate\n\nRotate the signing keys with zebra.\n\n## Revoke\n\nGone.",
    );
    write("other.md", "# Other\n\nNothing.");
    expect(await sync()).toEqual({ written: 2, removed: 0, unchanged: 0 });
    expect(await sync()).toEqual({ written: 0, removed: 0, unchanged: 2 });

    const [result, ...more] = await find("zebra");
    expect(more).toEqual([]);
    expect(result).toMatchObject({
      slug: "keys",
      title: "Keys",
      heading: "Rotate",
      anchor: "rotate",
    });
    const [[start, end] = [0, 0]] = result?.highlights ?? [];
    expect(result?.snippet.slice(start, end)).toBe("zebra");

    write("other.md", "# Other\n\nNow with zebra too.");
    rmSync(join(folder, "keys.md"));
    expect(await sync()).toEqual({ written: 1, removed: 1, unchanged: 0 });
    expect((await find("zebra")).map((one) => one.slug)).toEqual(["other"]);
  });

  test("are found by the words of a title that stands in no content, each page once", async () => {
    write("titled.md", '---\ntitle: "My: quince page"\n---\nIntroduction.\n\n## More\n\nNothing.');
    write("empty.md", "---\ntitle: Medlars\n---\n");
    write("both.md", "# Quinces\n\nA quince.");
    write("content.md", "# Fruit\n\nA quince, too.");
    await sync();
    const found = await find("quince");
    expect(found.map((one) => one.slug).sort()).toEqual(["both", "content", "titled"]);
    const titled = found.find((one) => one.slug === "titled");
    expect(titled).toMatchObject({ title: "My: quince page", snippet: "Introduction." });
    expect(await find("medlars")).toMatchObject([{ slug: "empty", title: "Medlars" }]);
  });

  test("are searched by meaning too, with a key; without one it is a 401", async () => {
    write("backup.md", "# Backups\n\nA nightly dump is encrypted and kept for thirty days.");
    write("colours.md", "# Colours\n\nButtons are blue.");
    await sync();
    await engine.settle();
    const path = "/api/docs/search?q=nightly+encryption+of+dumps&type=hybrid";
    const found = (await (await engine.request(path, { key })).json()) as DocsAnswer;
    expect(found).toMatchObject({ type: "hybrid", degraded: false });
    expect(found.results[0]?.slug).toBe("backup");
    const unknown = path.replace(/q=[^&]*/, "q=qwzx");
    expect(await (await engine.request(unknown, { key })).json()).toMatchObject({ results: [] });
    expect((await engine.request(path)).status).toBe(401);
    expect((await engine.request("/api/docs/search", { key })).status).toBe(400);
  });

  test("from a folder without Markdown nothing is removed, unless that is asked for", async () => {
    const script = fileURLToPath(new URL("../syncDocs.ts", import.meta.url));
    const command = (...args: string[]) =>
      promisify(execFile)(process.execPath, [
        "--import",
        "tsx",
        script,
        folder,
        "--local",
        engine.data,
        ...args,
      ]);
    write("kept.md", "# Kept\n\nKept with quagga.");
    await command();
    rmSync(join(folder, "kept.md"));
    await expect(command()).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^\S+ holds no Markdown: nothing was changed\..*\n$/) as string,
    });
    expect(await find("quagga")).toHaveLength(1);
    expect((await command("--remove-all")).stdout).toContain("0 written");
    expect(await find("quagga")).toEqual([]);
  });

  test("nobody signs in to search them, and odd queries are answered", async () => {
    for (const query of ["", "?!", "🎉", "a".repeat(30_000)]) expect(await find(query)).toEqual([]);
  });
});
