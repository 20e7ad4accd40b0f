import { startTestEngine } from "../../local/testing.ts";

/** Two users' hooks while a third user's history is filled in, on the limits of a deployment. */

/** What one trial sends, and how. */
export type Load = {
  /** Bytes of history in all, and in one request. */
  historyBytes: number;
  requestBytes: number;
  /** Pause of each hook user between two messages. */
  hookEveryMs: number;
};

/** How requests of one kind ended. */
export type Tally = { sent: number; refused: string[]; slowestMs: number };

export type Outcome = { hooks: Tally; backfill: Tally; messagesStored: number; seconds: number };

const MESSAGE_CHARACTERS = 2_000;
const WORDS =
  "cache query index token session deploy queue worker schema route handler retry".split(" ");

/** Text of one message; no two are equal, because an equal one would be skipped. */
function text(n: number): string {
  let words = `message ${n}:`;
  for (let i = 0; words.length < MESSAGE_CHARACTERS; i++) {
    words += ` ${WORDS[(n * 7 + i * (1 + (n % 5))) % WORDS.length] ?? ""}${(n + i) % 97}`;
  }
  return words;
}

/** Messages of a session of the history, the first of them being the n-th of all. */
function history(session: string, n: number, count: number) {
  return Array.from({ length: count }, (_, index) => ({
    ...{ sessionExternalId: session, externalId: `${session}-${index}` },
    ...{ role: index % 2 === 0 ? "user" : "assistant", textContent: text(n + index) },
  }));
}

function newTally(): Tally {
  return { sent: 0, refused: [], slowestMs: 0 };
}

/** Plays the load; a plugin never sends again what was refused, so neither does this. */
export async function playBackfill(load: Load): Promise<Outcome> {
  const engine = await startTestEngine({
    embeddings: false,
    env: { RATE_LIMIT_SYNC: "off" },
    limits: { mode: "enforce" },
  });
  const post = async (tally: Tally, key: string, path: string, json: unknown) => {
    const began = performance.now();
    const answer = await engine.request(path, { key, json });
    const body = await answer.text();
    tally.sent += 1;
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - began);
    if (answer.status !== 200) tally.refused.push(`${answer.status} ${body.slice(0, 200)}`);
  };
  const began = performance.now();
  const hooks = newTally();
  const backfill = newTally();
  let isFilling = true;
  let stored = 0;
  const hook = async (name: string) => {
    const { apiKey } = await engine.createUser(`${name}@example.com`);
    for (let n = 0; isFilling; n++) {
      const role = n % 2 === 0 ? "user" : "assistant";
      const message = { sessionExternalId: name, externalId: `${name}-${n}`, role };
      await post(hooks, apiKey, "/sync/message", { ...message, textContent: text(n) });
      await new Promise((resolve) => setTimeout(resolve, load.hookEveryMs));
    }
  };
  const fill = async () => {
    const { apiKey } = await engine.createUser("history@example.com");
    const perRequest = Math.floor(load.requestBytes / (MESSAGE_CHARACTERS + 100));
    const requests = Math.ceil(load.historyBytes / load.requestBytes);
    for (let request = 0; request < requests; request++) {
      const session = `history-${request}`;
      const messages = history(session, request * perRequest, perRequest);
      await post(backfill, apiKey, "/sync/batch", { messages });
      stored += perRequest;
    }
    isFilling = false;
  };
  try {
    await Promise.all([hook("ada"), hook("bob"), fill()]);
  } finally {
    isFilling = false;
    await engine.stop();
  }
  const seconds = (performance.now() - began) / 1_000;
  return { hooks, backfill, messagesStored: stored, seconds };
}
