import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../../../convex/", import.meta.url));

/** Matches exports that use our builders (`convex/functions.ts`). */
const EXPORTED = /^export const (\w+) = \w*(?:Query|Mutation|Action)\(/gm;

/** Lists all functions of `convex/` as `<file>:<name>`, read from the sources. */
export async function listFunctions(): Promise<string[]> {
  const files = (await readdir(PROJECT)).filter((file) => /^\w+\.ts$/.test(file)).sort();
  const lists = await Promise.all(
    files.map(async (file) => {
      const source = await readFile(`${PROJECT}${file}`, "utf8");
      const names = Array.from(source.matchAll(EXPORTED), ([, name]) => name);
      return names.map((name) => `${file.slice(0, -3)}:${name}`);
    }),
  );
  return lists.flat();
}
