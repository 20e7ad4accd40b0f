import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isJsonObject, parseJson } from "../../convex/lib/json.ts";
import type { Io } from "./io.ts";

/** Files of the command line: where to send requests, and what the last list showed. */

export type Login = { url: string; key: string };

/** `npm start`, whose address needs no login to be known. */
const DEFAULT_URL = "http://127.0.0.1:3211";

const folder = (io: Io, variable: string, fallback: string) =>
  join(io.env[variable] || join(io.home, fallback), "opensync");
export const loginFile = (io: Io) => join(folder(io, "XDG_CONFIG_HOME", ".config"), "login.json");
const listFile = (io: Io) => join(folder(io, "XDG_STATE_HOME", ".local/state"), "last-list.json");

/** Where requests go: the environment comes before `login`. */
export function readLogin(io: Io): { url: string; key: string | undefined } {
  const stored = readJson(loginFile(io));
  const text = (name: string) => (typeof stored[name] === "string" ? stored[name] : undefined);
  const url = io.env.OPENSYNC_URL || text("url") || DEFAULT_URL;
  // A stored key belongs to its own server: another one must not receive it.
  const isStored = io.env.OPENSYNC_URL === undefined || withoutSlash(url) === text("url");
  const key = io.env.OPENSYNC_API_KEY || (isStored ? text("key") : undefined);
  return { url: withoutSlash(url), key };
}

export function writeLogin(io: Io, { url, key }: Login): void {
  writePrivate(loginFile(io), { url: withoutSlash(url), key });
}

export function removeLogin(io: Io): void {
  rmSync(loginFile(io), { force: true });
}

export const withoutSlash = (url: string) => url.replace(/\/+$/, "");

/** Remembers the ids of a list, so that `1` names its first entry. */
export function rememberList(io: Io, ids: readonly string[]): void {
  try {
    writePrivate(listFile(io), { ids });
  } catch {
    // A home that cannot be written keeps no list. The answer itself is complete.
  }
}

export function lastList(io: Io): string[] {
  const { ids } = readJson(listFile(io));
  return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
}

export function readJson(path: string): { readonly [name: string]: unknown } {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return {};
  }
  const json = parseJson(text);
  return json.ok && isJsonObject(json.value) ? json.value : {};
}

/** Writes a file that only its owner reads, also where it existed with other rights. */
function writePrivate(path: string, value: object): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
}
