import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { namesIn, statsOf, unreadable } from "../../files.ts";
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
  for (const project of names(join(storage, "session"))) {
    for (const name of names(join(storage, "session", project))) {
      const path = join(storage, "session", project, name);
      const session = await sessionAt(path, name);
      if (session !== undefined) sessions.push({ ...session, path });
      else yield unreadable(path, new Error("is no JSON object"));
    }
  }
  for (const session of sessions) {
    if (readElsewhere.has(keyOf(session))) continue;
    const answers = (id: string) => answersOf(storage, id);
    const parent = await forkParent(storage, session, sessions, answers);
    const known = parent === undefined ? session : { ...session, forkOf: parent };
    yield historyOf(storage, known, session.updated, places);
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

type StoredSession = ReturnType<typeof sessionOf>;

/** Sessions that were read, because a look at hundreds of them must not read each again. */
const sessionsRead = new Map<string, { stamp: string; session: StoredSession }>();

async function sessionAt(path: string, name: string): Promise<StoredSession | undefined> {
  const stamp = stampOf(path);
  const known = sessionsRead.get(path);
  if (known?.stamp === stamp) return known.session;
  const value = await readJson(path);
  if (value === undefined) return undefined;
  const session = sessionOf(value, name);
  sessionsRead.set(path, { stamp, session });
  return session;
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

function historyOf(
  storage: string,
  session: OpenCodeSession & { path: string },
  updated: number,
  { host }: Places,
): History {
  const { bytes, latest, count } = extentOf(storage, session);
  return {
    key: keyOf(session),
    path: session.path,
    bytes,
    modifiedAt: Math.max(updated, Math.floor(latest)),
    version: `tree:${count}:${bytes}:${latest}`,
    read: () => readTree(storage, session, host),
  };
}

type Extent = { bytes: number; latest: number; count: number };

/** What was found when all files of a session were looked at. */
type Looked = { extent: Extent; at: number; stamp: string };

const looked = new Map<string, Looked>();

/** A session that nothing happened to for so long is asleep. */
const ASLEEP_AFTER_MS = 10 * 60_000;
/** All files even of a session that sleeps are looked at this often. */
const LOOK_EVERY_MS = 60_000;

/**
 * Size and latest change of a session's files. A session has a hundred files, and a home hundreds of sessions: one that
 * sleeps wakes up with a new message, which changes the time of a folder.
 */
function extentOf(storage: string, session: OpenCodeSession & { path: string }): Extent {
  const messages = join(storage, "message", session.id);
  const stamp = [session.path, messages].map(stampOf).join(" ");
  const known = looked.get(session.path);
  const now = Date.now();
  const isAsleep = known !== undefined && now - known.extent.latest > ASLEEP_AFTER_MS;
  if (isAsleep && known.stamp === stamp && now - known.at < LOOK_EVERY_MS) return known.extent;
  const extent = extentOfFiles(storage, session.path, messages);
  looked.set(session.path, { extent, stamp, at: now });
  return extent;
}

function stampOf(path: string): string {
  const found = statsOf(path);
  return found === undefined ? "" : `${found.size}:${found.mtimeNs}`;
}

/** New parts change the time of their folder. */
function extentOfFiles(storage: string, session: string, messages: string): Extent {
  const extent = { bytes: 0, latest: 0, count: 0 };
  const look = (path: string) => {
    const found = statsOf(path);
    if (found === undefined) return;
    extent.bytes += found.isFile() ? Number(found.size) : 0;
    extent.latest = Math.max(extent.latest, Number(found.mtimeMs));
    extent.count += 1;
  };
  look(session);
  for (const name of names(messages)) {
    look(join(messages, name));
    look(join(storage, "part", name.replace(/\.json$/, "")));
  }
  return extent;
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
  for (const name of names(folder)) {
    const path = join(folder, name);
    const value = await readJson(path);
    if (value !== undefined) yield { kind: "stored", stored: { path, value } };
    else yield { kind: "fault", reason: `${path} is no JSON object` };
  }
}

const names = (folder: string) => namesIn(folder).filter((name) => !name.startsWith("."));

async function readJson(path: string): Promise<JsonObject | undefined> {
  return parsedObject(await readFile(path, "utf8").catch(() => ""));
}
