import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeArguments, SERVER_FLAGS } from "../trials/commands.ts";

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "opensync-command-"));
  writeFileSync(join(folder, "file.txt"), "no folder");
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command of `package.json` in an empty folder, until it ends. */
function run(script: string, args: string[]): Promise<Ended> {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, OPENSYNC_API_KEY: "osk_x" };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...nodeArguments(script), ...args],
      { cwd: folder, env },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
      },
    );
  });
}

const COMMANDS = [
  ["local/main", "npm start"],
  ["local/key", "npm run key"],
  ["local/trials/soak", "npm run soak:crash"],
  ["local/trials/scale", "npm run bench:scale"],
  ["local/trials/exports", "npm run bench:export"],
  ["soak/main", "npm run soak"],
  ["bench/main", "npm run bench"],
  ["bench/search", "npm run bench:search"],
  ["syncDocs", "npm run docs:sync"],
  ["smoke", "OPENSYNC_API_KEY=osk_… npx tsx scripts/smoke.ts"],
] as const;

test.each(COMMANDS)("%s --help prints its usage, and does nothing else", async (script, call) => {
  const { code, stdout, stderr } = await run(script, ["--help"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.startsWith(call)).toBe(true);
});

test.each(COMMANDS)(
  "%s with an unknown option prints one line and exits with 2",
  async (script) => {
    const { code, stderr } = await run(script, ["--prot", "1"]);
    expect([code, stderr]).toEqual([
      2,
      "Unknown option '--prot'; --help shows how it is called.\n",
    ]);
  },
);

test.each([
  ["local/main", ["--port="], 2],
  ["local/main", ["--port=1e3"], 2],
  ["local/main", ["--host="], 2],
  ["local/main", ["--data="], 2],
  ["local/main", ["--data", "file.txt/x.db"], 1],
  ["local/main", ["--data", "."], 1],
  ["local/main", ["--host", "no.such.host.invalid", "--port", "0"], 1],
  ["local/key", ["--email", "a@example.com", "--data="], 2],
  ["local/trials/soak", ["--kills", "many"], 2],
  ["bench/main", ["--scales", "1,x"], 2],
  ["syncDocs", [], 2],
  ["syncDocs", ["nowhere"], 1],
  ["smoke", ["example"], 2],
  ["smoke", ["http://127.0.0.1:1"], 1],
] as const)("%s %j ends with %i and one line that says why", async (script, args, code) => {
  const ended = await run(script, [...args]);
  expect(ended).toMatchObject({ code, stdout: "" });
  expect(ended.stderr).toMatch(/^[^\n]+\n$/);
  expect(ended.stderr).not.toContain("Error:");
});

test("trials run the server with the flags of npm start", () => {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  const { scripts } = JSON.parse(text) as { scripts: { start: string } };
  expect(scripts.start).toBe(`node ${SERVER_FLAGS.join(" ")} --import tsx scripts/local/main.ts`);
});
