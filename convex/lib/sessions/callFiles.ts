import { isJsonObject } from "../json";

/** Which files a tool call names, in any dialect. Pure. */

/** What a call does to a file, as far as its tool's name tells. */
export type FileUse = "changed" | "read" | "used";

/** A file that a call names. */
export type CalledFile = { path: string; use: FileUse };

/** Arguments that hold the path of a file: Claude Code, Codex, Cursor, Gemini, OpenCode, Pi, Droid. */
const PATH_KEYS = [
  "file_path",
  "filePath",
  "filepath",
  "path",
  "file",
  "filename",
  "notebook_path",
  "target_file",
  "targetFile",
  "absolute_path",
  "relative_workspace_path",
  "old_path",
  "new_path",
];
/** Arguments that hold lists of paths, or of objects with one. */
const LIST_KEYS = ["paths", "files", "file_paths", "edits", "changes", "reads"];
/** Arguments that hold a patch, which names its files itself. */
const PATCH_KEYS = ["patch", "input", "diff", "patchText", "patch_text", "command"];

const CHANGES = /write|edit|patch|creat|replace|insert|delet|remov|renam|move|update|notebook/i;
const READS = /read|view|cat|open|fetch|show/i;

const PATH_MAX_CHARS = 1_000;
/** More than this is a list of a project, not work on a file. */
const FILES_MAX = 100;
/** As much of a patch as is looked through. */
const PATCH_MAX_CHARS = 200_000;

/** `*** Update File: src/a.ts` of Codex, and the headers of unified diffs. */
const PATCHED = /^(?:\*\*\* (?:Update|Add|Delete) File: |\+\+\+ b\/|--- a\/)(.+)$/gm;

/** The files of a call, each once. */
export function filesOfCall(name: string, args: unknown): CalledFile[] {
  const use = useOf(name);
  const found = new Map<string, FileUse>();
  for (const path of pathsIn(args)) if (!found.has(path)) found.set(path, use);
  for (const path of patchedIn(args)) found.set(path, "changed");
  return Array.from(found, ([path, how]) => ({ path, use: how })).slice(0, FILES_MAX);
}

function useOf(name: string): FileUse {
  if (CHANGES.test(name)) return "changed";
  return READS.test(name) ? "read" : "used";
}

function pathsIn(args: unknown, depth = 0): string[] {
  if (!isJsonObject(args) || depth > 2) return [];
  const own = PATH_KEYS.map((key) => args[key]).filter(isPath);
  const lists = LIST_KEYS.flatMap((key) => listed(args[key], depth));
  return [...own, ...lists];
}

function listed(value: unknown, depth: number): string[] {
  if (Array.isArray(value)) {
    return value
      .slice(0, FILES_MAX)
      .flatMap((item: unknown) => (isPath(item) ? [item] : pathsIn(item, depth + 1)));
  }
  // Codex names changes by their path.
  return isJsonObject(value) ? Object.keys(value).slice(0, FILES_MAX).filter(looksLikePath) : [];
}

function patchedIn(args: unknown): string[] {
  const texts = isJsonObject(args) ? PATCH_KEYS.map((key) => args[key]) : [args];
  return texts.flatMap((text) => {
    const whole = Array.isArray(text)
      ? text.filter((one) => typeof one === "string").join("\n")
      : text;
    if (typeof whole !== "string") return [];
    const found = whole.slice(0, PATCH_MAX_CHARS).matchAll(PATCHED);
    return Array.from(found, ([, path = ""]) => path.trim())
      .filter(isPath)
      .slice(0, FILES_MAX);
  });
}

function isPath(value: unknown): value is string {
  if (typeof value !== "string" || value.length > PATH_MAX_CHARS) return false;
  return value.trim() !== "" && !/[\n\r]|:\/\//.test(value);
}

const looksLikePath = (name: string) => isPath(name) && /[./\\]/.test(name);

/** Whether one path names the file of the other: the same, or the same from some folder on. */
export function isSameFile(path: string, wanted: string): boolean {
  const [one, other] = [segments(path), segments(wanted)];
  const shared = Math.min(one.length, other.length);
  if (shared === 0) return false;
  return one.slice(-shared).join("/") === other.slice(-shared).join("/");
}

function segments(path: string): string[] {
  const parts = path.trim().replace(/\\/g, "/").split("/");
  return parts.filter((part) => part !== "" && part !== ".");
}
