import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isJsonObject, parseJson } from "../../convex/lib/json";
import { StartError } from "../local/failures.ts";
import type { Progress, History } from "./rows.ts";

/**
 * What was sent already, one file for each server and key. It is written after the server acknowledged
 * what it says, and never before: whatever is lost with it is sent again, which changes nothing.
 */

/** What is remembered of a history. */
type Entry = {
  /** The version that was read to its end; absent while it is being read. */
  version?: string;
  progress?: Progress;
  /** Identifies what was read; with `progress`. */
  mark?: string;
};

const FORMAT = 1;

/** Between two writes, so that many small files do not each cost one. */
const WRITE_EVERY_MS = 1_000;

/** The folder for a program's state, by the rules of the system. */
export function stateFolder(
  home: string,
  env: { readonly [name: string]: string | undefined },
): string {
  const base = env["XDG_STATE_HOME"] || env["LOCALAPPDATA"] || join(home, ".local", "state");
  return join(base, "opensync");
}

/** Name of the state file of a server and a key; the key cannot be read from it. */
export function stateName(url: string, key: string): string {
  return `import-${createHash("sha256").update(`${url}\n${key}`).digest("hex").slice(0, 16)}.json`;
}

export class State {
  readonly #entries: Map<string, Entry>;
  #isChanged = false;
  #writtenAt = 0;
  #writeMs = 0;

  private constructor(
    readonly path: string,
    entries: Map<string, Entry>,
  ) {
    this.#entries = entries;
  }

  /** The state in this file; empty where there is none, or it cannot be understood. */
  static read(path: string): State {
    const entries = new Map<string, Entry>();
    const json = parseJson(textOf(path));
    const histories =
      json.ok && isJsonObject(json.value) && json.value.format === FORMAT
        ? json.value.histories
        : {};
    // The file is this class's own; an entry that is not understood only makes its history be read again.
    if (isJsonObject(histories)) {
      for (const [key, entry] of Object.entries(histories))
        if (isJsonObject(entry)) entries.set(key, entry);
    }
    return new State(path, entries);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Forgets everything, because the server holds none of it. */
  clear(): void {
    this.#entries.clear();
    this.#isChanged = true;
  }

  /** Whether the history was read to its end as it is now. */
  isDone(history: History): boolean {
    return this.#entries.get(history.key)?.version === history.version;
  }

  /** Where to read on: undefined from the start, where the file is new, shorter, or another one. */
  async resumeAt(history: History): Promise<Progress | undefined> {
    const { progress, mark } = this.#entries.get(history.key) ?? {};
    if (progress === undefined || progress.offset > history.bytes) return undefined;
    return (await history.markOf?.(progress.offset)) === mark ? progress : undefined;
  }

  /** Remembers how far a history was read and stored; `version` once it was read to its end. */
  keep(history: History, entry: Entry): void {
    const before = this.#entries.get(history.key);
    this.#entries.set(history.key, { ...before, version: undefined, ...entry });
    this.#isChanged = true;
  }

  /** Writes the file where something changed, at most once a second unless `isLast`. */
  save(isLast = false): void {
    const now = Date.now();
    // A large file is written less often: a twentieth of the time at most.
    if (
      !this.#isChanged ||
      (!isLast && now - this.#writtenAt < Math.max(WRITE_EVERY_MS, 20 * this.#writeMs))
    )
      return;
    const text = JSON.stringify({ format: FORMAT, histories: Object.fromEntries(this.#entries) });
    const next = `${this.path}.${process.pid}.new`;
    try {
      mkdirSync(dirname(this.path), { recursive: true });
      writeFileSync(next, text, { mode: 0o600 });
      renameSync(next, this.path);
    } catch (error) {
      rmSync(next, { force: true });
      const why = error instanceof Error ? error.message : String(error);
      throw new StartError(`What was sent cannot be remembered: ${why}. Name a file with --state.`);
    }
    this.#isChanged = false;
    this.#writtenAt = Date.now();
    this.#writeMs = this.#writtenAt - now;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
