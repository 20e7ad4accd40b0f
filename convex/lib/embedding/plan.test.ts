import { describe, expect, test } from "vitest";
import { planEmbeddings, type Stretch } from "./plan";
import { unitText, type UnitMessage } from "./units";
import { textHashOf } from "./vectorSpace";

const space = { model: "m", dimensions: 3 };
const message = (key: string, role: string, text: string, embeddedHash?: string): UnitMessage => ({
  id: key,
  role,
  orderKey: key,
  text,
  embeddedHash,
});
const plan = (messages: UnitMessage[], how: Partial<Stretch<UnitMessage>> = {}) =>
  planEmbeddings(space, { messages, isEnd: true, hasMore: false, isQuiet: true, ...how });
const starts = ({ units }: Awaited<ReturnType<typeof plan>>) => units.map((unit) => unit.first.id);

/** What a run leaves behind: each unit's hash on its first message. */
async function embedded(messages: UnitMessage[]): Promise<UnitMessage[]> {
  const { units } = await plan(messages);
  const hashes = new Map(units.map((unit) => [unit.first.id, unit.textHash]));
  return messages.map((one) => ({ ...one, embeddedHash: hashes.get(one.id) ?? one.embeddedHash }));
}

const talk = [
  message("1", "user", "why is it so?"),
  message("2", "assistant", "let me see"),
  message("3", "assistant", "because"),
  message("4", "user", "thank you very much"),
];

describe("what must be embedded", () => {
  test("is every unit once, and then nothing", async () => {
    expect(starts(await plan(talk))).toEqual(["1", "4"]);
    expect(await plan(await embedded(talk))).toMatchObject({ units: [], removed: [], rest: null });
  });

  test("is only the unit whose text changed", async () => {
    const [a, b, c, d] = await embedded(talk);
    const rewritten = await plan([a!, b!, { ...c!, text: "because of that" }, d!]);
    expect(starts(rewritten)).toEqual(["1"]);
  });

  test("is not yet a run that may still grow", async () => {
    const growing = await plan(talk.slice(0, 3), { isQuiet: false });
    expect(starts(growing)).toEqual([]);
    expect(growing).toMatchObject({ rest: "1", isWaiting: true });
    const rested = await plan(talk.slice(0, 3), { isQuiet: true });
    expect(starts(rested)).toEqual(["1"]);
    expect(rested).toMatchObject({ rest: null, isWaiting: false });
  });

  test("is only what came after, when a run goes on after it was embedded", async () => {
    const run = await embedded(talk.slice(0, 3));
    const more = await plan([...run, message("5", "assistant", "and that as well")]);
    expect(starts(more)).toEqual(["5"]);
    expect(more.units[0]?.chunks).toEqual(["and that as well"]);
  });

  test("is the whole run again, when its beginning changed", async () => {
    const [, b, c] = await embedded(talk.slice(0, 3));
    const again = await plan([{ ...b!, text: "let me look" }, c!]);
    expect(again.units[0]?.chunks).toEqual(["let me look\n\nbecause"]);
  });

  test("is everything again under another model", async () => {
    const other = { ...space, model: "n" };
    const stretch = { messages: await embedded(talk), isEnd: true, hasMore: false, isQuiet: true };
    expect((await planEmbeddings(other, stretch)).units).toHaveLength(2);
  });
});

describe("a stretch that was not read to its end", () => {
  test("leaves its last run to the next one", async () => {
    const first = await plan(talk, { hasMore: true, isEnd: false });
    expect(starts(first)).toEqual(["1"]);
    expect(first).toMatchObject({ rest: "4", isWaiting: false });
  });

  test("always moves on, even when it is one run, or nothing to embed at all", async () => {
    const run = await plan(talk.slice(1, 3), { hasMore: true, isEnd: false });
    expect(starts(run)).toEqual(["2"]);
    expect(run.rest! > "3" && run.rest! < "4").toBe(true);
    const system = await plan([message("1", "system", "be nice")], { hasMore: true, isEnd: false });
    expect(system.rest! > "1").toBe(true);
  });
});

test("vectors go when no unit starts with their message any more", async () => {
  const [a, b, c, d] = await embedded(talk);
  const silenced = await plan([{ ...a!, text: "", role: "system" }, b!, c!, d!]);
  expect(silenced.removed.map((one) => one.id)).toEqual(["1"]);
  expect(starts(silenced)).toEqual(["2"]);
});

test("a hash covers model, dimensions and text", async () => {
  const text = unitText(talk);
  const hashes = await Promise.all([
    textHashOf(space, text),
    textHashOf({ ...space, model: "n" }, text),
    textHashOf({ ...space, dimensions: 4 }, text),
    textHashOf(space, `${text}.`),
  ]);
  expect(new Set(hashes).size).toBe(4);
  expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
});
