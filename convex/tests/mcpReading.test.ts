import { beforeEach, describe, expect, test } from "vitest";
import { deployment, eachTestAt, person, settle } from "../test.setup";
import { loadProtocolFirst, rpcClient } from "./mcp.fixture";

/** Reading long sessions over MCP: every message is reached, and what is left out is said. */

const NOON = Date.UTC(2026, 0, 22, 12);

eachTestAt(NOON);

loadProtocolFirst();

type Sent = { role: string; textContent?: string; parts?: object[] };

let call: ReturnType<typeof rpcClient>["call"];
let store: (session: string, sent: readonly Sent[]) => Promise<void>;
beforeEach(async () => {
  const t = deployment();
  const who = await person(t);
  ({ call } = rpcClient((path, init) => t.fetch(path, init), who));
  store = async (session, sent) => {
    const all = sent.map((message, n) => ({
      ...{ sessionExternalId: session, externalId: `${session}-${n}`, createdAt: NOON + n },
      ...message,
    }));
    for (let from = 0; from < all.length; from += 100) {
      const messages = all.slice(from, from + 100);
      expect((await who.post("/sync/batch", { messages })).status).toBe(200);
    }
    await settle(t);
  };
});

const ANSWERS = 650;
const sparse: Sent[] = [
  { role: "user", textContent: "The first question" },
  ...Array.from({ length: ANSWERS }, (_, n) => ({ role: "assistant", textContent: `step ${n}` })),
  { role: "user", textContent: "The last question" },
];

/** Follows what answers say about how to go on, in one direction. */
async function walk(direction: "after" | "before", args: object) {
  const seen: string[] = [];
  let place: { [name: string]: string } = {};
  for (let pages = 0; pages < 40; pages++) {
    const { text, isError } = await call("get_messages", { session: "s", ...args, ...place });
    expect(isError).toBe(false);
    seen.push(...(text.match(/^> .*/gm) ?? []));
    const [, next] = new RegExp(`${direction}: ${direction} "([^"]+)"`).exec(text) ?? [];
    if (next === undefined) return seen;
    place = { [direction]: next };
  }
  throw new Error("The pages have no end");
}

describe("messages of one role that are far apart", () => {
  test("are all reached, from the beginning", async () => {
    await store("s", sparse);
    expect(await walk("after", { role: "user" })).toEqual([
      "> The first question",
      "> The last question",
    ]);
  });

  test("are all reached, from the end", async () => {
    await store("s", [...sparse, { role: "assistant", textContent: "Done" }]);
    const all = await call("get_messages", { session: "s", role: "user" });
    const [, place = ""] = /after: after "([^"]+)"/.exec(all.text) ?? [];
    expect(place).not.toBe("");
    const last = await call("get_messages", { session: "s", role: "user", after: place });
    const [, message] = /^user (\S+)/m.exec(last.text) ?? [];
    const before = await walk("before", { role: "user", before: message });
    expect(before).toEqual(["> The first question"]);
  });

  test("are not said to be none before all were looked at", async () => {
    await store("s", sparse);
    const { text } = await call("get_messages", { session: "s", role: "system" });
    expect(text).toContain("No message of this role among those that were looked at.");
    expect(text).toMatch(/after: after "\[session:/);
    expect(await walk("after", { role: "system" })).toEqual([]);
  });
});

const WORDS = "a line of a file with some words\n";
const read = (n: number) => ({
  role: "assistant",
  parts: [{ type: "tool-call", content: { name: "Read", args: { file_path: `/a/f${n}.ts` } } }],
});
const output = (bytes: number, mark = "") => ({
  role: "tool",
  parts: [{ type: "tool-result", content: { result: mark + WORDS.repeat(bytes / WORDS.length) } }],
});

describe("a session of large outputs", () => {
  const heavy: Sent[] = [
    { role: "user", textContent: "Read all the files" },
    ...Array.from({ length: 50 }, (_, n) => [read(n), output(60_000)]).flat(),
    {
      role: "assistant",
      parts: [{ type: "tool-call", content: { name: "Edit", args: { file_path: "/a/last.ts" } } }],
    },
    { role: "assistant", textContent: "The conclusion" },
  ];

  test("has the files that its end changed in its overview", async () => {
    await store("s", heavy);
    const { text } = await call("get_session", { session: "s" });
    expect(text).toContain('changed "/a/last.ts"');
    expect(text).toContain("> The conclusion");
  });

  test("shows the message that is asked for, however large its neighbours are", async () => {
    await store("s", [
      ...Array.from({ length: 12 }, () => output(120_000)),
      output(1_000, "HERE "),
      ...Array.from({ length: 12 }, () => output(120_000)),
    ]);
    const first = await walk("after", { role: "tool", limit: 1, max_chars: 50 });
    expect(first).toHaveLength(25 * 2);
    const all = await call("get_messages", { session: "s", limit: 13, max_chars: 50 });
    const [, last = ""] = /after: after "([^"]+)"/.exec(all.text) ?? [];
    const around = await call("get_messages", { session: last, limit: 30, max_chars: 50 });
    expect(around.text).not.toMatch(/\((?:nothing|too large) to read/);
    expect(around.text).toContain(last);
    const on = await walk("after", { limit: 30, max_chars: 50 });
    expect(on).toHaveLength(25 * 2);
    expect(on.join("\n")).toContain("HERE");
  });

  test("shows an output of 200 kB among others", async () => {
    await store("s", [read(1), output(200_000), read(2)]);
    const { text } = await call("get_messages", { session: "s" });
    expect(text).toContain("> ← a line of a file");
  });
});

describe("what is too large to be read is said", () => {
  test("of an output", async () => {
    await store("s", [read(1), output(3_000_000), read(2)]);
    const among = await call("get_messages", { session: "s" });
    expect(among.text).toContain("left out");
    expect(among.text).toContain("limit 1 reads more of it");
    const alone = await call("get_messages", { session: "s", role: "tool", limit: 1 });
    expect(alone.text).toContain("left out");
    expect(alone.text).not.toContain("limit 1 reads");
  });

  test("of a text, also at its end", async () => {
    await store("s", [{ role: "user", textContent: WORDS.repeat(20_000) }]);
    const { text } = await call("get_messages", { session: "s", limit: 1, from_char: 10 });
    const [, left, from] = /\((\d+) more characters: from_char (\d+)/.exec(text) ?? [];
    const end = Number(left) + Number(from) - 10;
    const last = await call("get_messages", { session: "s", limit: 1, from_char: end });
    expect(last.text).toContain("left out");
  });
});
