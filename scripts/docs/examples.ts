import { spawn } from "node:child_process";

/** Examples in Markdown: files that a reader saves, and commands with what they print. */

/** A fenced block with its info string, such as `js plugin.mjs` or `console`. */
type Block = { language: string; name: string | undefined; code: string };

/** A fence may be longer than three backticks, so that printed Markdown can contain fences of its own. */
const FENCE = /^(`{3,})(\w+)(?: (\S+))?\n([\s\S]*?)^\1$/gm;

export function blocksOf(markdown: string): Block[] {
  return Array.from(markdown.matchAll(FENCE), ([, , language = "", name, code = ""]) => ({
    language,
    name,
    code,
  }));
}

/** The files of a page: blocks with a name. */
export function filesOf(markdown: string): { name: string; code: string }[] {
  return blocksOf(markdown).flatMap(({ name, code }) =>
    name === undefined ? [] : [{ name, code }],
  );
}

/** The commands of a `console` block: lines that begin with `$ `. */
const commandsIn = (code: string) =>
  code.split("\n").flatMap((line) => (line.startsWith("$ ") ? [line.slice(2)] : []));

/** Runs a command in a shell; returns what it prints, errors included. */
export function shell(cwd: string, env: NodeJS.ProcessEnv): (command: string) => Promise<string> {
  return (command) =>
    new Promise((resolve, reject) => {
      const child = spawn("sh", ["-c", `exec 2>&1; ${command}`], { cwd, env });
      let printed = "";
      child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
      child.once("error", reject);
      child.once("close", () => {
        resolve(printed.trimEnd());
      });
    });
}

/** A page with what its commands really print, run in order. */
export async function recorded(
  markdown: string,
  run: (command: string) => Promise<string>,
): Promise<string> {
  let text = markdown;
  for (const { language, code } of blocksOf(markdown)) {
    if (language !== "console") continue;
    const entries: string[] = [];
    for (const command of commandsIn(code)) {
      const printed = await run(command);
      entries.push(`$ ${command}\n${printed === "" ? "" : `${printed}\n`}`);
    }
    text = text.replace(code, () => entries.join("\n"));
  }
  return text;
}

/** A page without what differs from run to run: ids and times. */
export function withoutTimes(markdown: string): string {
  return markdown
    .replace(/\b[a-z0-9]{32}\b/g, "<id>")
    .replace(/\d{4}-\d\d-\d\d(?: \d\d:\d\d)?/g, "<time>");
}
