import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { Client } from "./client.ts";
import type { Command } from "./command.ts";
import { context } from "./commands/context.ts";
import { doctor } from "./commands/doctor.ts";
import { remove, share, tag } from "./commands/edit.ts";
import { exporting } from "./commands/export.ts";
import { importing } from "./commands/import.ts";
import { list } from "./commands/list.ts";
import { login } from "./commands/login.ts";
import { search } from "./commands/search.ts";
import { show } from "./commands/show.ts";
import { usage } from "./commands/usage.ts";
import { CliError, EXIT } from "./failure.ts";
import type { Io } from "./io.ts";
import { readLogin } from "./settings.ts";

/** The command line `opensync`: what people and agents ask a deployment from a shell. */

const COMMANDS: { readonly [name: string]: Command } = {
  ...{ login, search, show, context, ls: list, usage, export: exporting },
  ...{ tag, share, rm: remove, import: importing, doctor },
};

const HELP = `opensync <command> [arguments]      asks your sessions from a shell

${Object.values(COMMANDS)
  .map((command) => `  ${command.usage}\n      ${command.summary}`)
  .join("\n")}

Filters: --project <name|.> --source --model --tag --status --branch --host --state --since 14d --until --min-tokens
1 is the first entry of the last list, - reads ids from standard input, --json prints for programs.
Server: OPENSYNC_URL and OPENSYNC_API_KEY, or what login keeps.
Ends with 0 done, 1 nothing found, 2 wrong usage, 3 key missing or refused, 4 the server failed.`;

/** Runs one command line; returns the exit code. */
export async function run(args: string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    io.out(HELP);
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    io.err(`There is no command ${name}. opensync --help lists them.`);
    return EXIT.usage;
  }
  if (command !== importing && (rest.includes("--help") || rest.includes("-h"))) {
    io.out(`opensync ${command.usage}\n${command.summary}`);
    return EXIT.done;
  }
  const { url, key } = readLogin(io);
  try {
    return await command.run({ io, client: new Client(url, key), args: rest });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    io.err(error.message);
    return error.exitCode;
  }
}

/** Runs the command line of this process; `importer` is the file that starts the importer. */
export async function main(importer: string): Promise<number> {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // The reader of a pipe has enough: opensync ls | head
    if (error.code === "EPIPE") process.exit(EXIT.done);
    throw error;
  });
  return await run(process.argv.slice(2), {
    env: process.env,
    home: homedir(),
    cwd: process.cwd(),
    importer,
    now: Date.now,
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    stdin: () => text(process.stdin),
    ask,
    open: openInBrowser,
  });
}

async function ask(question: string, isSecret = false): Promise<string | null> {
  if (!process.stdin.isTTY) return null;
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = isSecret ? silent : process.stderr;
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  const answer = await new Promise<string>((resolve) => {
    lines.once("line", resolve);
    lines.once("close", () => resolve(""));
  });
  lines.close();
  if (isSecret) process.stderr.write("\n");
  return answer;
}

const OPENERS: { readonly [platform: string]: string } = { darwin: "open", win32: "explorer" };

function openInBrowser(url: string): void {
  process.stderr.write(`${url}\n`);
  const child = spawn(OPENERS[process.platform] ?? "xdg-open", [url], {
    detached: true,
    stdio: "ignore",
  });
  // A machine without a browser: the address is printed.
  child.on("error", () => {});
  child.unref();
}
