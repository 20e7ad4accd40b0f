import { resolve } from "node:path";
import { UsageError } from "../failures.ts";
import { readArguments } from "./commandLine.ts";

export interface Options {
  data: string;
  host: string;
  port: number;
  reset: boolean;
  demo: boolean;
  embeddings: boolean;
  openai: boolean;
  strict: boolean;
  devSignIn: boolean;
}

const DEFAULT_PORT = 3211;
/** The data file, unless `--data` names another. */
export const DEFAULT_DATA = ".opensync/local.sqlite3";

/** Usage of `npm start`. */
export const USAGE = `npm start -- [options]
  --port <n>       port to listen on (default ${DEFAULT_PORT}; 0 takes a free one)
  --host <address> address to listen on (default 127.0.0.1, this machine only)
  --data <file>    data file (default ${DEFAULT_DATA})
  --demo           fill in a few sessions to look at
  --reset          delete the data file after asking, and begin anew
  --strict         fail what a Convex deployment would fail (time, writes a second), not only warn
  --openai         send texts to OpenAI (OPENAI_API_KEY; or to OPENAI_BASE_URL) for semantic search;
                   OPENSYNC_OPENAI=1 says the same
  --no-embeddings  no semantic search without --openai
  --dev-sign-in    let a dashboard that you develop sign in with the printed key instead of a provider
                   (docs/dashboard.md); on this machine only`;

/** Parses the command line of `npm start`; an error names the invalid option. */
export function readOptions(args: string[]): Options {
  const { values } = readArguments({
    args,
    allowNegative: true,
    options: {
      data: { type: "string", default: DEFAULT_DATA },
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: String(DEFAULT_PORT) },
      reset: { type: "boolean", default: false },
      demo: { type: "boolean", default: false },
      embeddings: { type: "boolean", default: true },
      openai: { type: "boolean", default: process.env["OPENSYNC_OPENAI"] === "1" },
      strict: { type: "boolean", default: false },
      "dev-sign-in": { type: "boolean", default: false },
    },
  });
  if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65535)
    throw new UsageError(`--port ${values.port} is not a port: use a number from 0 to 65535.`);
  // Node would treat an empty address as "all interfaces".
  if (values.host === "") throw new UsageError("--host needs an address.");
  if (values.openai && !process.env["OPENAI_API_KEY"])
    throw new UsageError("--openai needs a key in OPENAI_API_KEY.");
  const { "dev-sign-in": devSignIn, ...rest } = values;
  if (devSignIn && !isLoopback(values.host))
    throw new UsageError(
      `--dev-sign-in is for this machine only: leave out --host ${values.host}.`,
    );
  return { ...rest, devSignIn, port: Number(values.port), data: readDataFile(values.data) };
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Whether only this machine can reach a server that listens on this address. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** Returns the data file that `--data` names. */
export function readDataFile(data: string): string {
  if (data === "") throw new UsageError("--data needs a file.");
  return resolve(data);
}
