import { ConvexClient, type ConvexClientOptions } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { WebSocket, type ClientOptions } from "ws";
import type { CallRecord } from "../callRecord.ts";
import { startTestEngine, type TestEngine } from "../testing.ts";
import { decodeTimestamp, encodeTimestamp } from "./protocol.ts";

export const functions = fileURLToPath(new URL("../fixture/functions", import.meta.url));

type Args = Record<string, unknown>;
export const query = (path: string) => makeFunctionReference<"query", Args>(path);
export const mutation = (path: string) => makeFunctionReference<"mutation", Args>(path);
export const action = (path: string) => makeFunctionReference<"action", Args>(path);

/** A subscription of a client, with everything that it received. */
export interface Watch {
  values: unknown[];
  errors: Error[];
  stop: () => void;
}

/** A client of the `convex` package whose functions are named by their paths. */
export interface TestClient {
  client: ConvexClient;
  watch(path: string, args?: Args): Watch;
  mutate(path: string, args?: Args): Promise<unknown>;
  act(path: string, args?: Args): Promise<unknown>;
}

const clients: ConvexClient[] = [];

/** Connects a client; `closeClients` closes it. */
export function connect(url: string, options: ConvexClientOptions = {}): TestClient {
  const client = new ConvexClient(url, { logger: false, ...options });
  clients.push(client);
  return {
    client,
    watch: (path, args = {}) => {
      const values: unknown[] = [];
      const errors: Error[] = [];
      const stop = client.onUpdate(
        query(path),
        args,
        (value) => values.push(value),
        (error) => errors.push(error),
      );
      return { values, errors, stop };
    },
    mutate: (path, args = {}) => client.mutation(mutation(path), args),
    act: (path, args = {}) => client.action(action(path), args),
  };
}

export async function closeClients(): Promise<void> {
  await Promise.all(clients.splice(0).map((client) => client.close()));
}

/** Counts the calls of functions by name, from its creation until `stop`. */
export class CallCounter {
  readonly #calls: CallRecord[] = [];
  readonly stop: () => void;

  constructor(engine: TestEngine) {
    this.stop = engine.onCall((call) => this.#calls.push(call));
  }

  of(path: string): number {
    return this.#calls.filter(({ name, isNested }) => name === path && !isNested).length;
  }

  /** Number of queries, without nested ones. */
  get queries(): number {
    return this.#calls.filter(({ type, isNested }) => type === "query" && !isNested).length;
  }
}

/** Signs tokens that the fixture's `auth.config.ts` accepts. */
export async function newSigner() {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" }];
  return {
    env: {
      FIXTURE_JWKS: `data:application/json,${encodeURIComponent(JSON.stringify({ keys }))}`,
    },
    /** Signs a token. `exp` is a duration, or seconds since 1970; `n` makes the token differ from others. */
    sign: (subject: string, { exp = "1h", n = 0 }: { exp?: string | number; n?: number } = {}) =>
      new SignJWT({ n })
        .setProtectedHeader({ alg: "ES256", kid: "k1" })
        .setSubject(subject)
        .setIssuer("https://issuer.example")
        .setAudience("fixture")
        .setIssuedAt()
        .setExpirationTime(exp)
        .sign(privateKey),
  };
}

export async function startLive(
  options: Parameters<typeof startTestEngine>[0] = {},
): Promise<TestEngine> {
  return await startTestEngine({ functions, ...options });
}

export interface ServerMessage {
  type: string;
  requestId?: number;
  success?: boolean;
  result?: unknown;
  error?: string;
  ts?: string;
  startVersion?: { querySet: number; identity: number; ts: string };
  endVersion?: { querySet: number; identity: number; ts: string };
  modifications?: { type: string; queryId: number; value?: unknown; journal?: string | null }[];
  [field: string]: unknown;
}

/** A client that sends and receives raw messages of the protocol. */
export class RawClient {
  readonly received: ServerMessage[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly socket: WebSocket;
  #querySet = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => {
      this.received.push(JSON.parse(data.toString()) as ServerMessage);
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  static async open(
    url: string,
    path = "/api/1.48.0/sync",
    options: ClientOptions = {},
  ): Promise<RawClient> {
    const socket = new WebSocket(url.replace("http", "ws") + path, options);
    const client = new RawClient(socket);
    await once(socket, "open");
    return client;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  connect(sessionId: string, more: object = {}): void {
    const first = { connectionCount: 0, lastCloseReason: "InitialConnect", clientTs: Date.now() };
    this.send({ type: "Connect", sessionId, ...first, ...more });
  }

  modify(...modifications: object[]): void {
    const baseVersion = this.#querySet++;
    const newVersion = this.#querySet;
    this.send({ type: "ModifyQuerySet", baseVersion, newVersion, modifications });
  }

  add(queryId: number, udfPath: string, args: object = {}, more: object = {}): void {
    this.modify({ type: "Add", queryId, udfPath, args: [args], ...more });
  }

  mutate(requestId: number, udfPath: string, args: object = {}): void {
    this.send({ type: "Mutation", requestId, udfPath, args: [args] });
  }

  of(type: string): ServerMessage[] {
    return this.received.filter((message) => message.type === type);
  }

  get transitions(): ServerMessage[] {
    return this.of("Transition");
  }
}

/** The timestamp of a message's version. */
export const timeOf = (version: { ts: string } | undefined): bigint =>
  decodeTimestamp(version?.ts ?? encodeTimestamp(0n));
