import { Worker } from "node:worker_threads";
import { newTrace, type Trace } from "../callRecord.ts";
import { answerJsSyscall, answerSyscall } from "../functions/syscalls.ts";
import type { Served } from "../http/actions.ts";
import type { BodyReader, Bytes } from "../http/answers.ts";
import type { Incoming } from "../http/messages.ts";
import { newActionCall, type Requester } from "../http/serveActions.ts";
import type { Engine } from "../runtime.ts";
import { Bodies, type SentBody } from "./bodies.ts";
import { receivedError, sentError } from "./errors.ts";
import type { FromThread, SentAnswer, ThreadData, ToThread } from "./messages.ts";
import { Outbox } from "./outbox.ts";

/** A request that the thread answers. */
interface Running {
  incoming: Incoming;
  body: SentBody;
  trace: Trace;
  resolve: (served: Served) => void;
  reject: (error: Error) => void;
}

/** One thread. What it asked is answered to it alone, because another numbers its syscalls in the same way. */
class Thread {
  readonly bodies = new Bodies((message) => {
    this.post(message);
  });
  readonly #worker: Worker;
  readonly #outbox = new Outbox<ToThread>((messages, moved) => {
    this.#worker.postMessage(messages, moved);
  });

  constructor(code: string, data: ThreadData) {
    this.#worker = new Worker(code, { eval: true, workerData: data, execArgv: [] });
  }

  post(message: ToThread, moved?: readonly ArrayBuffer[]): void {
    this.#outbox.post(message, moved);
  }

  listen(to: {
    message: (message: FromThread) => void;
    error: (error: unknown) => void;
    exit: () => void;
  }): void {
    this.#worker.on("message", (messages: FromThread[]) => {
      for (const message of messages) to.message(message);
    });
    this.#worker.on("error", to.error).on("exit", to.exit);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
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
  #thread: Thread | null = null;
  #last = 0;
  #isStopped = false;

  /** `code` is the bundle of `worker.ts`. */
  constructor(code: string, data: ThreadData, engine: Engine) {
    this.#code = code;
    this.#data = data;
    this.#engine = engine;
    this.#started();
  }

  /** Answers a request. */
  run(incoming: Incoming, { identity, request, trace }: Requester): Promise<Served> {
    const thread = this.#started();
    const id = ++this.#last;
    const { method, url, pathname, headers } = incoming;
    const body = thread.bodies.send(readable(incoming.body));
    return new Promise((resolve, reject) => {
      this.#running.set(id, { incoming, body, trace, resolve, reject });
      const sent = { method, url, pathname, headers, body };
      // Nothing else reads the bytes of a short body.
      const moved = body instanceof Uint8Array ? [body.buffer] : [];
      thread.post({ kind: "serve", id, request: sent, origin: { identity, request } }, moved);
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#thread?.end();
  }

  /** The thread; starts one if there is none. */
  #started(): Thread {
    if (this.#isStopped) throw new Error("The engine has stopped");
    if (this.#thread !== null) return this.#thread;
    const thread = new Thread(this.#code, this.#data);
    thread.listen({
      message: (message) => {
        this.#hear(message, thread);
      },
      error: (error) => {
        this.#engine.log({ level: "error", function: "HTTP actions", words: [error] });
      },
      exit: () => {
        this.#ended(thread);
      },
    });
    this.#thread = thread;
    return thread;
  }

  #ended({ bodies }: Thread): void {
    this.#thread = null;
    const reason = new Error("The thread of HTTP actions has ended");
    bodies.end(reason);
    for (const { reject } of this.#running.values()) reject(reason);
    this.#running.clear();
  }

  #hear(message: FromThread, thread: Thread): void {
    switch (message.kind) {
      case "served": {
        const { id, answer, route, error } = message;
        const received = this.#received(id, answer, thread);
        received?.resolve({ answer: received.answer, route, error, heapBytes: null });
        return;
      }
      case "failed":
        this.#forget(message.id, thread)?.reject(receivedError(message.error));
        return;
      case "watch":
        this.#watch(message.id, thread);
        return;
      case "syscall":
        void this.#answer(message, thread);
        return;
      case "log":
        this.#engine.log(message.line);
        return;
      default:
        thread.bodies.hear(message);
    }
  }

  #watch(id: number, thread: Thread): void {
    const tell = (hasLeft: boolean) => {
      thread.post({ kind: "closed", id, hasLeft });
    };
    const running = this.#running.get(id);
    if (running === undefined) tell(false);
    else running.incoming.whenClosed(tell);
  }

  /** The answer to a request, which is forgotten with its last byte: until then, its calls belong to it. */
  #received(id: number, { body, ...head }: SentAnswer, thread: Thread) {
    const running = this.#running.get(id);
    if (running === undefined) return undefined;
    const forget = () => this.#forget(id, thread);
    const received = thread.bodies.receive(body);
    const isWhole = received === null || received instanceof Uint8Array;
    if (isWhole) forget();
    const answer = { ...head, body: isWhole ? received : whenRead(received, forget) };
    return { ...running, answer };
  }

  #forget(id: number, { bodies }: Thread): Running | undefined {
    const running = this.#running.get(id);
    this.#running.delete(id);
    if (running !== undefined) bodies.forget(running.body);
    return running;
  }

  async #answer(
    { id, syscall, op, args, list, route, origin }: Syscall,
    thread: Thread,
  ): Promise<void> {
    // A function may go on after its answer.
    const trace = this.#running.get(id)?.trace ?? newTrace("request");
    const call = newActionCall(this.#engine, route, { ...origin, trace });
    try {
      const value =
        typeof args === "string"
          ? await answerSyscall(call, op, args, list)
          : await answerJsSyscall(call, op, args);
      thread.post({ kind: "result", syscall, value });
    } catch (thrown) {
      thread.post({ kind: "failure", syscall, error: sentError(thrown) });
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
