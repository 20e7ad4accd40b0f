import { Clock } from "../local/clock.ts";
import { startEmbeddings } from "../local/embeddings/server.ts";
import { startTestEngine, type TestEngine } from "../local/testing.ts";
import { liveTurn, pastMessages, pastSession, todaysSession, type Step } from "./payloads.ts";

/** A deployment with a history, and one user who accesses it over HTTP. */
export type World = {
  engine: TestEngine;
  /** The size of the history, as a multiple of the smallest one. */
  scale: number;
  key: string;
  /** Bytes of request and answer bodies since `takeTraffic`. */
  traffic: Traffic;
  /** Texts sent to be embedded, by request. */
  embedded: string[][];
  /** Sends a body, or a GET request without one; throws on any status except 200, and if a tool of MCP failed. */
  send: (path: string, body?: object) => Promise<unknown>;
  /** Returns a number that was not returned before, for ids. */
  fresh: () => number;
  stop: () => Promise<void>;
};

type Traffic = { bytesSent: number; bytesReturned: number };

/**
 * The smallest history: enough sessions and messages to fill every page and candidate list, and so many sessions
 * that the hits of a search rarely belong to the same one, as in a larger history.
 */
const PAST_SESSIONS = 200;
/** Messages of each past session. */
export const PAST_MESSAGES = 4;
/** Sessions on the day of the workload, each of a different project or model, the same at every scale. */
const TODAYS_SESSIONS = 8;
/** Turns of the live session. */
const LIVE_TURNS = 24;
/** Messages of one back-fill request. */
export const BATCH = 100;

/** External id of the live session. */
export const LIVE = "live";
const liveTurns = (scale: number) => LIVE_TURNS * scale;

/** Starts a deployment with `scale` times the smallest history, with or without an embedding provider. */
export async function startWorld(
  scale: number,
  { embeddings }: { embeddings: boolean },
): Promise<World> {
  const embedded: string[][] = [];
  const provider = embeddings ? await startEmbeddings((texts) => embedded.push(texts)) : null;
  const env = provider ? { OPENAI_API_KEY: provider.key, OPENAI_BASE_URL: provider.url } : {};
  const engine = await startTestEngine({
    embeddings: false,
    env,
    clock: standingClock(),
    // The history is stored as fast as the machine can.
    limits: { mode: "enforce", writeBytesPerSecond: Infinity },
  });
  const { apiKey: key } = await engine.createUser();
  let given = 0;
  const world: World = {
    engine,
    scale,
    key,
    traffic: { bytesSent: 0, bytesReturned: 0 },
    embedded,
    send: (path, body) => send(world, path, body),
    fresh: () => ++given,
    stop: async () => {
      await engine.stop();
      await provider?.stop();
    },
  };
  await fill(world);
  await engine.settle();
  return world;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * A clock that stands still at the start of tomorrow in UTC, and moves only when a job is waited for. On a running
 * one a slow machine would cut a burst in two, and a bench at night would count a session of two days.
 */
const standingClock = (): Clock => new Clock(true, (Math.floor(Date.now() / DAY_MS) + 1) * DAY_MS);

/** What clients of MCP accept, and all other answers are. */
const ACCEPT = "application/json, text/event-stream";

async function send({ engine, key, traffic }: World, path: string, body?: object) {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const headers = { Accept: ACCEPT, ...(json && { "Content-Type": "application/json" }) };
  const init = json === undefined ? {} : { method: "POST", body: json };
  const answer = await engine.request(path, { key, headers, ...init });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${text}`);
  traffic.bytesSent += Buffer.byteLength(json ?? "");
  traffic.bytesReturned += Buffer.byteLength(text);
  if (!isJson(answer)) return text;
  const value = JSON.parse(text) as { error?: object; result?: { isError?: boolean } };
  if (path === "/mcp" && (value.error !== undefined || value.result?.isError === true)) {
    throw new Error(`A tool failed: ${text}`);
  }
  return value;
}

const isJson = (answer: Response) =>
  /^application\/json(;|$)/.test(answer.headers.get("Content-Type") ?? "");

/** Stores the history, as a back-fill does. */
async function fill(world: World): Promise<void> {
  const past = Array.from({ length: PAST_SESSIONS * world.scale }, (_, n) => pastSession(n));
  for (let at = 0; at < past.length; at += BATCH / PAST_MESSAGES) {
    const sessions = past.slice(at, at + BATCH / PAST_MESSAGES);
    const messages = sessions.flatMap((session) => pastMessages(session, 0, PAST_MESSAGES));
    await world.send("/sync/batch", { sessions, messages });
  }
  // So that sessions change in the same order in a small history, which is stored before a refresh is due.
  await world.engine.settle();
  const today = Array.from({ length: TODAYS_SESSIONS }, (_, index) => todaysSession(index));
  await world.send("/sync/batch", { sessions: today });
  const steps: Step[] = [];
  for (let turn = 0; turn < liveTurns(world.scale); turn++) steps.push(...liveTurn(LIVE, turn));
  const bodies = steps.filter(({ path }) => path === "/sync/message").map(({ body }) => body);
  for (let at = 0; at < bodies.length; at += BATCH) {
    await world.send("/sync/batch", { messages: bodies.slice(at, at + BATCH) });
  }
  const last = steps.filter(({ path }) => path === "/sync/session").pop();
  if (last) await world.send(last.path, last.body);
}
