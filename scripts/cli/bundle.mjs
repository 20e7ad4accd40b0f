// The command line as one file, because reading dozens of TypeScript files takes longer than most commands.

import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);
/** Next to the packages, so that only those who can change the command line itself can write there. */
const FOLDER = new URL("node_modules/.cache/opensync/", ROOT);
const INDEX = new URL("cli.json", FOLDER);
const ENTRY = fileURLToPath(new URL("main.ts", import.meta.url));

/** A source file as it was when it was bundled: path, bytes, time of change. */
const stateOf = (path) => {
  const { size, mtimeMs } = statSync(path);
  return [path, size, mtimeMs];
};

const isUnchanged = ([path, size, mtimeMs]) => {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.size === size && found.mtimeMs === mtimeMs;
};

/** The bundle that was kept; null if there is none, or a source file has changed since. */
function keptBundle() {
  try {
    const { code, inputs } = JSON.parse(readFileSync(INDEX, "utf8"));
    const url = new URL(code, FOLDER);
    return inputs.every(isUnchanged) && statSync(url).size > 0 ? url : null;
  } catch (error) {
    if (error.code === "ENOENT" || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Reasons for which nothing can be kept: an installation without developers' packages, or one of someone else. */
const CANNOT_KEEP = new Set(["ERR_MODULE_NOT_FOUND", "EACCES", "EPERM", "EROFS", "ENOSPC"]);

async function newBundle() {
  const { build } = await import("esbuild");
  const { outputFiles, metafile } = await build({
    ...{ entryPoints: [ENTRY], bundle: true, write: false, metafile: true },
    ...{ platform: "node", format: "esm", target: "node20", logLevel: "silent" },
    absWorkingDir: fileURLToPath(ROOT),
  });
  const inputs = Object.keys(metafile.inputs).map((path) =>
    stateOf(fileURLToPath(new URL(path, ROOT))),
  );
  const [{ contents }] = outputFiles;
  const name = `cli-${createHash("sha256").update(contents).digest("hex").slice(0, 16)}.mjs`;
  mkdirSync(FOLDER, { recursive: true });
  writeWhole(new URL(name, FOLDER), contents);
  writeWhole(INDEX, JSON.stringify({ code: name, inputs }));
  return new URL(name, FOLDER);
}

/** Other processes read the folder meanwhile, so a file appears only when it is complete. */
function writeWhole(url, content) {
  const draft = new URL(`${url.href}.${randomBytes(6).toString("hex")}`);
  writeFileSync(draft, content);
  renameSync(draft, url);
}

/** The address of a bundle of the present sources; null if none can be made and kept. */
export async function bundleUrl() {
  const kept = keptBundle();
  if (kept !== null) return kept;
  try {
    return await newBundle();
  } catch (error) {
    if (CANNOT_KEEP.has(error.code)) return null;
    throw error;
  }
}
