import { memoryOf, startServer, withDataFile, type ServerProcess } from "../local/trials/server.ts";
import { liveTurn, pastMessages, pastSession } from "./payloads.ts";

/** How fast the local engine answers a mix of requests from several concurrent clients. */
type Load = {
  clients: number;
  requests: number;
  requestsPerSecond: number;
  medianMs: number;
  p95Ms: number;
};

type Request = { path: string; body?: unknown };

/** The requests that a client repeats: a turn of a session, a small back-fill, and some reads. */
function round(client: number, n: number): Request[] {
  const session = `load-${client}-${n % 10}`;
  const past = pastSession(client * 100 + n);
  return [
    ...liveTurn(session, n),
    { path: "/sync/batch", body: { sessions: [past], messages: pastMessages(past, 0, 20) } },
    { path: "/api/sessions?limit=10" },
    { path: `/api/sessions/${session}` },
  ];
}

/** Runs each number of clients for a number of seconds, one after the other, each on a new server. */
export async function runLoad(clientCounts: readonly number[], seconds: number) {
  return await withDataFile(async (data) => {
    const server = await startServer(data);
    try {
      const loads: Load[] = [];
      for (const clients of clientCounts) loads.push(await runClients(server, clients, seconds));
      return { loads, peakMemoryMb: memoryOf(server.pid)?.peak ?? null };
    } finally {
      await server.end("SIGTERM");
    }
  });
}

async function runClients(server: ServerProcess, clients: number, seconds: number): Promise<Load> {
  const times: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1_000;
  const client = async (id: number) => {
    for (let n = 0; performance.now() < end; n++) {
      for (const request of round(clients * 1_000 + id, n)) times.push(await send(server, request));
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, id) => client(id)));
  const took = (performance.now() - start) / 1_000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return {
    clients,
    requests: times.length,
    requestsPerSecond: times.length / took,
    medianMs: at(0.5),
    p95Ms: at(0.95),
  };
}

async function send({ url, key }: ServerProcess, { path, body }: Request): Promise<number> {
  const start = performance.now();
  const answer = await fetch(url + path, {
    headers: { Authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${text}`);
  return performance.now() - start;
}
