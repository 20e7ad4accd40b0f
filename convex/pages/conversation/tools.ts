import { isJsonObject, type JsonObject } from "../../lib/json";
import { oneLine, prefixBytes } from "../../lib/text";

/** What a tool call does, derived from its arguments, whatever the tool names them. */
export type CallView =
  | { kind: "edits"; subject: string; edits: readonly Edit[] }
  | { kind: "patch"; subject: string; patch: string }
  | { kind: "write"; subject: string; content: string; path: string }
  | { kind: "command"; subject: string; command: string }
  | { kind: "other"; subject: string };

/** A replacement of one text by another. */
export type Edit = { before: string; after: string };

const PATH_KEYS = ["file_path", "filePath", "path", "file", "notebook_path", "target_file"];
const BEFORE_KEYS = ["old_string", "oldString", "old_str", "oldText"];
const AFTER_KEYS = ["new_string", "newString", "new_str", "newText"];
const COMMAND_KEYS = ["command", "cmd", "script"];
const CONTENT_KEYS = ["content", "file_text", "contents"];
/** The most descriptive arguments of other tools, in order of preference. */
const SUBJECT_KEYS = ["pattern", "query", "url", "description", "prompt", "name", "title", "input"];

const SUBJECT_MAX_BYTES = 120;

/** Interprets a call of any tool. */
export function viewCall(name: string, args: unknown): CallView {
  if (typeof args === "string") return textCall(args);
  if (!isJsonObject(args)) return { kind: "other", subject: "" };
  const path = text(args, PATH_KEYS);
  const edits = editsOf(args);
  if (edits.length > 0) return { kind: "edits", subject: short(path ?? ""), edits };
  const command = commandOf(args);
  const patch = [command, text(args, ["patch", "patchText", "diff", "input"])].find(isPatch);
  if (patch !== undefined)
    return { kind: "patch", subject: short(path ?? patchedFile(patch)), patch };
  const content = text(args, CONTENT_KEYS);
  if (path !== undefined && content !== undefined && /write|create|edit/i.test(name)) {
    return { kind: "write", subject: short(path), content, path };
  }
  if (command !== undefined) return { kind: "command", subject: short(command), command };
  return { kind: "other", subject: short(path ?? text(args, SUBJECT_KEYS) ?? "") };
}

function textCall(args: string): CallView {
  if (isPatch(args)) return { kind: "patch", subject: short(patchedFile(args)), patch: args };
  return { kind: "other", subject: short(args) };
}

/** Reads one replacement, or a list of them. */
function editsOf(args: JsonObject): Edit[] {
  const list = Array.isArray(args.edits) ? args.edits : [args];
  return list.filter(isJsonObject).flatMap((edit) => {
    const before = text(edit, BEFORE_KEYS);
    const after = text(edit, AFTER_KEYS);
    return before === undefined || after === undefined ? [] : [{ before, after }];
  });
}

/** Reads a command line; some tools send it as a list of words. */
function commandOf(args: JsonObject): string | undefined {
  const words = COMMAND_KEYS.map((key) => args[key]).find(Array.isArray);
  if (words === undefined) return text(args, COMMAND_KEYS);
  return words.filter((word) => typeof word === "string").join(" ");
}

function isPatch(candidate: string | undefined): candidate is string {
  return (
    candidate !== undefined &&
    /^(?:\*\*\* Begin Patch|diff --git |--- \S)/m.test(candidate.slice(0, 2_000))
  );
}

function patchedFile(patch: string): string {
  const found = /^(?:\*\*\* (?:Update|Add|Delete) File: |\+\+\+ (?:b\/)?)([^\n\t]+)/m.exec(
    patch.slice(0, 20_000),
  );
  return found?.[1] ?? "";
}

function text(fields: JsonObject, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = Object.prototype.hasOwnProperty.call(fields, key) ? fields[key] : undefined;
    if (typeof value === "string") return value;
  }
  return undefined;
}

function short(subject: string): string {
  const line = oneLine(subject.slice(0, 2 * SUBJECT_MAX_BYTES));
  const cut = prefixBytes(line, SUBJECT_MAX_BYTES);
  return cut.length < line.length ? `${cut}…` : cut;
}
