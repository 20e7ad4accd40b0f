import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { StartError } from "../store/database.ts";

export interface Options {
  data: string;
  host: string;
  port: number;
  reset: boolean;
  demo: boolean;
  embeddings: boolean;
  help: boolean;
}

const DEFAULT_PORT = 3211;
const DEFAULT_DATA = ".opensync/local.sqlite3";

export const USAGE = `npm start -- [options]
  --port <n>       port to listen on (default ${DEFAULT_PORT}; 0 takes a free one)
  --host <address> address to listen on (default 127.0.0.1, this machine only)
  --data <file>    data file (default ${DEFAULT_DATA})
  --demo           fill in a few sessions to look at
  --reset          delete the data file after asking, and begin anew
  --no-embeddings  serve no embeddings offline: full-text search only, unless OPENAI_API_KEY is set`;

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowNegative: true,
      options: {
        data: { type: "string", default: DEFAULT_DATA },
        host: { type: "string", default: "127.0.0.1" },
        port: { type: "string", default: String(DEFAULT_PORT) },
        reset: { type: "boolean", default: false },
        demo: { type: "boolean", default: false },
        embeddings: { type: "boolean", default: true },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

/** Read the command line of `npm start`; what cannot be meant is refused by name. */
export function readOptions(args: string[]): Options {
  const values = parse(args);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new StartError(`--port ${values.port} is not a port: use a number from 0 to 65535.`);
  return { ...values, port, data: resolve(values.data) };
}
