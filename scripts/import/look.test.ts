import fs, { appendFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { countingServer } from "./countingServer.fixture.ts";
import { filesBelow } from "./files.ts";
import { inventedHomes, time } from "./invented.fixture.ts";
import { readImportOptions } from "./options.ts";
import type { Places } from "./rows.ts";
import { discoverAll, importAll, type Run, watch } from "./run.ts";
import { Server } from "./server.ts";
import { State } from "./state.ts";

/** What a look at all histories costs: `--watch` takes one twice a second. Calls are counted, because times vary. */

const { folder, homeWith } = inventedHomes();

/** Counts what is asked of the file system below a folder from now on. */
function countedCalls(home: string) {
  const spies = {
    stats: vi.spyOn(fs, "statSync"),
    folders: vi.spyOn(fs, "readdirSync"),
    files: vi.spyOn(fs.promises, "open"),
    streams: vi.spyOn(fs, "createReadStream"),
    texts: vi.spyOn(fs.promises, "readFile"),
  };
  syncBuiltinESMExports();
  onTestFinished(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });
  return () => {
    const counts = Object.entries(spies).map(([name, spy]) => {
      const calls = spy.mock.calls.filter(
        ([path]) => typeof path === "string" && path.startsWith(home),
      );
      spy.mockClear();
      return [name, calls.length] as const;
    });
    return Object.fromEntries(counts);
  };
}

let runs = 0;

function runOver(places: Places, url?: string): Run {
  return {
    options: readImportOptions(["--watch", "--home", places.home], {}, Date.now()),
    ...{ places, server: url === undefined ? null : new Server(url, "k") },
    state: State.read(join(folder.path, `look-${++runs}.json`)),
  };
}

const prompt = (uuid: string, parentUuid: string | null = null) => ({
  ...{ type: "user", uuid, parentUuid, sessionId: "s", timestamp: time(1) },
  message: { role: "user", content: uuid },
});

const SESSIONS = 50;

/** As many files as sessions, by their number. */
const sessionFiles = (path: (n: number) => string, content: (n: number) => unknown) =>
  Object.fromEntries(Array.from({ length: SESSIONS }, (_, n) => [path(n), content(n)]));

test("looking again opens no file, and asks for the state of each once", async () => {
  const places = homeWith({
    ...sessionFiles(
      (n) => `.claude/projects/-w/${n}.jsonl`,
      (n) => [prompt(`u${n}`)],
    ),
    ...sessionFiles(
      (n) => `.factory/sessions/-w/${n}.jsonl`,
      (n) => [{ type: "session_start", id: `f${n}` }],
    ),
    ...sessionFiles(
      (n) => `.gemini/tmp/w/chats/session-${n}.jsonl`,
      (n) => [{ sessionId: `g${n}` }],
    ),
  });
  const run = runOver(places);
  await discoverAll(run);
  const counts = countedCalls(places.home);
  const found = await discoverAll(run);
  expect(found.map(({ histories }) => histories.length)).toEqual([SESSIONS, SESSIONS, SESSIONS]);
  const { stats = 0, folders = 0, ...opened } = counts();
  expect(opened).toEqual({ files: 0, streams: 0, texts: 0 });
  // Droid has a file of settings for each session; and there are some folders.
  expect(stats).toBeLessThanOrEqual(4 * SESSIONS + 30);
  expect(folders).toBeLessThan(10);
});

describe("OpenCode's tree of files", () => {
  const MESSAGES = 20;
  const storage = ".local/share/opencode/storage";
  const message = (n: number) => ({ id: `msg_${n}`, role: "user", time: { created: n } });

  function homeOfTree(): Places {
    const files: { [path: string]: unknown } = {};
    for (let session = 0; session < SESSIONS; session++) {
      files[`${storage}/session/p/ses_${session}.json`] = { id: `ses_${session}`, title: "T" };
      for (let n = 0; n < MESSAGES; n++)
        files[`${storage}/message/ses_${session}/msg_${session}_${n}.json`] = message(n);
    }
    const places = homeWith(files);
    const yesterday = new Date(Date.now() - 86_400_000);
    for (const path of Object.keys(files))
      utimesSync(join(places.home, path), yesterday, yesterday);
    return places;
  }

  test("sessions that sleep are not looked through again, and one wakes with a new message", async () => {
    const places = homeOfTree();
    const run = runOver(places);
    const versions = async () =>
      (await discoverAll(run)).flatMap(({ histories }) => histories.map(({ version }) => version));
    const before = await versions();
    const counts = countedCalls(places.home);
    expect(await versions()).toEqual(before);
    const { stats = 0, folders = 0, ...opened } = counts();
    expect(opened).toEqual({ files: 0, streams: 0, texts: 0 });
    // Its own file, and the folder of its messages.
    expect(stats).toBeLessThanOrEqual(3 * SESSIONS + 30);
    expect(folders).toBeLessThan(10);
    writeFileSync(join(places.home, storage, "message/ses_7/msg_new.json"), "{}");
    const after = await versions();
    expect(after.filter((version) => !before.includes(version))).toHaveLength(1);
  });
});

test("a session that goes on after a pause is read without its neighbours, although its parent is missing", async () => {
  const files = sessionFiles(
    (n) => `.claude/projects/-w/${n}.jsonl`,
    (n) => [prompt(`u${n}`)],
  );
  const places = homeWith({ ...files, ".claude/projects/-w/late.jsonl": [prompt("l1", "gone")] });
  const { url, received } = await countingServer();
  const run = runOver(places, url);
  await importAll(run, await discoverAll(run));
  expect(received).toHaveLength(SESSIONS + 1);
  const late = join(places.home, ".claude/projects/-w/late.jsonl");
  appendFileSync(late, `${JSON.stringify(prompt("l2", "l1"))}\n`);
  const counts = countedCalls(places.home);
  await importAll(run, await discoverAll(run));
  expect(received.slice(SESSIONS + 1)).toEqual(["l2"]);
  const { files: opened = 0, streams = 0 } = counts();
  expect(streams).toBe(0);
  expect(opened).toBeLessThan(10);
});

test("a watcher sends what was written last before a backlog", async () => {
  const places = homeWith(
    sessionFiles(
      (n) => `.claude/projects/-w/${n}.jsonl`,
      (n) => [prompt(`u${n}`)],
    ),
  );
  for (let n = 0; n < SESSIONS; n++) {
    const at = new Date(Date.now() - (n === 31 ? 0 : 86_400_000));
    utimesSync(join(places.home, `.claude/projects/-w/${n}.jsonl`), at, at);
  }
  const { url, received } = await countingServer();
  const run = runOver(places, url);
  const stop = new AbortController();
  await watch(run, stop.signal, () => {
    stop.abort();
  });
  expect(received).toHaveLength(SESSIONS);
  expect(received[0]).toBe("u31");
});

test("folders that lead to themselves are searched once, and one that cannot be read is named", async () => {
  const places = homeWith({
    ".claude/projects/-w/a.jsonl": [prompt("a")],
    ".claude/projects/-x/b.jsonl": [prompt("b")],
  });
  const root = join(places.home, ".claude/projects");
  for (const name of ["l1", "l2", "l3"]) symlinkSync(root, join(root, "-w", name));
  const accepts = (path: string) => path.endsWith(".jsonl");
  expect(Array.from(filesBelow(root, { accepts }), ({ path }) => path)).toEqual(
    ["-w/a.jsonl", "-x/b.jsonl"].map((path) => join(root, path)),
  );
  // A test may run as root, who may read everything.
  const refuse = vi.spyOn(fs, "readdirSync").mockImplementationOnce(() => {
    throw new Error("EACCES: permission denied");
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    refuse.mockRestore();
    syncBuiltinESMExports();
  });
  const result = await importAll(runOver(places), await discoverAll(runOver(places)));
  expect(result.tallies.flatMap(({ faults }) => faults)).toEqual([
    { path: root, reason: expect.stringContaining("EACCES") as string },
  ]);
});
