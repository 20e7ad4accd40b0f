import { setTimeout as pause } from "node:timers/promises";
import { startServer, withDataFile } from "../local/trials/server.ts";
import { isSound } from "../local/trials/crash.ts";
import { oneOf, seeded } from "../bench/random.ts";
import {
  answer,
  respond,
  startProvider,
  type Fault,
  type Provider,
} from "../e2e/embedding/server.fixture.ts";
import { act, type Load } from "./actions.ts";
import { Client } from "./client.ts";
import { Model } from "./model.ts";
import { verify, type Verdict } from "./verify.ts";

type SoakOptions = {
  /** When it ends: a test counts actions, so that a slow machine does as much as a fast one. */
  amount: { seconds: number } | { actions: number };
  /** How many times the process is killed meanwhile. */
  kills: number;
  /** Clients at once. */
  clients: number;
  seed: number;
};

type SoakReport = Verdict & {
  /** Answers that should never be given, whatever breaks. */
  wrong: string[];
  isSound: boolean;
  messages: number;
  acknowledged: number;
  embeddingRequests: number;
  tally: Record<string, number>;
};

/** Whether nothing was lost, doubled, damaged, miscounted, misfound or answered wrongly. */
export function isGood({
  lost,
  doubled,
  damaged,
  miscounted,
  misfound,
  wrong,
  isSound,
}: SoakReport) {
  return (
    isSound &&
    [lost, doubled, damaged, miscounted, misfound, wrong].every((list) => list.length === 0)
  );
}

/**
 * Mixed load on a server that is killed at random and started again, with a provider of embeddings
 * that fails and clients that hang up; in the end everything is compared with a model.
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  return await withDataFile((data) => soakOn(data, options));
}

async function soakOn(data: string, options: SoakOptions): Promise<SoakReport> {
  const { amount, kills, clients, seed } = options;
  const random = seeded(seed);
  const provider = await startProvider();
  const env = { OPENAI_API_KEY: "sk-soak", OPENAI_BASE_URL: provider.url };
  const client = new Client();
  const load: Load = { client, model: new Model(), random, wrong: [], tally: new Map(), made: 0 };
  const start = Date.now();
  let done = 0;
  /** From 0 to 1. */
  const progress = () =>
    "actions" in amount ? done / amount.actions : (Date.now() - start) / (amount.seconds * 1_000);
  misbehave(provider, random);
  client.server = await startServer(data, ["--openai", "--strict"], env);
  try {
    const worker = async () => {
      for (; progress() < 1; done++) await act(load);
    };
    const workers = Promise.all(Array.from({ length: clients }, worker));
    for (let kill = 1; kill <= kills; kill++) {
      while (progress() < kill / (kills + 1)) await pause(random() * 20);
      const { server } = client;
      client.server = null;
      await server?.end("SIGKILL");
      client.server = await startServer(data, ["--openai", "--strict"], env);
    }
    await workers;
    delete provider.always;
    const verdict = await verify(client, load.model);
    await client.server.end("SIGTERM");
    return {
      ...verdict,
      wrong: load.wrong,
      isSound: isSound(data),
      messages: load.model.size,
      acknowledged: load.model.acknowledged,
      embeddingRequests: provider.requests.length,
      tally: Object.fromEntries(load.tally),
    };
  } finally {
    await client.server?.end("SIGKILL");
    await provider.close();
  }
}

/** One request in four fails: an error, a refusal, nonsense, or no answer at all. */
function misbehave(provider: Provider, random: () => number): void {
  const faults: Fault[] = [
    respond(500, { error: { message: "down" } }),
    respond(429, { error: { message: "slow down" } }, { "retry-after": "1" }),
    respond(200, "this is no JSON"),
    (response) => void response.destroy(),
  ];
  const well: Fault = (response, { input, dimensions }) =>
    respond(200, answer(input, dimensions))(response, { input, model: "" });
  provider.always = (response, request) => {
    const behave = random() < 0.25 ? oneOf(faults, random) : well;
    behave(response, request);
  };
}
