import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeArguments } from "../trials/commands.ts";
import { startServer, type ServerProcess } from "../trials/server.ts";

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a console command until it ends. */
function run(script: "main" | "key" | "call", args: string[], input = ""): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...nodeArguments(`local/${script}`), ...args],
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
      },
    );
    child.stdin?.end(input);
  });
}

let folder: string;
let data: string;
let server: ServerProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "opensync-console-"));
  data = join(folder, "local.sqlite3");
  server = await startServer(data, ["--demo"], { OPENAI_API_KEY: "sk-of-the-shell" });
});
afterAll(async () => {
  await server.end("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const works = async (key: string) =>
  (await fetch(`${server.url}/api/sessions`, { headers: { Authorization: `Bearer ${key}` } }))
    .status;

describe("npm start", () => {
  test("prints its address, a working key, the data file and three curl examples", async () => {
    expect(server.output()).toContain(data);
    expect(server.output().match(/^ {2}curl /gm)).toHaveLength(3);
    expect(await works(server.key)).toBe(200);
  });

  test("then prints one line per request", async () => {
    await fetch(`${server.url}/health`);
    // The line is printed after the answer.
    await expect
      .poll(() => server.output())
      .toMatch(/^GET\s+\/health\s+200\s+\d+ ms\s+\d+ function calls?$/m);
  });

  test("says where texts are sent, and does not use a key from the shell", async () => {
    expect(server.output()).toMatch(/^ {2}Texts {5}stay on this machine .*--openai uses the key/m);
    const refused = await run("main", ["--openai", "--data", join(folder, "openai.sqlite3")]);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      "--openai needs a key in OPENAI_API_KEY.\n",
    ]);
  });

  test("prints no control characters or line breaks from a request", async () => {
    const path = "\u001b[2J\u009b31m\u202eGET /forged\nGET     /forged  200";
    await fetch(`${server.url}/api/query`, {
      method: "POST",
      body: JSON.stringify({ path, args: {} }),
    });
    await expect.poll(() => server.output()).toContain("\\x1b[2J\\x9b31m\\u202eGET /forged");
    expect(server.output()).not.toMatch(/[\u001b\u009b\u202e]|^GET {5}\/forged/m);
  });

  test("--demo adds sessions to list and search", async () => {
    const headers = { Authorization: `Bearer ${server.key}` };
    const count = async () => {
      const list: unknown = await (await fetch(`${server.url}/api/sessions`, { headers })).json();
      return (list as { sessions: unknown[] }).sessions.length;
    };
    await expect.poll(count).toBe(6);
  });

  test("warns on an address that other machines can reach", async () => {
    const place = join(folder, "everywhere.sqlite3");
    const open = await startServer(place, ["--host", "0.0.0.0"]);
    expect(open.output()).toMatch(/^Warning: 0\.0\.0\.0 can be reached from other machines/m);
    await open.end("SIGTERM");
    expect(server.output()).not.toContain("Warning");
  });

  test("says in one sentence what to do about a port or data file in use", async () => {
    const { port } = new URL(server.url);
    const taken = await run("main", ["--port", port, "--data", join(folder, "other.sqlite3")]);
    expect(taken).toMatchObject({ code: 1, stdout: "" });
    expect(taken.stderr).toBe(
      `Port ${port} on 127.0.0.1 is taken: stop what uses it, or choose another with --port.\n`,
    );
    expect(existsSync(join(folder, "other.sqlite3"))).toBe(false);
    const used = await run("main", ["--port", "0", "--data", data]);
    expect(used.stderr).toMatch(
      /^\S+ is in use by another server: stop that one, or choose another file with --data\.\n$/,
    );
  });

  test("refuses unknown options", async () => {
    const unknown = await run("main", ["--prot", "1"]);
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toBe("Unknown option '--prot'; --help shows how it is called.\n");
    const { code, stderr } = await run("main", ["--port", "99999"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--port 99999 is not a port")]);
  });
});

describe("npm run key", () => {
  test("creates a key while the server runs, and prints nothing else", async () => {
    const { code, stdout, stderr } = await run("key", [
      "--email",
      "bob@example.com",
      "--data",
      data,
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^osk_\S+\n$/);
    expect(await works(stdout.trim())).toBe(200);
  });

  test("adds a key, replaces the first one with --replace, and lists the valid keys", async () => {
    const whose = ["--email", "eve@example.com", "--data", data];
    const first = (await run("key", whose)).stdout.trim();
    const second = (await run("key", [...whose, "--name", "laptop"])).stdout.trim();
    expect([await works(first), await works(second)]).toEqual([200, 200]);
    const third = (await run("key", [...whose, "--replace"])).stdout.trim();
    expect([await works(first), await works(second), await works(third)]).toEqual([401, 200, 200]);
    const { stdout } = await run("key", ["--list", ...whose]);
    const lines = stdout.trim().split("\n");
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/^eve@example\.com {2}osk_/);
    expect(stdout).toContain("laptop");
  });

  test("requires an address", async () => {
    for (const whose of [[], ["--email", "nobody"]]) {
      const { code, stdout, stderr } = await run("key", [...whose, "--data", data]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toBe("Name the user of the key: npm run key -- --email someone@example.com\n");
    }
  });

  test("creates no key if no server has created the data file", async () => {
    const typo = join(folder, "typo.db");
    const { code, stdout, stderr } = await run("key", ["--email", "d@example.com", "--data", typo]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(`No database at ${typo}: start it with npm start -- --data ${typo}.\n`);
    expect(existsSync(typo)).toBe(false);
  });
});

describe("npm run call", () => {
  test("runs a function while the server runs, and prints what it returned", async () => {
    const made = await run("key", ["--email", "dora@example.com", "--data", data]);
    const whom = '{"email":"dora@example.com"}';
    const { code, stdout } = await run("call", ["users:revokeKeys", whom, "--data", data]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "1\n" });
    expect(await works(made.stdout.trim())).toBe(401);
  });

  test("lists the existing functions if the named one does not exist", async () => {
    const { code, stderr } = await run("call", ["users:nope", "--data", data]);
    expect(code).toBe(1);
    expect(stderr).toContain("There is no function users:nope. Available functions:\n  users:");
    expect(stderr).toContain("users:revokeKeys");
  });

  test("says in one line what failed, and how to call it", async () => {
    const nobody = ["users:revokeKeys", '{"email":"nobody@example.com"}', "--data", data];
    const { code, stdout, stderr } = await run("call", nobody);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^.*User not found.*\n$/);
    for (const args of [[], ["users:revokeKeys", "dora"], ["users:revokeKeys", "[]"]]) {
      const ended = await run("call", [...args, "--data", data]);
      expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining("npm run call -- ")]);
    }
  });
});

test("--reset does not delete a file that a server has open", async () => {
  const { code, stdout, stderr } = await run("main", ["--reset", "--data", data], "yes\n");
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/ is in use by another server: /);
  expect([existsSync(data), existsSync(`${data}.admin`)]).toEqual([true, true]);
  expect(await works(server.key)).toBe(200);
});

describe("stopping", () => {
  test("by Ctrl-C is clean; the next start shows the same key, and keys can be created in between", async () => {
    const { key } = server;
    expect(await server.end("SIGINT")).toBe(0);
    expect(existsSync(`${data}.admin`)).toBe(false);
    const made = (await run("key", ["--email", "carl@example.com", "--data", data])).stdout.trim();
    server = await startServer(data);
    expect(server.key).toBe(key);
    expect([await works(key), await works(made)]).toEqual([200, 200]);
  });

  test("--reset asks first, and deletes only after yes", async () => {
    await server.end("SIGTERM");
    for (const answer of ["no\n", "", "y\n"])
      expect((await run("main", ["--reset", "--data", data], answer)).stdout).toContain(
        "Nothing was deleted.",
      );
    expect(existsSync(data)).toBe(true);
  });
});
