import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { createInterface } from "node:readline";
import { beginning, filesBelow } from "../../files.ts";
import { asObject, fieldsIn, parsedObject, textIn } from "../../json.ts";
import { RELATIONS, type Relation } from "../../rows.ts";

/**
 * Which transcript another one came from. A fork repeats lines of its parent with their `uuid`, or its answers under
 * new ones; only newer releases name the parent on these lines (`forkedFrom`). A session that was resumed in a new
 * file points to a line of the old one.
 */

type Parent = { parentExternalId?: string; relation?: Relation };

/** What a transcript's reader remembers: its parent, or for what and among how many files it was looked for in vain. */
export type KnownParent = Parent & { soughtFor?: string };

/** What a reader's memo says of the parent. */
export function knownParentOf(memo: unknown): KnownParent {
  const fields = asObject(memo) ?? {};
  const row = fieldsIn(fieldsIn(fields, "session"), "row");
  const parentExternalId = textIn(row, "parentExternalId");
  const relation = RELATIONS.find((one) => one === row.relation);
  const soughtFor = textIn(fields, "soughtFor");
  return {
    ...(parentExternalId === undefined ? {} : { parentExternalId }),
    ...(relation === undefined ? {} : { relation }),
    ...(soughtFor === undefined ? {} : { soughtFor }),
  };
}

/** The beginning of a transcript, as far as it tells where it came from. */
type Beginning = {
  path: string;
  uuid: string;
  /** The line before the first one, in whatever file it is. */
  before?: string;
  /** The provider's id of the first answer. */
  answer?: string;
  /** The session that the file names as its parent. */
  forkedFrom?: string;
  startedAt: string;
  /** What the file will be written on with changes nothing of this. */
  isWhole: boolean;
};

/** Beginnings by path, with the size of the file: looking at a folder again must not read all of its transcripts again. */
const read = new Map<string, { bytes: number; own: Beginning | undefined }>();

/** Bytes in which the first lines are looked for; most transcripts tell enough in the first few. */
const BEGINNING_BYTES = [16 * 1024, 512 * 1024];

/** Parents that are looked for one by one, which is ten times as fast as for all at once. */
const SEARCHES_ALONE = 3;

export class Family {
  readonly #folders = new Map<string, Promise<Beginning[]>>();
  readonly #holders = new Map<string, Promise<Map<string, string[]>>>();
  readonly #lines = new Map<string, Promise<Lines>>();
  #searches = 0;

  /**
   * Finds the parent of a transcript among its neighbours; empty where it has none. Returns `known` if an earlier search
   * has found it, because a search reads the whole folder, and a session that goes on after a pause would wait for it.
   */
  async parentOf(path: string, known: KnownParent = {}): Promise<KnownParent> {
    const beginnings = await this.#beginnings(dirname(path));
    const own = beginnings.find((one) => one.path === path);
    if (own === undefined) return {};
    if (own.forkedFrom !== undefined) return { parentExternalId: own.forkedFrom, relation: "fork" };
    const isAlone = !beginnings.some((one) => one !== own && isRelated(one, own));
    if (isAlone && own.before === undefined) return {};
    const { parentExternalId, relation } = known;
    if (parentExternalId !== undefined && relation !== undefined)
      return { parentExternalId, relation };
    const soughtFor = [own.uuid, own.before, own.answer, beginnings.length].join(" ");
    if (known.soughtFor === soughtFor) return { soughtFor };
    const found = await this.#parentAmong(beginnings, own);
    return { ...found, soughtFor };
  }

  async #parentAmong(beginnings: readonly Beginning[], own: Beginning): Promise<Parent> {
    const holders = await this.#holdersIn(dirname(own.path), beginnings, own);
    const holding = (id: string | undefined) => {
      const paths = (id === undefined ? undefined : holders.get(id)) ?? [];
      return beginnings.filter((one) => one !== own && paths.includes(one.path));
    };
    const ancestor = await this.#ancestor(own, holding(own.uuid));
    if (ancestor !== undefined) return child(ancestor.path, "fork");
    const [resumed] = holding(own.before);
    if (resumed !== undefined) return child(resumed.path, "resume");
    const copied = holding(own.answer).find(({ startedAt }) => startedAt < own.startedAt);
    return copied === undefined ? {} : child(copied.path, "fork");
  }

  /** Of transcripts with the first line of this one, the one it was forked from: it came before, and shares most. */
  async #ancestor(
    own: Beginning,
    candidates: readonly Beginning[],
  ): Promise<Beginning | undefined> {
    let found: { one: Beginning; shared: number } | undefined;
    for (const one of candidates) {
      const { shared, isBefore } = compared(await this.#linesOf(one), await this.#linesOf(own));
      const isOlder = one.startedAt === own.startedAt ? isBefore : one.startedAt < own.startedAt;
      if (isOlder && shared > (found?.shared ?? 0)) found = { one, shared };
    }
    return found?.one;
  }

  /**
   * The transcripts of a folder that hold the lines which this one begins with or points to. After a few of them, all
   * lines are looked for that any transcript begins with or points to, and the folder is not read again.
   */
  #holdersIn(
    folder: string,
    beginnings: readonly Beginning[],
    own: Beginning,
  ): Promise<Map<string, string[]>> {
    this.#searches += 1;
    const isOfFew = this.#searches <= SEARCHES_ALONE && !this.#holders.has(folder);
    if (isOfFew) return holdersOf(beginnings, [own]);
    const known = this.#holders.get(folder) ?? holdersOf(beginnings, beginnings);
    this.#holders.set(folder, known);
    return known;
  }

  #beginnings(folder: string): Promise<Beginning[]> {
    const known = this.#folders.get(folder) ?? beginningsIn(folder);
    this.#folders.set(folder, known);
    return known;
  }

  #linesOf({ path }: Beginning): Promise<Lines> {
    const known = this.#lines.get(path) ?? linesIn(path);
    this.#lines.set(path, known);
    return known;
  }
}

const child = (path: string, relation: Relation) => ({
  parentExternalId: basename(path, ".jsonl"),
  relation,
});

const isRelated = (one: Beginning, other: Beginning) =>
  one.uuid === other.uuid || (one.answer !== undefined && one.answer === other.answer);

/** Times of a transcript's lines by their `uuid`. */
type Lines = ReadonlyMap<string, string>;

/**
 * How many lines two transcripts share, and whether the first one was there before: its own lines begin earlier, or
 * it has none, because a fork is written with the first line of its own.
 */
function compared(one: Lines, other: Lines): { shared: number; isBefore: boolean } {
  const ownOf = (lines: Lines, others: Lines) =>
    Array.from(lines).filter(([uuid]) => !others.has(uuid));
  const [ownOfOne, ownOfOther] = [ownOf(one, other), ownOf(other, one)];
  const earliest = (lines: readonly [string, string][]) =>
    lines.reduce((time, [, own]) => (own < time ? own : time), lines[0]?.[1] ?? "");
  return {
    shared: one.size - ownOfOne.length,
    isBefore: ownOfOther.length > 0 && earliest(ownOfOne) < earliest(ownOfOther),
  };
}

async function linesIn(path: string): Promise<Lines> {
  const found = new Map<string, string>();
  try {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const value = parsedObject(line);
      const uuid = value && textIn(value, "uuid");
      if (uuid !== undefined) found.set(uuid, textIn(value ?? {}, "timestamp") ?? "");
    }
  } catch {
    // A neighbour that cannot be read is no parent.
  }
  return found;
}

async function beginningsIn(folder: string): Promise<Beginning[]> {
  const found: Beginning[] = [];
  const isNeighbour = (path: string) => path.endsWith(".jsonl") && dirname(path) === folder;
  for (const { path, bytes } of filesBelow(folder, { accepts: isNeighbour })) {
    const known = read.get(path);
    const isKnown = known?.own?.isWhole === true || known?.bytes === bytes;
    const own = isKnown ? known?.own : await beginningIn(path, bytes);
    read.set(path, { bytes, own });
    if (own !== undefined) found.push(own);
  }
  return found;
}

async function beginningIn(path: string, size: number): Promise<Beginning | undefined> {
  let own: Beginning | undefined;
  for (const bytes of BEGINNING_BYTES) {
    own = beginningOf(path, await beginning(path, bytes).catch(() => ""));
    if (own?.isWhole || size <= bytes) return own;
  }
  return own && { ...own, isWhole: true };
}

function beginningOf(path: string, text: string): Beginning | undefined {
  const session = basename(path, ".jsonl");
  let startedAt: string | undefined;
  let first: Beginning | undefined;
  for (const line of text.split("\n")) {
    const value = parsedObject(line);
    if (value === undefined) continue;
    // Lines without an id are never repeated: theirs is the time of this file.
    startedAt ??= textIn(value, "timestamp");
    const uuid = textIn(value, "uuid");
    if (uuid === undefined) continue;
    if (first === undefined) {
      const before = textIn(value, "parentUuid") ?? textIn(value, "logicalParentUuid");
      first = {
        path,
        uuid,
        startedAt: startedAt ?? "",
        isWhole: false,
        ...(before === undefined ? {} : { before }),
      };
    }
    const forkedFrom = textIn(fieldsIn(value, "forkedFrom"), "sessionId");
    if (forkedFrom !== undefined && forkedFrom !== session)
      return { ...first, forkedFrom, isWhole: true };
    const answer =
      value.type === "assistant" ? textIn(fieldsIn(value, "message"), "id") : undefined;
    if (answer !== undefined) return { ...first, answer, isWhole: true };
  }
  return first;
}

/** Longest `"uuid":"…"` that is found across the end of a chunk. */
const FIELD_MAX_CHARS = 200;

/** Reads each transcript once, for all lines that these begin with or point to. */
async function holdersOf(
  beginnings: readonly Beginning[],
  lookedFor: readonly Beginning[],
): Promise<Map<string, string[]>> {
  const wanted = new Set(
    lookedFor.flatMap(({ uuid, before, answer }) =>
      [uuid, before, answer].filter((id) => id !== undefined),
    ),
  );
  const holders = new Map<string, string[]>();
  for (const { path } of beginnings) {
    for (const id of await heldIn(path, wanted))
      holders.set(id, [...(holders.get(id) ?? []), path]);
  }
  return holders;
}

const CHUNK_BYTES = 256 * 1024;

/** Ids that are looked for in bytes; with more, each field of a file is looked up. */
const FEW_IDS = 8;

/** Which of these ids of lines, answers or calls a transcript holds. */
export async function heldIn(path: string, wanted: ReadonlySet<string>): Promise<Set<string>> {
  const found = new Set<string>();
  const look = wanted.size <= FEW_IDS ? lookForFew : lookForMany;
  try {
    const file = await open(path);
    try {
      // One buffer for the whole file: a new one for each chunk would be garbage faster than it is collected.
      const buffer = Buffer.allocUnsafe(FIELD_MAX_CHARS + CHUNK_BYTES);
      let kept = 0;
      while (found.size < wanted.size) {
        const { bytesRead } = await file.read(buffer, kept, CHUNK_BYTES);
        if (bytesRead === 0) break;
        const end = kept + bytesRead;
        look(buffer.subarray(0, end), wanted, found);
        // A field may go on in the next chunk.
        kept = Math.min(end, FIELD_MAX_CHARS);
        buffer.copyWithin(0, end - kept, end);
      }
    } finally {
      await file.close();
    }
  } catch {
    // A neighbour that cannot be read holds nothing.
  }
  return found;
}

function lookForMany(held: Buffer, wanted: ReadonlySet<string>, found: Set<string>): void {
  for (const [, id = ""] of held.toString("latin1").matchAll(/"(?:uuid|id)":\s?"([^"]{1,100})"/g))
    if (wanted.has(id)) found.add(ownCopy(id));
}

/** The same text in memory of its own: V8 keeps what a pattern matched as a view of the whole text. */
const ownCopy = (text: string) => Buffer.from(text, "latin1").toString("latin1");

function lookForFew(held: Buffer, wanted: ReadonlySet<string>, found: Set<string>): void {
  for (const id of wanted) {
    const value = `"${id}"`;
    for (let at = held.indexOf(value); at >= 0 && !found.has(id); at = held.indexOf(value, at + 1))
      if (/"(?:uuid|id)":\s?$/.test(held.toString("latin1", Math.max(0, at - 10), at)))
        found.add(id);
  }
}
