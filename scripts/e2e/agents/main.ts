import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { INSTRUCTIONS } from "../../../convex/mcp/instructions.ts";
import { readArguments, runCommand } from "../../local/console/commandLine.ts";
import { ask } from "../../local/trials/ask.ts";
import { startServer, type ServerProcess } from "../../local/trials/server.ts";
import { installPackages, NotToBeHad, run } from "../packages.ts";
import { startModel, type Step } from "./model.ts";

const USAGE = `npm run test:agents -- [--packages FOLDER]
Lets Claude Code and Codex call every tool of MCP of npm start, each set up by the line of docs/mcp.md and driven by a
model that follows a script. Installs both into a temporary folder (500 MB), or takes them from a folder.`;

const CLAUDE_CODE = "@anthropic-ai/claude-code@2.1.332";
const CODEX = "@openai/codex@0.171.0";

const SESSION = "ledger";

/** A call of each tool. */
const SCRIPT: Omit<Step, "output">[] = [
  { tool: "recall_context", args: { question: "Why did the nightly export hang?" } },
  { tool: "search_sessions", args: { query: "SQLITE_BUSY" } },
  { tool: "get_session", args: { session: SESSION } },
  { tool: "get_messages", args: { session: SESSION } },
  { tool: "sessions_for_file", args: { path: "src/nightly.ts" } },
  { tool: "usage", args: {} },
];

/** What the answer of each tool contains, once a session is stored. */
const SAID: { [tool: string]: RegExp } = { usage: /1 sessions, 2 messages/ };
const CITATION = /\[session:\w+/;

type Place = { bin: string; home: string; url: string; key: string };
type Agent = (place: Place, model: string) => Promise<string>;

/** Variables of every agent: nothing of this machine but the path. */
const cleanEnv = (home: string, own: object) => ({ PATH: process.env.PATH, HOME: home, ...own });

const claudeCode: Agent = async ({ bin, home, url, key }, model) => {
  const env = cleanEnv(home, {
    ...{ ANTHROPIC_BASE_URL: model, ANTHROPIC_API_KEY: "sk-scripted" },
    ...{ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", DISABLE_AUTOUPDATER: "1" },
  });
  const program = join(bin, "@anthropic-ai", `claude-code-${process.platform}-${process.arch}`);
  const call = (...args: string[]) => run(join(program, "claude"), args, { env, cwd: home });
  const header = ["--header", `Authorization: Bearer ${key}`];
  const added = await call(
    "mcp",
    "add",
    "--transport",
    "http",
    "opensync",
    `${url}/mcp`,
    ...header,
  );
  const asked = await call("-p", "Fix the nightly export.", "--allowedTools", "mcp__opensync");
  return added.output + asked.output;
};

const codex: Agent = async ({ bin, home, url, key }, model) => {
  const config = join(home, ".codex");
  mkdirSync(config, { recursive: true });
  const provider = `[model_providers.scripted]
name = "scripted"
base_url = "${model}/v1"
wire_api = "responses"
`;
  const settings = `model = "gpt-5.1-codex"\nmodel_provider = "scripted"\n`;
  writeFileSync(join(config, "config.toml"), `${settings}\n${provider}`);
  const env = cleanEnv(home, { OPENSYNC_KEY: key });
  const program = join(bin, "@openai", "codex", "bin", "codex.js");
  const call = (...args: string[]) => run(process.execPath, [program, ...args], { env, cwd: home });
  const token = ["--bearer-token-env-var", "OPENSYNC_KEY"];
  const added = await call("mcp", "add", "opensync", "--url", `${url}/mcp`, ...token);
  const sandbox = ["--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"];
  const asked = await call("exec", ...sandbox, "Fix the nightly export.");
  return added.output + asked.output;
};

const AGENTS: { [name: string]: Agent } = { [CLAUDE_CODE]: claudeCode, [CODEX]: codex };

async function main(args: string[]): Promise<void> {
  const { values } = readArguments({ args, options: { packages: { type: "string" } } });
  const folder = mkdtempSync(join(tmpdir(), "opensync-agents-"));
  try {
    if (values.packages === undefined) await installPackages(folder, Object.keys(AGENTS));
    await runAgents(folder, join(values.packages ?? folder, "node_modules"));
  } catch (error) {
    if (!(error instanceof NotToBeHad)) throw error;
    console.log(`SKIPPED, nothing was checked: ${error.message}.`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runAgents(folder: string, bin: string): Promise<void> {
  const server = await startServer(join(folder, "local.sqlite3"));
  try {
    await store(server);
    for (const [name, agent] of Object.entries(AGENTS)) {
      const home = mkdtempSync(join(folder, "home-"));
      const model = await startModel(SCRIPT);
      const output = await agent({ bin, home, ...server }, model.url);
      model.stop();
      const failed = model.steps.filter(
        ({ tool, output = "" }) => !(SAID[tool] ?? CITATION).test(output),
      );
      const isInstructed = model.isShown(INSTRUCTIONS.split("\n")[0] ?? "");
      const called = `${model.steps.length - failed.length} of ${model.steps.length} tools answered`;
      console.log(`${name}: ${called}, instructions ${isInstructed ? "shown" : "NOT shown"}`);
      if (failed.length === 0 && isInstructed) continue;
      console.log(failed, output);
      process.exitCode = 1;
    }
  } finally {
    await server.end("SIGTERM");
  }
}

/** Stores a session in which a file was changed. */
async function store(server: ServerProcess): Promise<void> {
  const edit = { file_path: "/home/ada/ledger/src/nightly.ts", old_string: "a", new_string: "b" };
  const message = { sessionExternalId: SESSION, source: "claude-code" };
  const messages = [
    { ...message, externalId: "m1", role: "user", textContent: "The export fails: SQLITE_BUSY" },
    {
      ...{ ...message, externalId: "m2", role: "assistant", textContent: "I set busy_timeout." },
      parts: [{ type: "tool_use", id: "c1", name: "Edit", input: edit }],
    },
  ];
  await ask(server, "/sync/batch", { body: { messages } });
  // The session is searched once it is refreshed.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
}

await runCommand(USAGE, main);
