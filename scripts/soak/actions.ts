import { setTimeout as pause } from "node:timers/promises";
import { oneOf } from "../bench/random.ts";
import type { Client } from "./client.ts";
import type { Delivery, Model } from "./model.ts";

/** What clients do, all at once, while things break. */
export type Load = {
  client: Client;
  model: Model;
  random: () => number;
  /** Answers that should never be given, whatever breaks. */
  wrong: string[];
  tally: Map<string, number>;
  /** Messages made so far. */
  made: number;
};

const SESSIONS = 40;
/** One request in so many is given up by its client before the answer comes. */
const HANG_UP_EVERY = 25;
/** Longer than the server takes over what it had begun. */
const GIVEN_UP_MS = 1_000;
const WORDS = "cache query index token session deploy queue worker schema route layout test".split(
  " ",
);

const sessionOf = (n: number) => `soak-${n % SESSIONS}`;
export const sessionIds = Array.from({ length: SESSIONS }, (_, n) => sessionOf(n));

/** The word by which a message is found: no other has it. */
export const needleOf = (externalId: string) => `needle${externalId.replace(/\D/g, "")}x`;

function newDelivery({ random }: Load, n: number, revision = 0): Delivery {
  const externalId = `m${n}`;
  const words = Array.from({ length: 20 }, () => oneOf(WORDS, random));
  const text = `${needleOf(externalId)} revision ${revision} ${words.join(" ")}`;
  return {
    sessionExternalId: sessionOf(n),
    externalId,
    role: n % 2 === 0 ? "user" : "assistant",
    textContent: text,
    promptTokens: Math.floor(random() * 1_000),
    completionTokens: Math.floor(random() * 1_000),
    createdAt: Date.UTC(2026, 5, 1 + (n % SESSIONS)) + n * 10,
    parts: [{ type: "tool-call", content: { toolName: "Echo", args: { text, $n: n } } }],
  };
}

function count({ tally }: Load, what: string): void {
  tally.set(what, (tally.get(what) ?? 0) + 1);
}

/** Sends deliveries in one request; a batch names its session too, and holds some of them twice. */
async function deliver(load: Load, deliveries: Delivery[]): Promise<void> {
  const { client, model, random, wrong } = load;
  const hangsUp = Math.floor(random() * HANG_UP_EVERY) === 0;
  const signal = hangsUp ? AbortSignal.timeout(Math.floor(random() * 20)) : undefined;
  const [only] = deliveries;
  model.begin(deliveries);
  const answer =
    deliveries.length === 1
      ? await client.request("/sync/message", only, signal)
      : await client.request("/sync/batch", { messages: [...deliveries, ...deliveries] }, signal);
  // What its client gave up may still be under way: nothing else of these messages until it has ended.
  if (answer === null && hangsUp) await pause(GIVEN_UP_MS);
  model.end(deliveries, answer?.status === 200);
  if (answer === null) count(load, hangsUp ? "hung up" : "cut off");
  else if (answer.status !== 200) wrong.push(`sync answered ${JSON.stringify(answer)}`);
}

const sendNew = async (load: Load) => {
  await deliver(load, [newDelivery(load, load.made++)]);
};

/** Twenty new messages, not in the order in which they were said. */
const sendBatch = async (load: Load) => {
  const batch = Array.from({ length: 20 }, () => newDelivery(load, load.made++));
  await deliver(
    load,
    batch.sort(() => load.random() - 0.5),
  );
};

const sendAgain = async (load: Load) => {
  const known = load.model.some(load.random);
  if (known) await deliver(load, [known]);
};

/** Another state of a known message: the newest wins. */
const rewrite = async (load: Load) => {
  const known = load.model.some(load.random);
  if (known === undefined) return;
  const n = Number(known.externalId.slice(1));
  await deliver(load, [newDelivery(load, n, 1 + Math.floor(load.random() * 1_000))]);
};

const describeSession = async ({ client, random, wrong }: Load) => {
  const n = Math.floor(random() * SESSIONS);
  const body = { externalId: sessionOf(n), source: "claude-code", title: `Soak session ${n}` };
  const answer = await client.request("/sync/session", body);
  if (answer !== null && answer.status !== 200) wrong.push(JSON.stringify(answer));
};

/** Reading may find anything while things change, but must answer. */
const ask = (path: (random: () => number) => string, body?: (random: () => number) => unknown) => {
  return async ({ client, random, wrong }: Load) => {
    const where = path(random);
    const answer = await client.request(where, body?.(random));
    if (answer !== null && answer.status !== 200) wrong.push(`${where} ${JSON.stringify(answer)}`);
  };
};

const list = ask(() => "/api/sessions?limit=20");
const read = async (load: Load) => {
  const answer = await load.client.request(`/api/sessions/${oneOf(sessionIds, load.random)}`);
  // A session that nothing was sent to yet is not found.
  if (answer !== null && answer.status !== 200 && answer.status !== 404)
    load.wrong.push(`read ${JSON.stringify(answer)}`);
};
const search = (type: "fulltext" | "hybrid") =>
  ask(
    () => "/search",
    (random) => ({ query: oneOf(WORDS, random), type, limit: 5 }),
  );

/** Actions with their share of a hundred. */
const MIX: readonly [number, string, (load: Load) => Promise<void>][] = [
  [45, "message", sendNew],
  [12, "message again", sendAgain],
  [8, "message rewritten", rewrite],
  [5, "batch", sendBatch],
  [8, "session", describeSession],
  [6, "list", list],
  [8, "read", read],
  [4, "full-text search", search("fulltext")],
  [4, "hybrid search", search("hybrid")],
];

/** One action, by chance. */
export async function act(load: Load): Promise<void> {
  let at = load.random() * 100;
  for (const [share, name, run] of MIX) {
    at -= share;
    if (at >= 0) continue;
    count(load, name);
    await run(load);
    return;
  }
}
