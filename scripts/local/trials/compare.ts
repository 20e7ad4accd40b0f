import { statSync } from "node:fs";
import { resolve } from "node:path";
import { readArguments, runCommand, wholeNumber } from "../console/commandLine.ts";
import { message } from "./corpus.ts";
import { LightClient } from "./lightClient.ts";
import { memoryOf, processorMs, startServer, withDataFile, type ServerProcess } from "./server.ts";

/**
 * `npm run bench:engine`: requests per second, latency and CPU per request of this checkout and of another one.
 * The two alternate, so that other load on the machine affects both.
 */
const USAGE = `npm run bench:engine -- [options]
  --against <folder>  another checkout to compare with (git worktree add <folder> <commit>)
  --clients 1,8,32    numbers of clients
  --requests <n>      requests of each kind and number of clients (default 400)
  --warm-up <n>       requests of each kind before those that are measured (default 3000): V8 compiles for the
                      first minutes of a server, on other threads and at a third of the cost of a request
  --rounds <n>        rounds over both checkouts (default 2)`;

const BATCH = 100;
/** More than results are kept (`functions/queryCache.ts`). */
const SESSIONS = 150;
const LATER = Date.UTC(2100, 0, 1);
interface Kind {
  name: string;
  /** Share of requests to send, relative to messages: fewer for slow requests. */
  share: number;
  send(client: Client): Promise<void>;
}

class Client {
  sent = 0;
  asked = 0;
  readonly #light: LightClient;

  constructor(
    readonly server: ServerProcess,
    connections: number,
  ) {
    this.#light = new LightClient(server, connections);
  }

  ask(path: string, body?: unknown): Promise<void> {
    return this.#light.ask(path, body);
  }

  next() {
    return message(this.sent++);
  }

  close(): void {
    this.#light.close();
  }
}

const KINDS: Kind[] = [
  { name: "message", share: 1, send: (client) => client.ask("/sync/message", client.next()) },
  {
    name: `batch of ${BATCH}`,
    share: 0.05,
    send: (client) => {
      const messages = Array.from({ length: BATCH }, () => client.next());
      return client.ask("/sync/batch", { sessions: [], messages });
    },
  },
  { name: "list of 10", share: 1, send: (client) => client.ask("/api/sessions?limit=10") },
  { name: "page of 100", share: 0.2, send: (client) => client.ask("/api/sessions/session-1") },
  {
    name: "search",
    share: 0.2,
    send: (client) => client.ask("/search", { query: "retry upload limit", type: "fulltext" }),
  },
  // The same without results that are kept: each asks for something else.
  {
    name: "list, new",
    share: 1,
    send: (client) => client.ask(`/api/sessions?limit=10&to=${LATER + client.asked++}`),
  },
  {
    name: "page, new",
    share: 0.2,
    send: (client) => client.ask(`/api/sessions/session-${client.asked++ % SESSIONS}`),
  },
  {
    name: "search, new",
    share: 0.2,
    send: (client) =>
      client.ask("/search", { query: `retry upload ${client.asked++}`, type: "fulltext" }),
  },
];

interface Figures {
  perSecond: number;
  medianMs: number;
  cpuMs: number;
}

async function measure(
  client: Client,
  kind: Kind,
  clients: number,
  requests: number,
): Promise<Figures> {
  const times: number[] = [];
  let left = requests;
  const cpu = processorMs(client.server.pid);
  const start = performance.now();
  const worker = async () => {
    while (left-- > 0) {
      const began = performance.now();
      await kind.send(client);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: clients }, worker));
  const seconds = (performance.now() - start) / 1000;
  times.sort((a, b) => a - b);
  return {
    perSecond: requests / seconds,
    medianMs: times[Math.floor(times.length / 2)] ?? 0,
    cpuMs: (processorMs(client.server.pid) - cpu) / requests,
  };
}

interface Run {
  figures: Map<string, Figures>;
  memoryMb: number;
  fileMb: number;
}

interface Load {
  clients: number[];
  requests: number;
  warmUp: number;
}

async function run(main: string | undefined, { clients, requests, warmUp }: Load): Promise<Run> {
  return await withDataFile(async (data) => {
    const program = main === undefined ? {} : { main };
    const server = await startServer(data, ["--no-embeddings"], {}, program);
    const client = new Client(server, Math.max(4, ...clients));
    try {
      const figures = new Map<string, Figures>();
      for (const kind of KINDS) await measure(client, kind, 4, Math.ceil(warmUp * kind.share));
      for (const kind of KINDS)
        for (const n of clients) {
          const count = Math.ceil(requests * kind.share);
          figures.set(
            `${kind.name}, ${n} client${n === 1 ? "" : "s"}`,
            await measure(client, kind, n, count),
          );
        }
      const memoryMb = memoryOf(server.pid)?.peak ?? 0;
      await server.end("SIGTERM");
      return { figures, memoryMb, fileMb: statSync(data).size / 1e6 };
    } finally {
      client.close();
      await server.end("SIGKILL");
    }
  });
}

/** The best of several rounds, in which other load on the machine had the least effect. */
function best(runs: Run[], name: string): Figures {
  const all = runs.map(({ figures }) => figures.get(name)).filter((one) => one !== undefined);
  return {
    perSecond: Math.max(...all.map(({ perSecond }) => perSecond)),
    medianMs: Math.min(...all.map(({ medianMs }) => medianMs)),
    cpuMs: Math.min(...all.map(({ cpuMs }) => cpuMs)),
  };
}

function line({ perSecond, medianMs, cpuMs }: Figures): string {
  return `${perSecond.toFixed(0).padStart(6)}/s ${medianMs.toFixed(1).padStart(8)} ms ${cpuMs.toFixed(2).padStart(7)} ms CPU`;
}

function print(names: string[], mine: Run[], theirs: Run[]): void {
  for (const name of names) {
    const after = best(mine, name);
    const before = theirs.length > 0 ? best(theirs, name) : null;
    const ratios =
      before === null
        ? ""
        : `   before ${line(before)}   ${(after.perSecond / before.perSecond).toFixed(2)}x, CPU ${(after.cpuMs / before.cpuMs).toFixed(2)}x`;
    console.log(`${name.padEnd(24)} ${line(after)}${ratios}`);
  }
  const size = (runs: Run[]) =>
    runs.map(({ memoryMb, fileMb }) => `${memoryMb.toFixed(0)} MB, file ${fileMb.toFixed(1)} MB`);
  console.log(`memory   ${size(mine).join("; ")}   before ${size(theirs).join("; ")}`);
}

async function main(args: string[]): Promise<void> {
  const { values } = readArguments({
    args,
    options: {
      against: { type: "string" },
      clients: { type: "string", default: "1,8,32" },
      requests: { type: "string", default: "400" },
      "warm-up": { type: "string", default: "3000" },
      rounds: { type: "string", default: "2" },
    },
  });
  const clients = values.clients.split(",").map((text) => wholeNumber("--clients", text));
  const requests = wholeNumber("--requests", values.requests);
  const load = { clients, requests, warmUp: wholeNumber("--warm-up", values["warm-up"]) };
  const mine: Run[] = [];
  const theirs: Run[] = [];
  for (let round = 0; round < wholeNumber("--rounds", values.rounds); round++) {
    if (values.against !== undefined)
      theirs.push(await run(resolve(values.against, "scripts/local/main.ts"), load));
    mine.push(await run(undefined, load));
  }
  print([...(mine[0]?.figures.keys() ?? [])], mine, theirs);
}

await runCommand(USAGE, main);
