import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import { readArguments, runCommand, wholeNumber } from "../../local/console/commandLine.ts";
import { startTestEngine } from "../../local/testing.ts";
import { everything } from "../testing.fixture.ts";
import { killedImports, startImport, writeHistory } from "./killed.ts";

const USAGE = `npm run trial:import -- [--times 20] [--sessions 12]
Kills an import at random points with SIGKILL, finishes it, and compares with one that was left alone.`;

async function main(args: string[]): Promise<void> {
  const options = {
    times: { type: "string", default: "20" },
    sessions: { type: "string", default: "12" },
  } as const;
  const { values } = readArguments({ args, options });
  const times = wholeNumber("--times", values.times);
  const folder = mkdtempSync(join(tmpdir(), "opensync-kill-"));
  const engine = await startTestEngine({ embeddings: false });
  try {
    const root = join(folder, "projects");
    const sessions = wholeNumber("--sessions", values.sessions);
    const bytes = writeHistory(root, { sessions, turns: 60, filler: 150 });
    const users = [await engine.createUser(), await engine.createUser()] as const;
    const [whole, broken] = users.map(({ apiKey: key }) => ({ url: engine.url, key }));
    if (whole === undefined || broken === undefined) return;
    const began = performance.now();
    const code = await startImport(whole, ["--state", join(folder, "whole.json"), root]).ended;
    const longestMs = performance.now() - began;
    console.log(
      `undisturbed: ${(bytes / 1e6).toFixed(1)} MB in ${(longestMs / 1_000).toFixed(1)} s, ended with ${code}`,
    );
    const state = join(folder, "broken.json");
    const result = await killedImports(broken, { root, state, times, longestMs });
    const last = await startImport(broken, ["--state", state, root]).ended;
    console.log(
      `killed ${result.killed} times, ${result.finished} came to their end before; the last ended with ${last}`,
    );
    const [a, b] = [await everything(engine, whole.key), await everything(engine, broken.key)];
    const isEqual = isDeepStrictEqual(a, b);
    console.log(isEqual ? "Both hold the same." : "They DIFFER.");
    if (!isEqual || code !== 0 || last !== 0) process.exitCode = 1;
  } finally {
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await runCommand(USAGE, main);
