import { join } from "node:path";
import type { Client } from "../client.ts";
import { type Command, printJson, readArgs } from "../command.ts";
import { CliError, EXIT } from "../failure.ts";
import type { Io } from "../io.ts";
import { readJson, withoutSlash } from "../settings.ts";

/** One thing that was looked at, and what to do about it. */
type Check = { name: string; state: "ok" | "warning" | "problem"; text: string };

type Health = { version: string; timestamp: number; capabilities?: string[] };
type Me = {
  address: string | null;
  embeddings: boolean;
  counts?: { sessions: number; messages: number };
};

/** Capabilities that commands here need. */
const NEEDED = ["me", "messages.get", "messages.tail", "sessions.filter"];
/** Clocks that differ by more put messages into the future, where no time is believed. */
const CLOCK_SKEW_MS = 5 * 60_000;

export const doctor: Command = {
  usage: "doctor",
  summary: "check the key, the server and the plugins of this machine, and say what to mend",
  run: async ({ io, client, args }) => {
    const { values } = readArgs(args, {});
    const checks = [...(await serverChecks(io, client)), ...pluginChecks(io, client.url)];
    if (values.json) printJson(io, { url: client.url, checks });
    else for (const { state, name, text } of checks) io.out(`${MARKS[state]} ${name}: ${text}`);
    const failed = checks.filter(({ state }) => state === "problem");
    if (failed.length === 0) return EXIT.done;
    return failed.some(({ name }) => name === "key") ? EXIT.authentication : EXIT.server;
  },
};

const MARKS = { ok: "ok      ", warning: "warning ", problem: "problem " } as const;

async function serverChecks(io: Io, client: Client): Promise<Check[]> {
  const checks: Check[] = [];
  let health: Health;
  try {
    const answer = await client.request("GET", "/health", { isOpen: true });
    health = JSON.parse(answer.text) as Health;
  } catch (error) {
    const text = error instanceof CliError ? error.message : `${client.url} answers nonsense.`;
    return [{ name: "server", state: "problem", text }];
  }
  checks.push({ name: "server", state: "ok", text: `${client.url}, API ${health.version}` });
  const missing = NEEDED.filter((name) => !(health.capabilities ?? []).includes(name));
  if (missing.length > 0)
    checks.push({
      name: "capabilities",
      state: "warning",
      text: `the server is older than this command line and lacks ${missing.join(", ")}; update it`,
    });
  const skew = Math.abs(health.timestamp - io.now());
  if (skew > CLOCK_SKEW_MS)
    checks.push({
      name: "clock",
      state: "warning",
      text: `this machine and the server differ by ${Math.round(skew / 60_000)} minutes; set the clock`,
    });
  return [...checks, ...(await keyChecks(client))];
}

async function keyChecks(client: Client): Promise<Check[]> {
  try {
    const me = await client.get<Me>("/api/me");
    const { sessions = 0, messages = 0 } = me.counts ?? {};
    const whose = me.address ?? "an account without an address";
    return [
      { name: "key", state: "ok", text: `${whose}: ${sessions} sessions, ${messages} messages` },
      me.embeddings
        ? { name: "embeddings", state: "ok", text: "search by meaning is possible" }
        : {
            name: "embeddings",
            state: "warning",
            text: "off: search finds words only. The operator sets OPENAI_API_KEY (docs/operating.md)",
          },
    ];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [{ name: "key", state: "problem", text: error.message }];
  }
}

/** A plugin, its file, and the variables that come before the file. */
type Plugin = { name: string; file: string; variables?: string; callsAreOffByDefault?: true };

const PLUGINS: readonly Plugin[] = [
  {
    name: "claude-code-sync",
    file: ".config/claude-code-sync/config.json",
    variables: "CLAUDE_SYNC",
    callsAreOffByDefault: true,
  },
  { name: "opencode-sync-plugin", file: ".opensync/credentials.json" },
  {
    name: "pi-opensync-plugin",
    file: ".config/pi-opensync-plugin/config.json",
    variables: "PI_OPENSYNC",
  },
  { name: "droid-sync", file: ".config/droid-sync/config.json", variables: "DROID_SYNC" },
  { name: "cursor-sync", file: ".cursor-sync/config.json" },
  { name: "codex-sync", file: ".config/codex-sync/config.json", variables: "CODEX_SYNC" },
];

function pluginChecks(io: Io, url: string): Check[] {
  return PLUGINS.flatMap((plugin) => pluginCheck(io, plugin, url));
}

function pluginCheck(io: Io, plugin: Plugin, url: string): Check[] {
  const { name, file, variables, callsAreOffByDefault } = plugin;
  const path = join(io.home, file);
  const settings = readJson(path);
  const ofEnvironment = (suffix: string) =>
    variables === undefined ? undefined : io.env[`${variables}_${suffix}`];
  const [envUrl, envKey] = [ofEnvironment("CONVEX_URL"), ofEnvironment("API_KEY")];
  const isEnvironment = Boolean(envUrl && envKey);
  const target = isEnvironment ? envUrl : settings.convexUrl;
  const key = isEnvironment ? envKey : settings.apiKey;
  if (target === undefined && key === undefined && !envUrl && !envKey) return [];
  const check = (state: Check["state"], text: string): Check => ({ name, state, text });
  if (Boolean(envUrl) !== Boolean(envKey))
    return [
      check(
        "problem",
        `${variables}_CONVEX_URL and ${variables}_API_KEY work only together; set both`,
      ),
    ];
  if (typeof target !== "string" || typeof key !== "string" || key === "")
    return [check("problem", `${path} needs convexUrl and apiKey`)];
  return [
    ...addressChecks(check, target, url, key),
    ...optionChecks(check, plugin, settings, isEnvironment && callsAreOffByDefault === true),
  ];
}

type Making = (state: Check["state"], text: string) => Check;

function addressChecks(check: Making, target: string, url: string, key: string): Check[] {
  const checks: Check[] = [];
  if (!key.startsWith("osk_"))
    checks.push(check("problem", "its key does not begin with osk_; copy it again"));
  if (/^https?:\/\/(?:localhost|127\.0\.0\.1):3210(?:\/|$)/.test(target))
    checks.push(
      check("problem", `${target} is the port of functions; HTTP actions answer at 3211`),
    );
  const asSite = withoutSlash(target).replace(/\.convex\.cloud$/, ".convex.site");
  if (asSite !== withoutSlash(url))
    checks.push(check("warning", `sends to ${target}, and this command line asks ${url}`));
  return checks.length > 0 ? checks : [check("ok", `sends to ${target}`)];
}

function optionChecks(
  check: Making,
  { callsAreOffByDefault, variables }: Plugin,
  settings: { readonly [name: string]: unknown },
  isSetByEnvironment: boolean,
): Check[] {
  if (settings.autoSync === false) return [check("problem", "autoSync is false: nothing is sent")];
  if (callsAreOffByDefault !== true || isSetByEnvironment || settings.syncToolCalls === true)
    return [];
  return [
    check(
      "warning",
      `sends no tool calls: add "syncToolCalls": true to its file, or set ${variables}_CONVEX_URL and ${variables}_API_KEY`,
    ),
  ];
}
