import { createHash, randomBytes } from "node:crypto";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Names a folder in which bundles are kept, so that the many engines of a test run bundle the same functions
 * once. Unset outside of tests: an engine then leaves nothing on disk if it is killed.
 */
export const BUNDLES_VARIABLE = "OPENSYNC_TEST_BUNDLES";

/** A bundled file, as it was then. */
type Input = [path: string, bytes: number, modifiedMs: number];

const inputOf = (path: string): Input => {
  const { size, mtimeMs } = statSync(path);
  return [path, size, mtimeMs];
};

function isUnchanged([path, bytes, modifiedMs]: Input): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.size === bytes && stat.mtimeMs === modifiedMs;
}

function readIfPresent(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Other processes read the folder meanwhile, so a file appears only when it is complete. */
function writeWhole(path: string, text: string): void {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  writeFileSync(draft, text);
  renameSync(draft, path);
}

/** Returns the bundle of an entry, from the folder if no file in it changed since; else builds it. */
export async function cachedBundle(
  entry: string,
  build: () => Promise<{ code: string; files: string[] }>,
): Promise<string> {
  const folder = process.env[BUNDLES_VARIABLE];
  if (folder === undefined) return (await build()).code;
  const path = join(folder, createHash("sha256").update(entry).digest("hex"));
  const stored = readIfPresent(`${path}.json`);
  if (stored !== null && (JSON.parse(stored) as Input[]).every(isUnchanged))
    return readFileSync(`${path}.cjs`, "utf8");
  const { code, files } = await build();
  writeWhole(`${path}.cjs`, code);
  writeWhole(`${path}.json`, JSON.stringify(files.map(inputOf)));
  return code;
}
