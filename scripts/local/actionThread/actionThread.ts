import { Worker } from "node:worker_threads";
import { newTrace, type Trace } from "../callRecord.ts";
import { answerJsSyscall, answerSyscall } from "../functions/syscalls.ts";
import type { Served } from "../http/actions.ts";
import type { BodyReader, Bytes } from "../http/answers.ts";
import type { Incoming } from "../http/messages.ts";
import { newActionCall, type Requester } from "../http/serveActions.ts";
import type { Engine } from "../runtime.ts";
import { Bodies } from "./bodies.ts";
import { receivedError, sentError } from "./errors.ts";
import type { FromThread, SentAnswer, ThreadData, ToThread } from "./messages.ts";

/** A request that the thread answers. */
interface Running {
  incoming: Incoming;
  trace: Trace;
  resolve: (served: Served) => void;
  reject: (error: Error) => void;
}

type Syscall = Extract<FromThread, { kind: "syscall" }>;

/**
 * Runs HTTP actions in a thread of their own, so that they use a second core: on a deployment too, they run apart from
 * the database and reach it by messages. The engine answers their syscalls. If the thread ends, by what a callback of a
 * function throws, the requests that it was answering fail, and the next one starts another.
 */
export class ActionThread {
  readonly #code: string;
  readonly #data: ThreadData;
  readonly #engine: Engine;
  readonly #running = new Map<number, Running>();
  #worker: { thread: Worker; bodies: Bodies } | null = null;
  #last = 0;
  #isStopped = false;

  /** \`code\` is the bundle of \`worker.ts\`. */
  constructor(code: string, data: ThreadData, engine: Engine) {
    this.#code = code;
    this.#data = data;
    this.#engine = engine;
    this.#start();
  }

  /** Answers a request. */
  run(incoming: Incoming, { identity, request, trace }: Requester): Promise<Served> {
    const { bodies } = this.#start();
    const id = ++this.#last;
    const { method, url, headers } = incoming;
    const body = bodies.send(readable(incoming.body));
    return new Promise((resolve, reject) => {
      this.#running.set(id, { incoming, trace, resolve, reject });
      const sent = { method, url, headers, body };
      this.#post({ kind: "serve", id, request: sent, origin: { identity, request } });
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#worker?.thread.terminate();
  }

  #post(message: ToThread): void {
    this.#worker?.thread.postMessage(message);
  }

  #start(): { thread: Worker; bodies: Bodies } {
    if (this.#isStopped) throw new Error("The engine has stopped");
    if (this.#worker !== null) return this.#worker;
    const thread = new Worker(this.#code, { eval: true, workerData: this.#data, execArgv: [] });
    const bodies = new Bodies((message) => {
      thread.postMessage(message);
    });
    thread.on("message", (message: FromThread) => {
      this.#hear(message, bodies);
    });
    thread.on("error", (error) => {
      this.#engine.log({ level: "error", function: "HTTP actions", words: [error] });
    });
    thread.on("exit", () => {
      this.#ended(bodies);
    });
    this.#worker = { thread, bodies };
    return this.#worker;
  }

  #ended(bodies: Bodies): void {
    this.#worker = null;
    const reason = new Error("The thread of HTTP actions has ended");
    bodies.end(reason);
    for (const { reject } of this.#running.values()) reject(reason);
    this.#running.clear();
  }

  #hear(message: FromThread, bodies: Bodies): void {
    switch (message.kind) {
      case "served": {
        const { id, answer, route, error } = message;
        const running = this.#running.get(id);
        running?.resolve({
          answer: this.#received(id, answer, bodies),
          route,
          error,
          heapBytes: null,
        });
        return;
      }
      case "failed":
        this.#running.get(message.id)?.reject(receivedError(message.error));
        this.#running.delete(message.id);
        return;
      case "watch": {
        const { id } = message;
        this.#running.get(id)?.incoming.whenClosed((hasLeft) => {
          this.#post({ kind: "closed", id, hasLeft });
        });
        return;
      }
      case "syscall":
        void this.#answer(message);
        return;
      case "log":
        this.#engine.log(message.line);
        return;
      default:
        bodies.hear(message);
    }
  }

  /** The answer to a request, which is forgotten with its last byte: until then, its calls belong to it. */
  #received(id: number, { body, ...head }: SentAnswer, bodies: Bodies): Served["answer"] {
    const received = bodies.receive(body);
    const forget = () => this.#running.delete(id);
    if (received === null || received instanceof Uint8Array) {
      forget();
      return { ...head, body: received };
    }
    return { ...head, body: whenRead(received, forget) };
  }

  async #answer({ id, syscall, op, args, route, origin }: Syscall): Promise<void> {
    // A function may go on after its answer.
    const trace = this.#running.get(id)?.trace ?? newTrace("request");
    const call = newActionCall(this.#engine, route, { ...origin, trace });
    try {
      const value =
        typeof args === "string"
          ? await answerSyscall(call, op, args)
          : await answerJsSyscall(call, op, args);
      this.#post({ kind: "result", syscall, value });
    } catch (thrown) {
      this.#post({ kind: "failure", syscall, error: sentError(thrown) });
    }
  }
}

/** A body as `Bodies` sends it. */
function readable(body: Incoming["body"]): Bytes | BodyReader | null {
  if (body === null || body instanceof Uint8Array) return body;
  return {
    read: async () => {
      const next = await body.next();
      return next.done === true ? { done: true } : { done: false, value: next.value };
    },
    cancel: async () => {
      await body.return();
    },
  };
}

/** The same body; calls `ended` when it has been read, has failed or is canceled. */
function whenRead(body: BodyReader, ended: () => void): BodyReader {
  return {
    read: async () => {
      let next: Awaited<ReturnType<BodyReader["read"]>> = { done: true };
      try {
        next = await body.read();
        return next;
      } finally {
        if (next.done) ended();
      }
    },
    cancel: async (reason) => {
      ended();
      await body.cancel(reason);
    },
  };
}
