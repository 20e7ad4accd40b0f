import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import {
  fileHistory,
  filesBelow,
  firstObject,
  type FoundFile,
  statsOf,
  unreadable,
} from "../../files.ts";
import { fieldsIn, isJsonObject, textIn } from "../../json.ts";
import { readLines } from "../../lines.ts";
import type { History, Item, Places, Tool } from "../../rows.ts";
import { CopilotLines, SOURCE } from "./lines.ts";
import { extentOf, type Request, requestsOf, sessionsIn } from "./store.ts";

/** Copilot CLI: a file of events a session, and a database that counts the requests of all sessions. */
export const copilot: Tool = {
  source: SOURCE,
  label: "Copilot CLI",
  places: ({ home, env }) => [join(env["COPILOT_HOME"] || join(home, ".copilot"), "session-state")],
  async *histories(path, places) {
    const broken = new Set<string>();
    const counted = new Set<string>();
    const { onUnreadable } = places;
    for (const file of filesBelow(path, { accepts: isEvents, onUnreadable })) {
      const store = storeBeside(file.path);
      try {
        yield await historyOf(file, store, places, counted);
      } catch (error) {
        // Without the database, the events tell what was spent.
        yield await historyOf(file, undefined, places);
        if (store !== undefined && !broken.has(store)) yield unreadable(store, error);
        if (store !== undefined) broken.add(store);
      }
    }
    const store = join(basename(path) === "session-state" ? dirname(path) : path, STORE);
    if (!broken.has(store)) yield* onlyCounted(store, counted);
  },
};

const STORE = "session-store.db";

const ONLY_COUNTED =
  "a session without a file of events is left out: the database counts its requests and holds no word of it";

/** Names the sessions that only the database knows. What it counts is booked once their events are there. */
function* onlyCounted(store: string, counted: ReadonlySet<string>): Generator<History> {
  let sessions: string[];
  try {
    sessions = sessionsIn(store).filter((id) => !counted.has(id));
  } catch (error) {
    yield unreadable(store, error);
    return;
  }
  if (sessions.length === 0) return;
  const names = createHash("sha256").update(sessions.sort().join("\n"));
  yield {
    ...{ key: `${SOURCE} ${store}`, path: store, bytes: 0 },
    modifiedAt: Number(statsOf(store)?.mtimeMs ?? 0),
    version: names.digest("hex").slice(0, 32),
    // eslint-disable-next-line @typescript-eslint/require-await
    async *read() {
      yield* sessions.map((): Item => ({ kind: "note", reason: ONLY_COUNTED }));
    },
  };
}

/** `session-state/<id>/events.jsonl`, and `session-state/<id>.jsonl` of older versions. */
function isEvents(path: string): boolean {
  if (basename(path) === "events.jsonl") return true;
  return basename(dirname(path)) === "session-state" && path.endsWith(".jsonl");
}

/** The database of the sessions among which this one lies. */
function storeBeside(path: string): string | undefined {
  const root = /^(.*)[\\/]session-state[\\/]/.exec(path)?.[1];
  return root === undefined ? undefined : join(root, STORE);
}

async function historyOf(
  file: FoundFile,
  store: string | undefined,
  { host }: Places,
  allCounted: Set<string> = new Set(),
): Promise<History> {
  const name = basename(file.path);
  const id = name === "events.jsonl" ? basename(dirname(file.path)) : basename(name, ".jsonl");
  const counted = store === undefined ? undefined : await countedSession(store, id, file.path);
  if (counted !== undefined) allCounted.add(counted.session);
  const requests = (): readonly Request[] =>
    store === undefined || counted === undefined ? [] : requestsOf(store, counted.session);
  const parserOf = (memo: unknown) => new CopilotLines(id, host, memo, requests());
  const history = fileHistory(file, parserOf);
  if (counted === undefined) return history;
  return {
    ...history,
    version: `${history.version}:${counted.extent}`,
    // What was read before the database counted this session was booked by what the events tell.
    read: (from) => readLines(file.path, isCounted(from?.memo) ? from : undefined, parserOf),
  };
}

const isCounted = (memo: unknown) => isJsonObject(memo) && memo.isCounted === true;

/** The session under which the database counts; undefined where it does not. The folder may have another name. */
async function countedSession(store: string, id: string, path: string) {
  for (const idOf of [() => Promise.resolve(id), () => startedId(path)]) {
    const session = await idOf();
    const extent = session === undefined ? undefined : extentOf(store, session);
    if (session !== undefined && extent !== undefined) return { session, extent };
  }
  return undefined;
}

/** Ids with which files begin: a first line stays. */
const startedIds = new Map<string, string>();

async function startedId(path: string): Promise<string | undefined> {
  const known = startedIds.get(path);
  if (known !== undefined) return known;
  const id = textIn(fieldsIn(await firstObject(path), "data"), "sessionId");
  if (id !== undefined) startedIds.set(path, id);
  return id;
}
