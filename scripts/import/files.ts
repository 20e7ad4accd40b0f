import { type BigIntStats, readdirSync, statSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type JsonObject, parsedObject } from "./json.ts";
import { markOf, type ParserOf, readLines } from "./lines.ts";
import type { History } from "./rows.ts";

/**
 * Finding files. Nothing is ever written here. `--watch` looks at all of them twice a second, so that a look must be
 * cheap: these calls wait for the disk themselves, because a thousand answers through Node's thread pool take seconds
 * on a busy machine.
 */

export type FoundFile = { path: string; bytes: number; modifiedAt: number };

/** Levels of folders that are searched: no tool nests deeper. */
const DEPTH_MAX = 10;

/** How folders are searched. */
export type Search = {
  accepts: (path: string) => boolean;
  /** Is told of folders that cannot be read. Without it they hold nothing. */
  onUnreadable?: ((path: string, error: unknown) => void) | undefined;
};

/** Files below a path, in the order of their names; the path itself where it is a file. Each folder is searched once. */
export function* filesBelow(path: string, search: Search): Generator<FoundFile> {
  const found = statsOf(path);
  if (found?.isFile()) yield* fileAt(path, search);
  else if (found?.isDirectory()) yield* filesIn(path, search, new Set([idOf(found)]));
}

function* filesIn(
  folder: string,
  search: Search,
  seen: Set<string>,
  depth = 0,
): Generator<FoundFile> {
  if (depth > DEPTH_MAX) return;
  for (const entry of entriesOf(folder, search.onUnreadable)) {
    const { name } = entry;
    const path = join(folder, name);
    const mayBeFolder = entry.isDirectory() || entry.isSymbolicLink();
    if (entry.isFile()) yield* fileAt(path, search);
    if (!mayBeFolder || name === "node_modules" || name === ".git") continue;
    const found = statsOf(path);
    if (found?.isFile()) yield* fileAt(path, search);
    // A link may lead to a folder that was searched, or above itself.
    if (!found?.isDirectory() || seen.has(idOf(found))) continue;
    seen.add(idOf(found));
    yield* filesIn(path, search, seen, depth + 1);
  }
}

function* fileAt(path: string, { accepts }: Search): Generator<FoundFile> {
  if (!accepts(path)) return;
  const found = statsOf(path);
  if (found === undefined) return;
  yield { path, bytes: Number(found.size), modifiedAt: Number(found.mtimeMs) };
}

function entriesOf(folder: string, onUnreadable: Search["onUnreadable"]) {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (statsOf(folder) !== undefined) onUnreadable?.(folder, error);
    return [];
  }
}

/** A path's size and times; undefined where there is nothing. */
export function statsOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

const idOf = ({ dev, ino }: BigIntStats) => `${dev}:${ino}`;

/** Names of what is in a folder, in their order; none where it cannot be read. */
export function namesIn(folder: string): string[] {
  return entriesOf(folder, undefined).map(({ name }) => name);
}

/** A file of JSON lines as a history. */
export function fileHistory(file: FoundFile, parserOf: ParserOf): History {
  const { path, bytes, modifiedAt } = file;
  return {
    ...{ key: path, path, bytes, modifiedAt },
    version: `${bytes}:${modifiedAt}`,
    markOf: (offset) => markOf(path, offset),
    read: (from) => readLines(path, from, parserOf),
  };
}

/** A file in whose place there is only the reason why it cannot be read, which the import names. */
export function unreadable(path: string, error: unknown): History {
  return {
    ...{ key: path, path, bytes: 0, modifiedAt: Date.now() },
    version: "unreadable",
    // eslint-disable-next-line @typescript-eslint/require-await
    async *read() {
      throw error;
    },
  };
}

/** A small JSON file; empty where it is missing or holds something else. */
export async function jsonFile(path: string): Promise<JsonObject> {
  return parsedObject(await readFile(path, "utf8").catch(() => "")) ?? {};
}

/** The first bytes of a file as text. */
export async function beginning(path: string, bytes: number): Promise<string> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await file.close();
  }
}

/** Bytes in which a first record is looked for: most are short, and looking at thousands of files must be cheap. */
const FIRST_BYTES = [4 * 1024, 256 * 1024];

/** The first JSON object of a file of JSON lines; empty where there is none. */
export async function firstObject(path: string): Promise<JsonObject> {
  for (const bytes of FIRST_BYTES) {
    const text = await beginning(path, bytes).catch(() => "");
    for (const line of text.split("\n", 5)) {
      const value = parsedObject(line);
      if (value !== undefined) return value;
    }
  }
  return {};
}
