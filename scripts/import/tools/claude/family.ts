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

  /** The parent of a transcript among its neighbours; empty where it has none. */
  async parentOf(path: string): Promise<Parent> {
    const beginnings = await this.#beginnings(dirname(path));
    const own = beginnings.find((one) => one.path === path);
    if (own === undefined) return {};
    const [first] = beginnings.filter(({ uuid }) => uuid === own.uuid).sort(byStart);
    if (first !== undefined && first.path !== path) return child(first.path, "fork");
    if (own.before === undefined) return {};
    for (const { path: other } of beginnings) {
      if (other === path) continue;
      const found = await firstIn(other, [uuidField(own.uuid), uuidField(own.before)]);
      if (found !== undefined) return child(other, found === 0 ? "fork" : "resume");
    }
    return {};
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

const uuidField = (uuid: string) => `"uuid":${JSON.stringify(uuid)}`;

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

/** Which of these texts, the earlier first, a file holds; undefined for none. */
async function firstIn(path: string, texts: readonly string[]): Promise<number | undefined> {
  const longest = Math.max(...texts.map((text) => text.length));
  let found: number | undefined;
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "latin1" })) {
    const held = rest + String(chunk);
    const at = texts.findIndex((text) => held.includes(text));
    if (at === 0) return 0;
    if (at > 0) found = at;
    rest = held.slice(-longest);
  }
  return found;
}
