import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { inventedHomes, time } from "./invented.fixture.ts";
import { readImportOptions } from "./options.ts";
import type { Places } from "./rows.ts";
import { discoverAll, importAll } from "./run.ts";
import { Server } from "./server.ts";
import { State } from "./state.ts";

/** Answers that are not those of an OpenSync server: nothing counts as sent. */

const { folder, homeWith } = inventedHomes();

const homeOfOne = () =>
  homeWith({
    ".claude/projects/-w/s.jsonl": [
      {
        ...{ type: "user", uuid: "a", sessionId: "s", timestamp: time(1) },
        message: { role: "user", content: "words" },
      },
    ],
  });

type Foreign = {
  name: string;
  status: number;
  headers: { [name: string]: string };
  body: string;
  says: string;
};

async function answering(status: number, headers: { [name: string]: string }, body: string) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request.resume().on("end", () => response.writeHead(status, headers).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => void (await new Promise((resolve) => server.close(resolve))));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests };
}

async function importInto(url: string, places: Places, state: State) {
  const options = readImportOptions(["--home", places.home], {}, Date.now());
  const run = { options, places, server: new Server(url, "k"), state };
  return await importAll(run, await discoverAll(run));
}

test.each<Foreign>([
  {
    name: "a redirect",
    ...{ status: 301, headers: { Location: "https://elsewhere.example/" }, body: "" },
    says: "redirects to https://elsewhere.example/; give the new address with --url",
  },
  {
    name: "the page of a proxy",
    ...{ status: 200, headers: { "Content-Type": "text/html" }, body: "<html>Sign in</html>" },
    says: "does not answer as an OpenSync server",
  },
  {
    name: "another service",
    ...{ status: 200, headers: {}, body: "{}" },
    says: "does not answer as an OpenSync server",
  },
])(
  "$name ends the import, and the next run sends everything",
  async ({ status, headers, body, says }) => {
    const target = await answering(status, { ...headers, Connection: "close" }, body);
    const places = homeOfOne();
    const path = join(folder.path, `${status}-${body.length}.json`);
    await expect(importInto(target.url, places, State.read(path))).rejects.toThrow(says);
    expect(target.requests).toEqual(["POST /sync/batch"]);
    expect(State.read(path).size).toBe(0);
  },
);

test("a state file that cannot be written is named", async () => {
  const good = await answering(200, { Connection: "close" }, '{"results":{},"errors":[]}');
  // A folder stands in its place.
  await expect(importInto(good.url, homeOfOne(), State.read(folder.path))).rejects.toThrow(
    /cannot be remembered: .*--state/,
  );
});

test("an address that cannot be one is refused before anything is tried", () => {
  for (const url of ["http://exa:mple", "http://", "ftp://host"])
    expect(() => readImportOptions(["--url", url], {}, 0)).toThrow("is not an address");
});
