import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { nodeArguments } from "../../local/trials/commands.ts";

/** The importer as a process of its own, to be killed. */

export type ImportProcess = {
  /** What it printed so far. */
  output: () => string;
  kill: (signal: NodeJS.Signals) => void;
  /** Its exit code; null after a signal. */
  ended: Promise<number | null>;
};

/** Starts `npm run import -- --yes` with these arguments. */
export function startImport(target: { url: string; key: string }, args: string[]): ImportProcess {
  const own = ["--yes", "--url", target.url, "--key", target.key, "--host", "trial", ...args];
  const child = spawn(process.execPath, [...nodeArguments("import/main"), ...own], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
    });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { output: () => output, kill: (signal) => child.kill(signal), ended };
}

const text = (words: string) => ({ type: "text", text: words });

/** One session of an invented history: turns of a prompt, an answer with a call, its result, an answer. */
export function transcriptLines(session: string, turns: number, filler: number): string[] {
  const lines: string[] = [];
  const began = Date.UTC(2026, 8, 1, 8, 0, 0);
  const line = (fields: object) => {
    const timestamp = new Date(began + lines.length * 1_000).toISOString();
    const shared = { sessionId: session, cwd: "/work/app", version: "2.1.0", gitBranch: "main" };
    lines.push(
      JSON.stringify({ ...shared, timestamp, uuid: `${session}-u${lines.length}`, ...fields }),
    );
  };
  const answer = (n: string, block: object) => {
    const usage = { input_tokens: 11, output_tokens: 7, cache_read_input_tokens: 5 };
    const message = {
      id: `msg_${session}_${n}`.padEnd(24, "0"),
      role: "assistant",
      model: "claude-sonnet-4-5",
    };
    line({
      type: "assistant",
      requestId: `r${n}`,
      message: { ...message, content: [block], usage },
    });
  };
  for (let turn = 0; turn < turns; turn++) {
    const id = `toolu_${session}_${turn}`;
    line({
      type: "user",
      message: { role: "user", content: `Question ${turn}: ${words(turn, 20)}?` },
    });
    answer(`${turn}a`, text(`I look at ${words(turn + 1, 15)}.`));
    answer(`${turn}a`, {
      type: "tool_use",
      id,
      name: "Read",
      input: { path: `src/${words(turn, 1)}.ts` },
    });
    const result = { type: "tool_result", tool_use_id: id, content: words(turn, filler) };
    line({ type: "user", message: { role: "user", content: [result] } });
    answer(`${turn}b`, text(`It is ${words(turn + 2, 40)}.`));
  }
  return lines;
}

const VOCABULARY =
  "cache index parser token retry session cursor budget schema branch commit window message export".split(
    " ",
  );

/** So many words, always the same for the same number. */
function words(from: number, count: number): string {
  return Array.from(
    { length: count },
    (_, at) => `${VOCABULARY[(from * 7 + at * at) % VOCABULARY.length]}${(from + at) % 97}`,
  ).join(" ");
}

/** Writes an invented history of about so many bytes; a folder as `~/.claude/projects`. */
export function writeHistory(
  root: string,
  { sessions, turns, filler }: { sessions: number; turns: number; filler: number },
): number {
  mkdirSync(join(root, "-work-app"), { recursive: true });
  let bytes = 0;
  for (let n = 0; n < sessions; n++) {
    const content = `${transcriptLines(`session-${n}`, turns, filler).join("\n")}\n`;
    bytes += Buffer.byteLength(content);
    writeFileSync(join(root, "-work-app", `session-${n}.jsonl`), content);
  }
  return bytes;
}

/** Kills an import after a random time, again and again, each one going on from what the one before remembered. */
export async function killedImports(
  target: { url: string; key: string },
  {
    root,
    state,
    times,
    longestMs,
  }: { root: string; state: string; times: number; longestMs: number },
): Promise<{ killed: number; finished: number }> {
  const result = { killed: 0, finished: 0 };
  for (let n = 0; result.killed < times && n < 3 * times; n++) {
    const running = startImport(target, ["--state", state, root]);
    // Each kill comes at another point: from before the first request to behind the last.
    await Promise.race([
      running.ended,
      wait(300 + (longestMs * ((n % times) + Math.random())) / times),
    ]);
    running.kill("SIGKILL");
    if ((await running.ended) === null) result.killed += 1;
    else {
      result.finished += 1;
      // It came to its end before the kill: the next begins from nothing.
      rmSync(state, { force: true });
    }
  }
  return result;
}
