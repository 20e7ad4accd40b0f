import { join } from "node:path";
import { expect, test } from "vitest";
import { countingServer } from "./countingServer.fixture.ts";
import { inventedHomes, rowsOf, time } from "./invented.fixture.ts";
import { readImportOptions } from "./options.ts";
import { discoverAll, importAll } from "./run.ts";
import { Server } from "./server.ts";
import { State } from "./state.ts";

/** Files that no tool writes on purpose: what is broken is named with its line, and everything else arrives. */

const { folder, homeWith } = inventedHomes();

const prompt = (uuid: string, content: unknown = uuid) => ({
  ...{ type: "user", uuid, sessionId: "s", timestamp: time(1) },
  message: { role: "user", content },
});

test("a line that is nested too deeply, and lines that hold anything, are named or left, and all others arrive", async () => {
  const file = ".claude/projects/-w/a.jsonl";
  const depth = 20_000;
  const nested = JSON.stringify(prompt("deep", [{ type: "tool_result", content: "HERE" }])).replace(
    '"HERE"',
    "[".repeat(depth) + "]".repeat(depth),
  );
  const odd = [5, null, [], { type: 5, uuid: {}, message: [] }].map((one) => JSON.stringify(one));
  const own = [JSON.stringify(prompt("first")), nested, ...odd, "\0".repeat(100)];
  const places = homeWith({ [file]: [...own, JSON.stringify(prompt("last")), ""].join("\n") });
  const { url, received } = await countingServer();
  const run = {
    options: readImportOptions(["--home", places.home], {}, Date.now()),
    ...{ places, server: new Server(url, "k") },
    state: State.read(join(folder.path, "hostile.json")),
  };
  const { tallies } = await importAll(run, await discoverAll(run));
  expect(received).toEqual(["first", "last"]);
  expect(tallies.flatMap(({ faults }) => faults.map(({ line, reason }) => [line, reason]))).toEqual(
    [
      [2, expect.stringContaining("cannot be sent: Maximum call stack")],
      [3, "is no JSON object"],
      [4, "is no JSON object"],
      [5, "is no JSON object"],
      [7, "is not JSON"],
    ],
  );
  // The next run has nothing to send.
  await importAll(run, await discoverAll(run));
  expect(received).toEqual(["first", "last"]);
});

test("lines longer and shorter than what is read at once arrive whole, wherever one begins", async () => {
  const numbers = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => from + at).join(" ");
  // From 60 bytes to 1.2 MB, so that lines begin and end anywhere in what is read.
  const contents = [200_000, 0, 9_000, 60_000, 1, 30_000, 40_000].map((count, at) =>
    numbers(at * 1_000_000, count),
  );
  const lines = contents.map((content, at) => prompt(`u${at}`, content));
  const { messages } = await rowsOf(
    "claude-code",
    homeWith({ ".claude/projects/-w/a.jsonl": lines }),
  );
  // Not `toEqual` on the texts, because it would print megabytes.
  expect(messages.map(({ textContent = "" }, at) => textContent === contents[at])).toEqual(
    contents.map(() => true),
  );
});
