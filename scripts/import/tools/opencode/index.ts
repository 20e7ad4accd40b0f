import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { filesBelow, namesIn, statsOf, unreadable } from "../../files.ts";
import type { Places, Tool } from "../../rows.ts";
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
    for (const file of databasesIn(path, accepts, places)) {
      try {
        for await (const history of databaseHistories(file, places)) {
          keys.add(history.key);
          yield history;
        }
      } catch (error) {
        yield unreadable(file, error);
      }
    }
    for (const storage of treesBelow(path, places.isNamed ? DEPTH_MAX : 0))
      yield* treeHistories(storage, places, keys);
  },
};

/**
 * Databases below a path that the user named, or in OpenCode's own folder: others in it hold copies of projects, in
 * thousands of files.
 */
function databasesIn(
  path: string,
  accepts: (path: string) => boolean,
  { isNamed, onUnreadable }: Places,
): string[] {
  if (isNamed || statsOf(path)?.isFile())
    return Array.from(filesBelow(path, { accepts, onUnreadable }), (file) => file.path);
  const paths = namesIn(path).map((name) => join(path, name));
  return paths.filter((one) => accepts(one) && statsOf(one)?.isFile());
}

const isDatabase = (path: string) => /^opencode(-[\w.]+)?\.db$/.test(basename(path));

/** Levels in which a folder `storage` is looked for in a path that the user named. */
const DEPTH_MAX = 4;

function treesBelow(path: string, depthMax: number, depth = 0): string[] {
  if (existsSync(join(path, "session")) && existsSync(join(path, "message"))) return [path];
  if (existsSync(join(path, "storage", "session"))) return [join(path, "storage")];
  if (depth >= depthMax || !statsOf(path)?.isDirectory()) return [];
  return namesIn(path)
    .filter((name) => !name.startsWith(".") || depth === 0)
    .flatMap((name) => treesBelow(join(path, name), depthMax, depth + 1));
}
