import { homedir, hostname } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { readArguments } from "../local/console/commandLine.ts";
import { DEFAULT_DATA } from "../local/console/options.ts";
import { UsageError } from "../local/failures.ts";

export const DEFAULT_URL = "http://127.0.0.1:3211";

export const USAGE = `npm run import -- [options] [path ...]
Finds what coding tools on this machine keep of their sessions, shows it, asks, and sends it to a server.
Run it again at any time: only what is new is sent. With paths, only these are read.

  --url <address>   server (default OPENSYNC_URL, else ${DEFAULT_URL})
  --key <key>       API key (default OPENSYNC_API_KEY; npm start's own key is found by itself)
  --since <time>    only files that changed since: 30d, 12h, or a day (2026-01-31)
  --dry-run         read and count, send nothing
  --yes             do not ask
  --redact          mask secrets before they are sent
  --watch           keep sending what is new until Ctrl-C
  --home <folder>   home folder to look in (a backup, say)
  --host <name>     name of the machine that the histories come from (default: this one's)
  --state <file>    where to remember what was sent (default: the user's state folder)
  --data <file>     data file of npm start, to find its key (default ${DEFAULT_DATA})
  --json            a summary for machines on the standard output, at the end

Ends with 0 if everything arrived, 1 if something could not be read or sent, 2 if called wrongly.`;

export type Options = {
  url: string;
  key: string | undefined;
  since: number | undefined;
  dryRun: boolean;
  yes: boolean;
  redact: boolean;
  watch: boolean;
  home: string;
  host: string;
  state: string | undefined;
  data: string;
  json: boolean;
  paths: string[];
};

type Env = { readonly [name: string]: string | undefined };

/** Reads the command line; what cannot be meant is refused by name. */
export function readImportOptions(args: string[], env: Env, now: number): Options {
  const { values, positionals } = readArguments({
    args,
    allowPositionals: true,
    options: {
      url: { type: "string" },
      key: { type: "string" },
      since: { type: "string" },
      "dry-run": { type: "boolean", default: false },
      yes: { type: "boolean", short: "y", default: false },
      redact: { type: "boolean", default: false },
      watch: { type: "boolean", default: false },
      home: { type: "string" },
      host: { type: "string", default: hostname() },
      state: { type: "string" },
      data: { type: "string", default: DEFAULT_DATA },
      json: { type: "boolean", default: false },
    },
  });
  const { yes, redact, watch, host, data, json, state, since } = values;
  const key = values.key ?? env["OPENSYNC_API_KEY"];
  return {
    ...{ yes, redact, watch, host, json },
    url: readUrl(values.url ?? env["OPENSYNC_URL"] ?? DEFAULT_URL),
    key: key === "" ? undefined : key,
    since: since === undefined ? undefined : readSince(since, now),
    dryRun: values["dry-run"],
    home: values.home === undefined ? homedir() : resolve(values.home),
    state: state === undefined ? undefined : resolve(state),
    data: resolve(data),
    paths: positionals.map((path) => pathOf(path)),
  };
}

/** An address as the server has it; a `.convex.cloud` address is that of its HTTP actions. */
function readUrl(text: string): string {
  const url = text.replace(".convex.cloud", ".convex.site").replace(/\/+$/, "");
  if (!/^https?:\/\/[^/\s]+/.test(url) || !URL.canParse(url))
    throw new UsageError(`--url ${text} is not an address: write http://… or https://…`);
  return url;
}

const SPANS: { readonly [span: string]: number } = {
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** The moment that `--since` means: so long ago, or a day. */
export function readSince(text: string, now: number): number {
  const [, amount, span = ""] = /^(\d+)([hdw])$/.exec(text) ?? [];
  const length = SPANS[span];
  if (amount !== undefined && length !== undefined) return now - Number(amount) * length;
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at))
    throw new UsageError(`--since ${text} is no time: write 30d, 12h, 2w or 2026-01-31.`);
  return at;
}

function pathOf(path: string): string {
  if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
  return isAbsolute(path) ? path : resolve(path);
}
