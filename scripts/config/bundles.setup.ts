import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUNDLES_VARIABLE } from "../local/functions/bundleCache.ts";

/** Gives the engines of a test run a folder for their bundles, and deletes it after the run. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "opensync-bundles-"));
  process.env[BUNDLES_VARIABLE] = folder;
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
