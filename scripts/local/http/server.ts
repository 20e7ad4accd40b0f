import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { newTrace, type Trace } from "../callRecord.ts";
import { totalsOf } from "../meter.ts";
import type { Engine } from "../runtime.ts";
import { StartError } from "../failures.ts";
import { randomName } from "../values/ids.ts";
import { answerOf, type Answer } from "./answers.ts";
import { serveHttpAction, type ServedEngine } from "./serveActions.ts";
import { isClientApi, serveClientApi } from "./clientApi.ts";
import { isFileRequest, serveFile } from "./files.ts";
import {
  announcesTooMuch,
  BodyTooLargeError,
  incoming,
  MAX_BODY_BYTES,
  sendAnswer,
  toRequest,
  type Incoming,
} from "./messages.ts";
import {
  enforceClientTimeouts,
  CLIENT_TIMEOUTS,
  type Exchange,
  type ClientTimeouts,
} from "./clientTimeouts.ts";
import { routeUpgrades, type AcceptUpgrade } from "./upgrades.ts";
import { answerUnparsed, FAILED, refuse, refuseMethod, TOO_LARGE } from "./refusals.ts";

/** One answered request, as the console prints it. */
export interface RequestLine {
  method: string;
  path: string;
  status: number;
  ms: number;
  functionCalls: number;
}

interface ServerOptions {
  host: string;
  port: number;
  /** Routes of the engine itself by their paths, which take precedence (such as the admin route). */
  routes: ReadonlyMap<string, (request: Request) => Promise<Response>>;
  /** Takes over connections that become WebSockets. */
  acceptUpgrade: AcceptUpgrade;
  clientTimeouts?: ClientTimeouts | undefined;
  onRequest?: ((line: RequestLine) => void) | undefined;
}

function tokenOf(authorization: string | null): string | null {
  return authorization === null ? null : (authorization.split(" ")[1] ?? null);
}

/** The values of a header, whose name is in lower case, as a web `Request` joins them; null if there are none. */
function headerOf({ headers }: Incoming, name: string): string | null {
  const values = headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? null : values.join(", ");
}

async function answer(
  served: ServedEngine,
  { routes }: ServerOptions,
  request: Incoming,
  { message, trace }: { message: IncomingMessage; trace: Trace },
): Promise<Answer> {
  const { engine } = served;
  const { pathname } = request;
  const route = routes.get(pathname);
  if (route !== undefined) return await answerOf(await route(toRequest(request)));
  if (isFileRequest(pathname)) return await answerOf(await serveFile(engine, toRequest(request)));
  const authorization = headerOf(request, "authorization");
  const identity = await engine.authenticator.identify(authorization);
  const who = {
    identity,
    trace,
    request: {
      ip: message.socket.remoteAddress ?? null,
      userAgent: headerOf(request, "user-agent"),
      requestId: randomName(8),
      scheduledFunctionId: null,
      authToken: identity.kind === "user" ? tokenOf(authorization) : null,
    },
  };
  if (isClientApi(pathname))
    return await answerOf(await serveClientApi(engine, toRequest(request), who));
  return await serveHttpAction(served, request, who);
}

async function handle(
  served: ServedEngine,
  options: ServerOptions,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const start = performance.now();
  const trace = newTrace("request");
  try {
    await serve(served, options, message, response, trace);
  } catch (error) {
    fail(served.engine, message, response, error);
  }
  options.onRequest?.({
    method: message.method ?? "",
    path: (message.url ?? "").split("?")[0] ?? "",
    status: response.statusCode,
    ms: performance.now() - start,
    functionCalls: totalsOf(trace.calls).functionCalls,
  });
}

async function serve(
  served: ServedEngine,
  options: ServerOptions,
  message: IncomingMessage,
  response: ServerResponse,
  trace: Trace,
): Promise<void> {
  const refusal = refuseMethod(message.method ?? "");
  if (refusal !== null) {
    refuse(refusal, response);
    return;
  }
  if (announcesTooMuch(message)) throw new BodyTooLargeError();
  const { engine } = served;
  let isTooLarge = false;
  const request = await incoming(message, response, engine.origin, () => (isTooLarge = true));
  const reply = await answer(served, options, request, { message, trace });
  // Overrides the project's answer, because the project read only part of the body.
  if (isTooLarge) {
    if (reply.body !== null && "cancel" in reply.body) await reply.body.cancel();
    throw new BodyTooLargeError();
  }
  await sendAnswer(reply, response, () => {
    engine.log({
      level: "error",
      function: message.url ?? "",
      words: [`HTTP response over ${MAX_BODY_BYTES} bytes: the rest is dropped`],
    });
  });
}

/** Answers with an error status; if the head has been sent, closes the connection. */
function fail(
  engine: Engine,
  message: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  const isTooLarge = error instanceof BodyTooLargeError;
  // The client has left, which is no fault.
  const isGone = response.destroyed;
  if (!isTooLarge && !isGone)
    engine.log({ level: "error", function: message.url ?? "", words: [error] });
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  refuse(isTooLarge ? TOO_LARGE : FAILED, response);
}

function explain(error: NodeJS.ErrnoException, { host, port }: ServerOptions): Error {
  if (error.code === "EADDRINUSE")
    return new StartError(
      `Port ${port} on ${host} is taken: stop what uses it, or choose another with --port.`,
    );
  if (error.code === "EACCES")
    return new StartError(
      `This account may not use port ${port}: choose one above 1023 with --port.`,
    );
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND")
    return new StartError(`${host} is not an address of this machine: choose another with --host.`);
  return error;
}

/** How often Node looks for requests that take too long. */
const CHECK_MS = 30_000;

/** Starts to listen; resolves to the port (0 requests a free one). Requests wait for `engine`. */
export async function listen(
  engine: () => Promise<ServedEngine>,
  options: ServerOptions,
): Promise<{ server: Server; port: number }> {
  const { clientTimeouts = CLIENT_TIMEOUTS } = options;
  const exchanges = new WeakMap<Duplex, Exchange>();
  const checkMs = Math.min(CHECK_MS, clientTimeouts.requestMs / 2);
  const server = createServer({ connectionsCheckingInterval: checkMs }, (message, response) => {
    exchanges.set(message.socket, { message, response });
    void engine().then((ready) => handle(ready, options, message, response));
  });
  server.on("clientError", (error, socket) => {
    answerUnparsed(error, socket, exchanges.get(socket)?.response);
  });
  routeUpgrades(server, options.acceptUpgrade);
  enforceClientTimeouts(server, clientTimeouts, (socket) => exchanges.get(socket));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(explain(error, options));
    });
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return {
    server,
    port: typeof address === "object" && address !== null ? address.port : options.port,
  };
}

/** Stops listening, finishes running answers and closes idle connections. */
export async function close(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) =>
    server.close(() => {
      resolve();
    }),
  );
  server.closeIdleConnections();
  if (graceMs === 0) server.closeAllConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, graceMs);
  await closed;
  clearTimeout(timer);
}
