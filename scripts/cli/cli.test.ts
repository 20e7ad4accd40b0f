import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { statSync, symlinkSync, writeFileSync } from "node:fs";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { conversation, type TestMessage, type TestSession } from "../../convex/test.setup.ts";
import { startTestEngine, type TestEngine, type TestUser } from "../local/testing.ts";
import type { Io } from "./io.ts";
import { run } from "./main.ts";

const IMPORTER = fileURLToPath(new URL("../import/main.ts", import.meta.url));

/** The command line against a server, as people and agents use it. */

let engine: TestEngine;
let ada: TestUser;
let home: string;

beforeAll(async () => {
  engine = await startTestEngine({ env: { RATE_LIMIT_READ: "off" } });
});
afterAll(async () => await engine.stop());

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "opensync-cli-"));
  ada = await engine.createUser();
  return () => {
    rmSync(home, { recursive: true, force: true });
  };
});

type Outcome = { code: number; out: string; err: string; opened: string[] };
type Given = { env?: Io["env"]; stdin?: string; answer?: string | null; cwd?: string };

/** Runs a command line as Ada, on a machine whose home is empty. */
async function opensync(args: string[], given: Given = {}): Promise<Outcome> {
  const [out, err, opened]: [string[], string[], string[]] = [[], [], []];
  const env = given.env ?? { OPENSYNC_URL: engine.url, OPENSYNC_API_KEY: ada.apiKey };
  const code = await run(args, {
    env,
    home,
    cwd: given.cwd ?? home,
    importer: IMPORTER,
    now: Date.now,
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    stdin: () => Promise.resolve(given.stdin ?? ""),
    ask: () => Promise.resolve(given.answer ?? null),
    open: (url) => opened.push(url),
  });
  return { code, out: out.join("\n"), err: err.join("\n"), opened };
}

async function sync(
  id: string,
  said: TestMessage[],
  about: TestSession = {},
  who = ada,
): Promise<void> {
  const json = conversation(id, said, about);
  const answer = await engine.request("/sync/batch", { key: who.apiKey, json });
  expect(answer.status).toBe(200);
}

/** Waits until the refreshes have counted what was sent. */
async function counted(ids: number): Promise<void> {
  await expect
    .poll(async () => (await opensync(["ls", "--json"])).out, { timeout: 20_000, interval: 100 })
    .toSatisfy((out: string) => {
      if (out === "") return false;
      const { sessions } = JSON.parse(out) as { sessions: { messageCount: number }[] };
      return sessions.length === ids && sessions.every(({ messageCount }) => messageCount > 0);
    });
}

describe("a day's work", () => {
  test("search, show by number, context, tag, export, share and rm work on what was found", async () => {
    await sync("upload", ["why is the upload flaky", "A retry races with the abort."], {
      title: "Flaky upload",
      projectPath: "/home/ada/shop",
      source: "claude-code",
    });
    await sync("other", ["rename the button", "Done."], { title: "Button" });
    await counted(2);

    const found = await opensync(["search", "flaky upload"]);
    expect(found).toMatchObject({ code: 0, err: "" });
    expect(found.out).toContain("1. Flaky upload");
    expect(found.out).toContain("why is the upload flaky");

    const shown = await opensync(["show", "1"]);
    expect(shown.code).toBe(0);
    expect(shown.out).toContain("A retry races with the abort.");
    expect(shown.out.indexOf("why is the upload flaky")).toBeLessThan(
      shown.out.indexOf("A retry races"),
    );

    const known = await opensync(["context", "why does the upload fail", "--max-tokens", "500"]);
    expect(known.code).toBe(0);
    expect(known.out).toContain("A retry races with the abort.");

    await opensync(["search", "flaky upload"]);
    const tagged = await opensync(["tag", "1", "+smoke", "+slow"]);
    expect(tagged).toMatchObject({ code: 0, out: "Flaky upload: smoke, slow" });
    expect((await opensync(["tag", "1", "-slow"])).out).toBe("Flaky upload: smoke");

    const exported = await opensync(["export", "--format", "json", "--all", "--tag", "smoke"]);
    expect(exported.code).toBe(0);
    expect(exported.out).toContain("why is the upload flaky");
    expect(exported.out).not.toContain("rename the button");

    const shared = await opensync(["share", "1."]);
    expect(shared.out).toMatch(new RegExp(`^${engine.url}/s/[A-Za-z0-9_-]+$`));
    const page = await fetch(shared.out);
    expect(await page.text()).toContain("why is the upload flaky");
    const ending = await opensync(["share", "#1", "--expires", "7d", "--json"]);
    const { expires } = JSON.parse(ending.out) as { expires: number };
    expect(Math.round((expires - Date.now()) / 86_400_000)).toBe(7);
    expect((await opensync(["share", "#1", "--off"])).out).toBe("Private again.");
    expect((await fetch(shared.out)).status).toBe(404);

    expect(await opensync(["rm", "#1"])).toMatchObject({ code: 2 });
    expect(await opensync(["rm", "#1"], { answer: "n" })).toMatchObject({
      code: 0,
      err: "Flaky upload\nNothing was deleted.",
    });
    expect(await opensync(["rm", "#1"], { answer: "y" })).toMatchObject({ out: "1 deleted." });
    expect((await opensync(["show", "upload"])).code).toBe(1);
  });

  test("a project is named by the folder that one works in", async () => {
    const cwd = join(home, "shop");
    mkdirSync(cwd);
    await sync("here", ["quokka here"], { projectPath: cwd });
    await sync("there", ["quokka there"], { projectPath: "/elsewhere" });
    const found = await opensync(["search", "quokka", "--project", ".", "--json"], { cwd });
    const { results } = JSON.parse(found.out) as { results: { externalId: string }[] };
    expect(results.map(({ externalId }) => externalId)).toEqual(["here"]);
  });

  test("ids flow from ls to tag and export through a pipe", async () => {
    for (const id of ["a", "b"]) await sync(id, [`pipe ${id}`, "ok"]);
    await counted(2);
    const ids = await opensync(["ls", "--ids"]);
    expect(ids.out.split("\n")).toHaveLength(2);
    expect((await opensync(["tag", "-", "+piped"], { stdin: ids.out })).code).toBe(0);
    const exported = await opensync(["export", "-", "--format", "jsonl"], { stdin: ids.out });
    expect(exported.out.trim().split("\n").length).toBeGreaterThanOrEqual(2);
    const file = join(home, "out.json");
    const written = await opensync(["export", "--all", "--format", "json", "-o", file]);
    expect(written).toMatchObject({ code: 0, err: `${file} has 2 sessions.` });
    expect(JSON.parse(readFileSync(file, "utf8"))).toBeDefined();
  });

  test("an exported file has the bytes that the server sent, with the mark that spreadsheets look for", async () => {
    await sync("accents", [
      { role: "user", text: "Größe und 漢字" },
      { role: "assistant", text: "ja" },
    ]);
    await counted(1);
    const file = join(home, "sessions.csv");
    expect((await opensync(["export", "--all", "--format", "csv", "-o", file])).code).toBe(0);
    const sent = await engine.request("/api/export?all=true&format=csv", { key: ada.apiKey });
    const bytes = Buffer.from(await sent.arrayBuffer());
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  test("a message is shown with its neighbours, the last ones alone, and tools in one line each", async () => {
    const parts = [{ type: "tool_use", id: "c", name: "Bash", input: { command: "npm test" } }];
    const said: TestMessage[] = Array.from({ length: 9 }, (_, n) => `turn ${n}`);
    said[5] = { text: "running", parts };
    await sync("long", said);
    const around = await opensync(["show", "long", "--around", "long-4"]);
    expect(around.out).toContain("turn 1");
    expect(around.out).toContain("turn 7");
    expect(around.out).not.toContain("turn 8");
    expect(around.out).toContain("→ Bash");
    const last = await opensync(["show", "long", "--last", "2"]);
    expect(last.out.match(/turn \d/g)?.slice(-2)).toEqual(["turn 7", "turn 8"]);
    expect(last.out).not.toContain("turn 6");
  });

  test("usage adds up, by any split", async () => {
    const message = { sessionExternalId: "u", externalId: "m", role: "assistant" };
    const messages = [
      { ...message, textContent: "x", model: "m-1", promptTokens: 70, completionTokens: 5 },
    ].map((one) => ({ ...one, parts: [{ type: "tool_use", name: "Bash", input: {} }] }));
    await engine.request("/sync/batch", { key: ada.apiKey, json: { messages } });
    await counted(1);
    for (const by of ["model", "day", "source"]) {
      const { code, out } = await opensync(["usage", "--by", by]);
      expect(code).toBe(0);
      expect(out.split("\n").at(-1)).toMatch(/^total\s+1\s+75\s+70\s+5\s/);
    }
    const { out } = await opensync(["usage", "--by", "tool"]);
    expect(
      out
        .split("\n")
        .slice(1)
        .map((row) => row.split(/\s+/)),
    ).toEqual([
      ["Bash", "1", "0"],
      ["total", "1", "0"],
    ]);
    expect((await opensync(["usage", "--by", "moon"])).code).toBe(2);
  });
});

describe("login", () => {
  test("checks the key, keeps it for its owner alone, and is used from then on", async () => {
    const env = {};
    const answer = await opensync(["login", engine.url], { env, stdin: `${ada.apiKey}\n` });
    expect(answer).toMatchObject({ code: 0 });
    expect(answer.out).toContain(ada.email);
    expect(answer.out + answer.err).not.toContain(ada.apiKey);
    const file = join(home, ".config/opensync/login.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await sync("s", ["quokka"]);
    expect(await opensync(["search", "quokka"], { env })).toMatchObject({ code: 0 });
    expect((await opensync(["login", "--off"], { env })).code).toBe(0);
    expect((await opensync(["search", "quokka"], { env: { OPENSYNC_URL: engine.url } })).code).toBe(
      3,
    );
  });

  test("a wrong key is refused and not kept, and a stored key goes to no other server", async () => {
    const env = {};
    const wrong = await opensync(["login", engine.url], { env, stdin: "osk_wrong" });
    expect(wrong.code).toBe(3);
    expect(() => readFileSync(join(home, ".config/opensync/login.json"))).toThrow();
    await opensync(["login", engine.url], { env, stdin: ada.apiKey });
    const other = await opensync(["ls"], { env: { OPENSYNC_URL: "http://127.0.0.1:9" } });
    expect(other.code).toBe(3);
  });

  test("a key is not sent in clear text to another machine", async () => {
    const refused = await opensync(["login", "http://sync.example.com"], { stdin: ada.apiKey });
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.err).toContain("https://");
  });
});

describe("exit codes and messages", () => {
  test.each<[string, string[], number, RegExp]>([
    ["no command", [], 2, /^$/],
    ["an unknown command", ["serch", "x"], 2, /no command serch/],
    ["a search that finds nothing", ["search", "xylographer"], 1, /Nothing found/],
    ["a search without words", ["search"], 2, /what to search for/],
    ["an unknown option", ["search", "x", "--limt", "3"], 2, /limt/],
    ["an option that is no number", ["search", "x", "--limit", "many"], 2, /whole number/],
    ["a value that the server refuses", ["ls", "--state", "asleep"], 2, /state/],
    ["a place beyond the last list", ["show", "#7"], 2, /#7/],
    ["a session that does not exist", ["show", "nope"], 1, /not/i],
    ["an age that cannot be read", ["ls", "--since", "lately"], 2, /since/],
    ["an expiry that cannot be read", ["share", "1", "--expires", "soon"], 2, /--expires/],
    ["an expiry without sharing", ["share", "1", "--off", "--expires", "7d"], 2, /--off/],
    ["tags without a session", ["tag", "+x"], 2, /Name a session/],
  ])("%s", async (_, args, code, message) => {
    const outcome = await opensync(args);
    expect(outcome.code).toBe(code);
    expect(outcome.err).toMatch(message);
  });

  test("a missing key, a wrong key and a dead server are told apart, each with what to do", async () => {
    const none = await opensync(["ls"], { env: { OPENSYNC_URL: engine.url } });
    expect(none).toMatchObject({ code: 3 });
    expect(none.err).toContain("opensync login");
    const env = { OPENSYNC_URL: engine.url, OPENSYNC_API_KEY: `osk_${"x".repeat(40)}` };
    expect((await opensync(["ls"], { env })).code).toBe(3);
    const dead = { OPENSYNC_URL: "http://127.0.0.1:9", OPENSYNC_API_KEY: ada.apiKey };
    const gone = await opensync(["ls"], { env: dead });
    expect(gone.code).toBe(4);
    expect(gone.err).toContain("cannot be reached");
  });

  test("an answer that breaks off, and a redirect, are failures that name the server", async () => {
    const server = createServer((request, response) => {
      if (request.url?.startsWith("/api/sessions") === true) {
        response.writeHead(200, { "Content-Length": 100 }).write("{");
        setImmediate(() => response.destroy());
      } else response.writeHead(302, { Location: `${engine.url}${request.url ?? ""}` }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const env = { OPENSYNC_URL: `http://127.0.0.1:${port}`, OPENSYNC_API_KEY: ada.apiKey };
    const [broken, moved] = [await opensync(["ls"], { env }), await opensync(["usage"], { env })];
    server.close();
    expect(broken).toMatchObject({ code: 4, out: "" });
    expect(broken.err).toContain(`${env.OPENSYNC_URL} cannot be reached`);
    expect(moved).toMatchObject({ code: 4, out: "" });
    expect(moved.err).toContain("302");
  });

  test("help fits one screen", async () => {
    const { code, out } = await opensync(["--help"]);
    expect(code).toBe(0);
    const lines = out.split("\n");
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
  });
});

test("what was set wrongly is named: an address that is none, a key with line breaks", async () => {
  for (const url of ["nonsense", "localhost:3211", "ftp://example.com", "//example.com"]) {
    const answer = await opensync(["ls"], {
      env: { OPENSYNC_URL: url, OPENSYNC_API_KEY: ada.apiKey },
    });
    expect([url, answer.code]).toEqual([url, 2]);
    expect(answer.err).toBe(
      `${url} is no address. It begins with https:// (or http:// on this machine).`,
    );
  }
  for (const key of ["osk_a\nb", "osk_\u00fc\u{1f511}", "osk_ x"]) {
    const answer = await opensync(["ls"], {
      env: { OPENSYNC_URL: engine.url, OPENSYNC_API_KEY: key },
    });
    expect([key, answer.code, answer.err]).toEqual([
      key,
      3,
      "The key has characters that no key has. Check that it is copied without spaces and line breaks.",
    ]);
  }
});

test("a file that cannot be written is one sentence, and leaves nothing behind", async () => {
  await sync("s1", ["Why?", "So."]);
  mkdirSync(join(home, "folder"));
  for (const path of [join(home, "missing", "x.md"), join(home, "folder")]) {
    const answer = await opensync(["export", "s1", "--format", "markdown", "-o", path]);
    expect([path, answer.code, answer.out]).toEqual([path, 2, ""]);
    expect(answer.err).toContain(`${path} cannot be written`);
    expect(answer.err).not.toContain("\n");
  }
  expect(readdirSync(home).filter((name) => name.endsWith(".part"))).toEqual([]);
});

test("usage says that a cost is unknown where no tool reported one", async () => {
  const usage = { promptTokens: 900, completionTokens: 100, model: "no-such-model" };
  const ids = { sessionExternalId: "s1", externalId: "m", role: "assistant", textContent: "Hi" };
  const sent = { key: ada.apiKey, json: { ...ids, ...usage } };
  expect((await engine.request("/sync/message", sent)).status).toBe(200);
  await engine.settle();
  const { out } = await opensync(["usage"]);
  expect(out).toMatch(/no-such-model +1 +1K +900 +100 +unknown +unknown/);
  expect(out).not.toContain("$0.00");
});

test("nothing in a transcript steers the terminal, and --json keeps everything as it is", async () => {
  const hostile =
    "quokka \u001b]0;owned\u0007\u001b[2J\u001b[31mred\u001b[0m \u009b31m\u202eevil \u0008\r end";
  await sync("s", [hostile], { title: `\u001b[2Jtitle quokka` });
  for (const args of [["search", "quokka"], ["show", "s"], ["ls"], ["context", "quokka red"]]) {
    const { out } = await opensync(args);
    expect(out).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  }
  const { out } = await opensync(["show", "s", "--json"]);
  expect((JSON.parse(out) as { textContent: string }).textContent).toBe(hostile);
});

describe("doctor", () => {
  const write = (file: string, settings: object) => {
    const path = join(home, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(settings));
  };

  test("says that all is well where it is", async () => {
    const { code, out } = await opensync(["doctor"]);
    expect(code).toBe(0);
    expect(out).toContain(`ok       key: ${ada.email}`);
    expect(out).not.toContain("problem");
  });

  test.each<[string, string, (url: string) => object, Io["env"], RegExp]>([
    [
      "a documented file of claude-code-sync sends no tool calls",
      ".config/claude-code-sync/config.json",
      (convexUrl) => ({ convexUrl, apiKey: "osk_x" }),
      {},
      /sends no tool calls/,
    ],
    [
      "a file without a key",
      ".opensync/credentials.json",
      (convexUrl) => ({ convexUrl }),
      {},
      /needs convexUrl and apiKey/,
    ],
    [
      "the port of functions",
      ".config/droid-sync/config.json",
      () => ({ convexUrl: "http://127.0.0.1:3210", apiKey: "osk_x" }),
      {},
      /3211/,
    ],
    [
      "another server",
      ".config/droid-sync/config.json",
      () => ({ convexUrl: "https://other.convex.cloud", apiKey: "osk_x" }),
      {},
      /sends to https:\/\/other/,
    ],
    [
      "syncing that is off",
      ".config/codex-sync/config.json",
      (convexUrl) => ({ convexUrl, apiKey: "osk_x", autoSync: false }),
      {},
      /nothing is sent/,
    ],
    [
      "half of the variables",
      ".config/none",
      () => ({}),
      { PI_OPENSYNC_CONVEX_URL: "http://x" },
      /only together/,
    ],
  ])("names what is wrong: %s", async (_, file, settings, env, message) => {
    write(file, settings(engine.url));
    const own = { OPENSYNC_URL: engine.url, OPENSYNC_API_KEY: ada.apiKey };
    const { out } = await opensync(["doctor"], { env: { ...own, ...env } });
    expect(out).toMatch(message);
    expect(out).not.toContain("osk_x");
  });

  test("a refused key ends with 3, a server that is not there with 4", async () => {
    const wrong = { OPENSYNC_URL: engine.url, OPENSYNC_API_KEY: "osk_wrong" };
    expect((await opensync(["doctor"], { env: wrong })).code).toBe(3);
    const dead = { OPENSYNC_URL: "http://127.0.0.1:9", OPENSYNC_API_KEY: ada.apiKey };
    expect((await opensync(["doctor"], { env: dead })).code).toBe(4);
  });
});

test("the installed command runs as a process and ends with its exit code", async () => {
  const bin = fileURLToPath(new URL("opensync.mjs", import.meta.url));
  const env = { PATH: process.env.PATH, HOME: home, OPENSYNC_URL: engine.url };
  const ask = (...args: string[]) => promisify(execFile)(process.execPath, [bin, ...args], { env });
  expect((await ask("--help")).stdout).toContain("opensync <command>");
  await expect(ask("ls")).rejects.toMatchObject({ code: 3 });
  // From any folder: the importer is not looked for in the one that one works in.
  const elsewhere = promisify(execFile)(process.execPath, [bin, "import", "--help"], {
    env,
    cwd: home,
  });
  expect((await elsewhere).stdout + (await elsewhere).stderr).toContain("npm run import");
});

test("the installed command starts without the work of reading TypeScript, and follows its sources", async () => {
  const folder = mkdtempSync(join(tmpdir(), "opensync-bin-"));
  const root = fileURLToPath(new URL("../..", import.meta.url));
  for (const room of ["scripts/cli", "convex/lib"]) {
    cpSync(join(root, room), join(folder, room), { recursive: true });
  }
  mkdirSync(join(folder, "node_modules"));
  for (const name of ["esbuild", "@esbuild", "@noble"]) {
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  }
  const bin = join(folder, "scripts/cli/opensync.mjs");
  const help = async () => (await promisify(execFile)(process.execPath, [bin, "--help"])).stdout;
  expect(await help()).toContain("opensync <command>");
  const kept = () => readdirSync(join(folder, "node_modules/.cache/opensync")).sort();
  const [first] = [kept()];
  expect(first).toHaveLength(2);
  expect(await help()).toContain("opensync <command>");
  expect(kept()).toEqual(first);
  const main = join(folder, "scripts/cli/main.ts");
  writeFileSync(main, readFileSync(main, "utf8").replace("opensync <command>", "opensync <word>"));
  expect(await help()).toContain("opensync <word>");
  rmSync(folder, { recursive: true });
});
