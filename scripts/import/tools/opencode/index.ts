import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { filesBelow, unreadable } from "../../files.ts";
import type { Tool } from "../../rows.ts";
import { databaseHistories } from "./database.ts";
import { SOURCE } from "./rows.ts";
import { treeHistories } from "./tree.ts";

/** OpenCode: a database, and the tree of files that older versions left behind. */
export const openCode: Tool = {
  source: SOURCE,
  label: "OpenCode",
  places: ({ home, env }) => {
    const data = env["XDG_DATA_HOME"] || join(home, ".local", "share");
    const own = env["OPENCODE_DB"];
    return [...(own ? [own] : []), join(data, "opencode")];
  },
  async *histories(path, places) {
    // Sessions that were moved into the database are read from there.
    const own = places.env["OPENCODE_DB"];
    const accepts = (one: string) => one === own || isDatabase(one);
    const keys = new Set<string>();
    for await (const { path: file } of filesBelow(path, accepts)) {
      try {
        for await (const history of databaseHistories(file, places)) {
          keys.add(history.key);
          yield history;
        }
      } catch (error) {
        yield unreadable(file, error);
      }
    }
    for (const storage of await treesBelow(path)) yield* treeHistories(storage, places, keys);
  },
};

const isDatabase = (path: string) => /^opencode(-[\w.]+)?\.db$/.test(basename(path));

/** Levels in which a folder `storage` is looked for in a path that the user named. */
const DEPTH_MAX = 4;

async function treesBelow(path: string, depth = 0): Promise<string[]> {
  if (existsSync(join(path, "session")) && existsSync(join(path, "message"))) return [path];
  if (existsSync(join(path, "storage", "session"))) return [join(path, "storage")];
  if (depth >= DEPTH_MAX || !(await isFolder(path))) return [];
  const found: string[] = [];
  for (const name of (await readdir(path).catch(() => [])).sort())
    if (!name.startsWith(".") || depth === 0)
      found.push(...(await treesBelow(join(path, name), depth + 1)));
  return found;
}

const isFolder = async (path: string) =>
  (await stat(path).catch(() => null))?.isDirectory() === true;
