import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { unreadable } from "../../files.ts";
import { fieldsIn, type JsonObject, numberIn, parsedObject, textIn } from "../../json.ts";
import type { Item, Places, History } from "../../rows.ts";
import { answerKey, forkParent } from "./forks.ts";
import { messageRow, type OpenCodeSession, sessionRow, SOURCE } from "./rows.ts";

/** OpenCode before its database: a tree of small JSON files, one for each session, message and part. */

type Stored = { path: string; value: JsonObject };

/** Sessions below a folder `storage`, without those that are read from elsewhere, by their keys. */
export async function* treeHistories(
  storage: string,
  places: Places,
  readElsewhere: ReadonlySet<string>,
): AsyncGenerator<History> {
  const sessions: (OpenCodeSession & { path: string; created: number; updated: number })[] = [];
  for (const project of await names(join(storage, "session"))) {
    for (const name of await names(join(storage, "session", project))) {
      const path = join(storage, "session", project, name);
      const value = await readJson(path);
      if (value !== undefined) sessions.push({ ...sessionOf(value, name), path });
      else yield unreadable(path, new Error("is no JSON object"));
    }
  }
  for (const session of sessions) {
    if (readElsewhere.has(keyOf(session))) continue;
    const answers = (id: string) => answersOf(storage, id);
    const parent = await forkParent(storage, session, sessions, answers);
    const known = parent === undefined ? session : { ...session, forkOf: parent };
    yield await historyOf(storage, known, session.updated, places);
  }
}

const keyOf = ({ id }: OpenCodeSession) => `${SOURCE} ${id}`;

/** Keys of a session's answers, in the order of their files. */
async function answersOf(storage: string, session: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const found of filesIn(join(storage, "message", session))) {
    const key = found.kind === "stored" ? answerKey(found.stored.value) : undefined;
    if (key !== undefined) keys.push(key);
  }
  return keys;
}

function sessionOf(value: JsonObject, name: string) {
  const time = fieldsIn(value, "time");
  const [title, directory] = [textIn(value, "title"), textIn(value, "directory")];
  const [version, parent] = [textIn(value, "version"), textIn(value, "parentID")];
  return {
    id: textIn(value, "id") ?? name.replace(/\.json$/, ""),
    created: numberIn(time, "created") ?? 0,
    updated: numberIn(time, "updated") ?? 0,
    ...(title === undefined ? {} : { title }),
    ...(directory === undefined ? {} : { directory }),
    ...(version === undefined ? {} : { version }),
    ...(parent === undefined ? {} : { parent }),
  };
}

async function historyOf(
  storage: string,
  session: OpenCodeSession & { path: string },
  updated: number,
  { host }: Places,
): Promise<History> {
  const { bytes, latest, count } = await extentOf(storage, session);
  return {
    key: keyOf(session),
    path: session.path,
    bytes,
    modifiedAt: Math.max(updated, Math.floor(latest)),
    version: `tree:${count}:${bytes}:${latest}`,
    read: () => readTree(storage, session, host),
  };
}

/** Size and latest change of a session's files. New parts change the time of their folder. */
async function extentOf(storage: string, { id, path }: OpenCodeSession & { path: string }) {
  let [bytes, latest, count] = [0, 0, 0];
  const look = async (one: string) => {
    const found = await stat(one).catch(() => null);
    if (found === null) return;
    bytes += found.isFile() ? found.size : 0;
    latest = Math.max(latest, found.mtimeMs);
    count += 1;
  };
  await look(path);
  for (const name of await names(join(storage, "message", id))) {
    await look(join(storage, "message", id, name));
    await look(join(storage, "part", name.replace(/\.json$/, "")));
  }
  return { bytes, latest, count };
}

async function* readTree(
  storage: string,
  session: OpenCodeSession,
  host: string,
): AsyncGenerator<Item> {
  const messages: Stored[] = [];
  for await (const found of filesIn(join(storage, "message", session.id))) {
    if (found.kind === "fault") yield found;
    else messages.push(found.stored);
  }
  if (messages.length === 0) {
    yield { kind: "bookkeeping", type: "session without messages" };
    return;
  }
  yield { kind: "session", row: sessionRow(session, host) };
  const created = ({ value }: Stored) => numberIn(fieldsIn(value, "time"), "created") ?? 0;
  const ordered = messages.sort((a, b) => created(a) - created(b) || (a.path < b.path ? -1 : 1));
  for (const { path, value } of ordered) {
    const id = textIn(value, "id") ?? path.replace(/^.*[\\/]|\.json$/g, "");
    const parts: JsonObject[] = [];
    for await (const found of filesIn(join(storage, "part", id))) {
      if (found.kind === "fault") yield found;
      else parts.push(found.stored.value);
    }
    yield { kind: "message", row: messageRow(session.id, id, value, parts) };
  }
}

type FoundJson = { kind: "stored"; stored: Stored } | { kind: "fault"; reason: string };

/** The JSON objects in a folder, by name. */
async function* filesIn(folder: string): AsyncGenerator<FoundJson> {
  for (const name of await names(folder)) {
    const path = join(folder, name);
    const value = await readJson(path);
    if (value !== undefined) yield { kind: "stored", stored: { path, value } };
    else yield { kind: "fault", reason: `${path} is no JSON object` };
  }
}

async function names(folder: string): Promise<string[]> {
  const found = await readdir(folder).catch(() => []);
  return found.filter((name) => !name.startsWith(".")).sort();
}

async function readJson(path: string): Promise<JsonObject | undefined> {
  return parsedObject(await readFile(path, "utf8").catch(() => ""));
}
