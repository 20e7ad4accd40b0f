import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUNDLES_VARIABLE } from "../local/functions/bundleCache.ts";
import { COMMANDS_VARIABLE } from "../local/trials/commands.ts";
import { bundleCommands } from "./commands.ts";

/** Gives the engines of a test run a folder for their bundles, bundles the commands, and deletes both after the run. */
export default async function setup(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "opensync-bundles-"));
  const commands = join(folder, "commands");
  await bundleCommands(commands);
  process.env[BUNDLES_VARIABLE] = folder;
  process.env[COMMANDS_VARIABLE] = commands;
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
