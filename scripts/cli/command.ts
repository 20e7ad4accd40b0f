import { parseArgs, type ParseArgsConfig } from "node:util";
import type { Client } from "./client.ts";
import { usageError } from "./failure.ts";
import type { Io } from "./io.ts";

/** What every command gets. */
export type Context = { io: Io; client: Client; args: string[] };

/** A command: how it is called, what it is for, and how it ends (an exit code). */
export type Command = {
  usage: string;
  summary: string;
  run: (context: Context) => Promise<number>;
};

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Parses the arguments of a command; what cannot be meant is refused in one sentence. */
export function readArgs<T extends Options>(args: string[], options: T) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { ...options, json: { type: "boolean", default: false } },
    });
  } catch (error) {
    const [sentence = ""] = String(error instanceof Error ? error.message : error).split(/[.\n]\s/);
    throw usageError(`${sentence}. Run opensync --help to see how it is called.`);
  }
}

/** An option that is a whole number. */
export function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw usageError(`--${name} must be a whole number, not ${text}.`);
  return Number(text);
}

/** The only positional argument. */
export function only(positionals: readonly string[], what: string): string {
  const [first] = positionals;
  if (first === undefined || positionals.length > 1)
    throw usageError(`Give ${what}. Run opensync --help to see how it is called.`);
  return first;
}

/** Prints a value for programs, as one line of JSON. Control characters are escaped: a terminal may show it. */
export function printJson(io: Io, value: unknown): void {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  io.out(JSON.stringify(value).replace(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, escaped));
}
