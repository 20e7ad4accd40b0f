import { describe, expect, test } from "vitest";
import { planEmbeddings, type MessageWindow, type Rest } from "./plan";
import { turnText, type TurnMessage } from "./turns";
import { textHashOf } from "./vectorSpace";

const space = { model: "m", dimensions: 3 };
const message = (key: string, role: string, text: string, embeddedHash?: string): TurnMessage => ({
  id: key,
  role,
  orderKey: key,
  text,
  embeddedHash,
});
const plan = (messages: TurnMessage[], how: Partial<MessageWindow<TurnMessage>> = {}) =>
  planEmbeddings(space, { messages, end: "last", isQuiet: true, ...how });
/** The order key from which something stays stale. */
const startOf = (rest: Rest) => (rest.kind === "nothing" ? "" : rest.from);
const starts = ({ turns }: Awaited<ReturnType<typeof plan>>) => turns.map((turn) => turn.first.id);

/** The messages after an embedding job: each turn's hash is on its first message. */
async function embedded(messages: TurnMessage[]): Promise<TurnMessage[]> {
  const { turns } = await plan(messages);
  const hashes = new Map(turns.map((turn) => [turn.first.id, turn.textHash]));
  return messages.map((one) => ({ ...one, embeddedHash: hashes.get(one.id) ?? one.embeddedHash }));
}

const talk = [
  message("1", "user", "why is it so?"),
  message("2", "assistant", "let me see"),
  message("3", "assistant", "because"),
  message("4", "user", "thank you very much"),
];

describe("planning embeddings", () => {
  test("embeds every turn once, and then nothing", async () => {
    expect(starts(await plan(talk))).toEqual(["1", "4"]);
    expect(await plan(await embedded(talk))).toMatchObject({
      turns: [],
      removed: [],
      rest: { kind: "nothing" },
    });
  });

  test("embeds only the turn whose text changed", async () => {
    const [a, b, c, d] = await embedded(talk);
    const rewritten = await plan([a!, b!, { ...c!, text: "because of that" }, d!]);
    expect(starts(rewritten)).toEqual(["1"]);
  });

  test("waits for a turn that may still grow", async () => {
    const growing = await plan(talk.slice(0, 3), { isQuiet: false });
    expect(starts(growing)).toEqual([]);
    expect(growing).toMatchObject({ rest: { kind: "growing", from: "1" } });
    const rested = await plan(talk.slice(0, 3), { isQuiet: true });
    expect(starts(rested)).toEqual(["1"]);
    expect(rested).toMatchObject({ rest: { kind: "nothing" } });
  });

  test("embeds only the later messages when a turn continues after it was embedded", async () => {
    const turn = await embedded(talk.slice(0, 3));
    const more = await plan([...turn, message("5", "assistant", "and that as well")]);
    expect(starts(more)).toEqual(["5"]);
    expect(more.turns[0]?.chunks).toEqual(["and that as well"]);
  });

  test("embeds the whole turn when its beginning changed", async () => {
    const [, b, c] = await embedded(talk.slice(0, 3));
    const again = await plan([{ ...b!, text: "let me look" }, c!]);
    expect(again.turns[0]?.chunks).toEqual(["let me look\n\nbecause"]);
  });

  test("embeds everything under another model", async () => {
    const other = { ...space, model: "n" };
    const window = { messages: await embedded(talk), end: "last", isQuiet: true } as const;
    expect((await planEmbeddings(other, window)).turns).toHaveLength(2);
  });
});

describe("a window that ends before the stale range does", () => {
  test("leaves its last turn to the next window", async () => {
    const first = await plan(talk, { end: "cut" });
    expect(starts(first)).toEqual(["1"]);
    expect(first).toMatchObject({ rest: { kind: "unread", from: "4" } });
  });

  test("always advances, even for a single turn or with nothing to embed", async () => {
    const turn = await plan(talk.slice(1, 3), { end: "cut" });
    expect(starts(turn)).toEqual(["2"]);
    const from = startOf(turn.rest);
    expect(from > "3" && from < "4").toBe(true);
    const system = await plan([message("1", "system", "be nice")], { end: "cut" });
    expect(startOf(system.rest) > "1").toBe(true);
  });
});

test("vectors are removed when no turn starts with their message any more", async () => {
  const [a, b, c, d] = await embedded(talk);
  const silenced = await plan([{ ...a!, text: "", role: "system" }, b!, c!, d!]);
  expect(silenced.removed.map((one) => one.id)).toEqual(["1"]);
  expect(starts(silenced)).toEqual(["2"]);
});

test("the hash covers model, dimensions and text", async () => {
  const text = turnText(talk);
  const hashes = await Promise.all([
    textHashOf(space, text),
    textHashOf({ ...space, model: "n" }, text),
    textHashOf({ ...space, dimensions: 4 }, text),
    textHashOf(space, `${text}.`),
  ]);
  expect(new Set(hashes).size).toBe(4);
  expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
});
