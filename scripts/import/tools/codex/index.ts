import { basename, dirname, join } from "node:path";
import { beginning, fileHistory, filesBelow, type FoundFile } from "../../files.ts";
import { fieldsIn, isJsonObject, parsedObject, textIn } from "../../json.ts";
import type { Item, Places, Tool, History } from "../../rows.ts";
import { CodexLines, originOf, SOURCE } from "./lines.ts";
import type { ParentTurns } from "./replay.ts";
import { objectsOf, Titles } from "./titles.ts";

/** Codex CLI: a rollout a session, by day, and a flat folder of archived ones. */
export const codex: Tool = {
  source: SOURCE,
  label: "Codex CLI",
  places: ({ home, env }) => {
    const root = env["CODEX_HOME"] || join(home, ".codex");
    return [join(root, "sessions"), join(root, "archived_sessions")];
  },
  // eslint-disable-next-line @typescript-eslint/require-await
  async *histories(path, places) {
    const own = rolloutsBelow(path, places);
    // A fork and its parent may lie in the two folders.
    const other = otherFolder(path);
    const files = other === undefined ? own : [...own, ...rolloutsBelow(other)];
    // The same session may lie in both: the active one is the newer.
    const [archived, active] = [
      files.filter(isArchived),
      files.filter((file) => !isArchived(file)),
    ];
    const names = new Set(active.map((file) => basename(file.path)));
    const kept = [...active, ...archived.filter((file) => !names.has(basename(file.path)))];
    const rollouts = new Map(kept.map((file) => [idOf(file.path), file]));
    const titles = new Titles();
    for (const file of kept)
      if (own.includes(file)) yield historyOf(file, places, rollouts, titles);
  },
};

function rolloutsBelow(path: string, places?: Places): FoundFile[] {
  const accepts = (one: string) => ROLLOUT.test(basename(one));
  return Array.from(filesBelow(path, { accepts, onUnreadable: places?.onUnreadable }));
}

/** The folder of archived rollouts beside the active ones, and the other way round. */
function otherFolder(path: string): string | undefined {
  const [name, home] = [basename(path), dirname(path)];
  if (name === "sessions") return join(home, "archived_sessions");
  return name === "archived_sessions" ? join(home, "sessions") : undefined;
}

const ROLLOUT = /^rollout-.+\.jsonl(\.zst)?$/;

const isArchived = ({ path }: FoundFile) => basename(dirname(path)) === "archived_sessions";

/** The id in a rollout's name, behind the local time. */
function idOf(path: string): string {
  const name = basename(path).replace(/^rollout-|\.jsonl(\.zst)?$/g, "");
  return name.replace(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-/, "");
}

function historyOf(
  file: FoundFile,
  { host }: Places,
  rollouts: ReadonlyMap<string, FoundFile>,
  titles: Titles,
): History {
  const id = idOf(file.path);
  // A session that is archived keeps its file's name: nothing is sent again.
  const key = `${SOURCE} ${basename(file.path)}`;
  if (file.path.endsWith(".zst"))
    return { ...fileHistory(file, () => never()), key, read: compressed };
  const history = fileHistory(file, async (memo) => {
    const isReplay = memo === undefined || (isJsonObject(memo) && memo.isReplay === true);
    const parent = isReplay ? await parentTurnsOf(file.path, rollouts) : undefined;
    const title = await titles.of(file.path, id);
    const known = {
      id,
      host,
      ...(parent ? { parent } : {}),
      ...(title ? { title } : {}),
    };
    return new CodexLines(known, memo);
  });
  return { ...history, key };
}

function never(): never {
  throw new Error("A compressed rollout was read as text");
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* compressed(): AsyncGenerator<Item> {
  yield { kind: "note", reason: "compressed rollouts (.jsonl.zst) cannot be read yet" };
}

/** Bytes of a first line: it holds the system prompt. */
const META_BYTES = 256 * 1024;

/** The turns of the session that a rollout was forked from, if it is there. */
async function parentTurnsOf(
  path: string,
  rollouts: ReadonlyMap<string, FoundFile>,
): Promise<ParentTurns | undefined> {
  const [first = ""] = (await beginning(path, META_BYTES)).split("\n", 1);
  const value = parsedObject(first);
  if (value === undefined) return undefined;
  const meta = fieldsIn(value, "payload");
  const { parent } = originOf(meta);
  const file = parent === undefined ? undefined : rollouts.get(parent);
  const madeAt = textIn(meta, "timestamp") ?? textIn(value, "timestamp") ?? "";
  return file === undefined ? undefined : await turnsOf(file.path, Date.parse(madeAt));
}

async function turnsOf(path: string, forkedAt: number): Promise<ParentTurns> {
  const ids = new Set<string>();
  let countAtFork = 0;
  const isOfTurn = (line: string) => line.includes('"turn_id"') || line.includes('"turn_context"');
  for await (const value of objectsOf(path, isOfTurn)) {
    const turn = textIn(fieldsIn(value, "payload"), "turn_id");
    if (turn !== undefined) ids.add(turn);
    const isLater = Date.parse(textIn(value, "timestamp") ?? "") > forkedAt;
    if (value.type === "turn_context" && !isLater) countAtFork += 1;
  }
  return { ids, countAtFork };
}
