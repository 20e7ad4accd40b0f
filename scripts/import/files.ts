import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type JsonObject, parsedObject } from "./json.ts";
import { markOf, type ParserOf, readLines } from "./lines.ts";
import type { History } from "./rows.ts";

/** Finding files. A folder that cannot be read holds nothing; nothing is ever written here. */

export type FoundFile = { path: string; bytes: number; modifiedAt: number };

/** Levels of folders that are searched: no tool nests deeper. */
const DEPTH_MAX = 10;

/** Files below a path, in the order of their names; the path itself where it is a file. */
export async function* filesBelow(
  path: string,
  accepts: (path: string) => boolean,
  depth = 0,
): AsyncGenerator<FoundFile> {
  const found = await stat(path).catch(() => null);
  if (found === null) return;
  if (found.isFile()) {
    if (accepts(path)) yield { path, bytes: found.size, modifiedAt: Math.floor(found.mtimeMs) };
    return;
  }
  if (!found.isDirectory() || depth > DEPTH_MAX) return;
  const names = await readdir(path).catch(() => []);
  for (const name of names.sort()) {
    if (name === "node_modules" || name === ".git") continue;
    yield* filesBelow(join(path, name), accepts, depth + 1);
  }
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
