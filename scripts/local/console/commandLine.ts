import { parseArgs, type ParseArgsConfig } from "node:util";
import { StartError, UsageError } from "../failures.ts";

/** Parses a command line with `parseArgs`; reports an error in one sentence. */
export function readArguments<T extends ParseArgsConfig>(
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const [sentence = ""] = String(error instanceof Error ? error.message : error).split(/[.\n]\s/);
    throw new UsageError(`${sentence}; --help shows how it is called.`);
  }
}

/** Parses an option that must be a whole number of at least `least`. */
export function wholeNumber(option: string, text: string, least = 1): number {
  if (!/^\d{1,15}$/.test(text) || Number(text) < least)
    throw new UsageError(`${option} ${text} is not a whole number of at least ${least}.`);
  return Number(text);
}

/**
 * Runs a command with its arguments; `--help` only prints the usage. An expected error prints one line and
 * exits with 2 if the arguments were wrong, else with 1. Only unexpected errors print a stack trace.
 */
export async function runCommand(
  usage: string,
  command: (args: string[]) => Promise<void>,
): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    console.log(usage);
    return;
  }
  try {
    await command(args);
  } catch (error) {
    console.error(error instanceof StartError ? error.message : error);
    process.exit(error instanceof UsageError ? 2 : 1);
  }
}
