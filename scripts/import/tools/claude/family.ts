import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { parseJson } from "../../../../convex/lib/json";
import { beginning, filesBelow } from "../../files.ts";
import { isJsonObject, textIn } from "../../json.ts";
import type { Relation } from "../../rows.ts";

/**
 * Which transcript another one came from. Claude Code writes no pointer: a fork repeats lines of its
 * parent with their `uuid`, and a session that was resumed in a new file points to a line of the old one.
 */

type Parent = { parentExternalId?: string; relation?: Relation };

/** The beginning of a transcript, as far as it tells where it came from. */
type Beginning = {
  path: string;
  uuid: string;
  /** The line before the first one, in whatever file it is. */
  before?: string;
  startedAt: string;
  writtenAt: number;
};

/** Bytes in which the first line with a `uuid` is looked for. */
const BEGINNING_BYTES = 512 * 1024;

export class Family {
  readonly #folders = new Map<string, Promise<Beginning[]>>();
  readonly #holders = new Map<string, Promise<Map<string, string[]>>>();

  /** The parent of a transcript among its neighbours; empty where it has none. */
  async parentOf(path: string): Promise<Parent> {
    const beginnings = await this.#beginnings(dirname(path));
    const own = beginnings.find((one) => one.path === path);
    if (own === undefined) return {};
    const [first] = beginnings.filter(({ uuid }) => uuid === own.uuid).sort(byStart);
    if (first !== undefined && first.path !== path) return child(first.path, "fork");
    if (own.before === undefined) return {};
    const holders = await this.#holdersIn(dirname(path), beginnings);
    for (const [uuid, relation] of [[own.uuid, "fork"] as const, [own.before, "resume"] as const]) {
      const holder = holders.get(uuid)?.find((other) => other !== path);
      if (holder !== undefined) return child(holder, relation);
    }
    return {};
  }

  /** The transcripts of a folder that hold the lines which others begin with or point to. */
  #holdersIn(folder: string, beginnings: readonly Beginning[]): Promise<Map<string, string[]>> {
    const known = this.#holders.get(folder) ?? holdersOf(beginnings);
    this.#holders.set(folder, known);
    return known;
  }

  #beginnings(folder: string): Promise<Beginning[]> {
    const known = this.#folders.get(folder) ?? beginningsIn(folder);
    this.#folders.set(folder, known);
    return known;
  }
}

const child = (path: string, relation: Relation) => ({
  parentExternalId: basename(path, ".jsonl"),
  relation,
});

const byStart = (a: Beginning, b: Beginning) =>
  a.startedAt.localeCompare(b.startedAt) ||
  a.writtenAt - b.writtenAt ||
  a.path.localeCompare(b.path);

async function beginningsIn(folder: string): Promise<Beginning[]> {
  const found: Beginning[] = [];
  const isNeighbour = (path: string) => path.endsWith(".jsonl") && dirname(path) === folder;
  for await (const { path } of filesBelow(folder, isNeighbour)) {
    const own = beginningOf(path, await beginning(path, BEGINNING_BYTES).catch(() => ""));
    if (own === undefined) continue;
    const { birthtimeMs, mtimeMs } = await stat(path);
    found.push({ ...own, writtenAt: birthtimeMs || mtimeMs });
  }
  return found;
}

function beginningOf(path: string, text: string): Beginning | undefined {
  let startedAt: string | undefined;
  for (const line of text.split("\n")) {
    const json = parseJson(line);
    if (!json.ok || !isJsonObject(json.value)) continue;
    // Lines without an id are never repeated: theirs is the time of this file.
    startedAt ??= textIn(json.value, "timestamp");
    const uuid = textIn(json.value, "uuid");
    if (uuid === undefined) continue;
    const { value } = json;
    const before = textIn(value, "parentUuid") ?? textIn(value, "logicalParentUuid");
    const times = { startedAt: startedAt ?? "", writtenAt: 0 };
    return { path, uuid, ...times, ...(before === undefined ? {} : { before }) };
  }
  return undefined;
}

/** Longest `"uuid":"…"` that is found across the end of a chunk. */
const FIELD_MAX_CHARS = 200;

/** Reads each transcript once, for all lines that are looked for in the folder. */
async function holdersOf(beginnings: readonly Beginning[]): Promise<Map<string, string[]>> {
  const wanted = new Set(beginnings.flatMap(({ uuid, before }) => (before ? [uuid, before] : [])));
  const holders = new Map<string, string[]>();
  for (const { path } of beginnings) {
    const found = new Set<string>();
    let rest = "";
    for await (const chunk of createReadStream(path, { encoding: "latin1" })) {
      const held = rest + String(chunk);
      for (const [, uuid = ""] of held.matchAll(/"uuid":\s?"([^"]{1,100})"/g))
        if (wanted.has(uuid)) found.add(uuid);
      rest = held.slice(-FIELD_MAX_CHARS);
    }
    for (const uuid of found) holders.set(uuid, [...(holders.get(uuid) ?? []), path]);
  }
  return holders;
}
