import { AsyncLocalStorage } from "node:async_hooks";
import { promiseHooks } from "node:v8";

/** A value that follows asynchronous code: what `run` starts finds it, until its last promise has settled. */
export interface AsyncContext<T> {
  getStore(): T | undefined;
  run<R>(store: T, work: () => R): R;
  exit<R>(work: () => R): R;
}

/** Since this version of Node, V8 itself keeps the value, which costs next to nothing. */
const KEPT_BY_V8_SINCE = 24;

/**
 * Returns an asynchronous context. Before Node 24, `AsyncLocalStorage` numbers and follows every resource of the
 * process, which took a sixth of the time of a request. There, the context follows promises only: `bind` carries it
 * into callbacks.
 */
export function newAsyncContext<T extends object>(): AsyncContext<T> {
  const major = Number(process.versions.node.split(".")[0]);
  return major >= KEPT_BY_V8_SINCE ? new AsyncLocalStorage<T>() : new PromiseContext<T>();
}

/** A promise that remembers the value with which it was created. */
type Marked<T> = Promise<unknown> & { [STORE]?: T };
const STORE: unique symbol = Symbol("store");

class PromiseContext<T extends object> implements AsyncContext<T> {
  #store: T | undefined;

  constructor() {
    promiseHooks.createHook({
      init: (promise: Marked<T>) => {
        if (this.#store !== undefined) promise[STORE] = this.#store;
      },
      before: (promise: Marked<T>) => {
        this.#store = promise[STORE];
      },
      after: () => {
        this.#store = undefined;
      },
    });
  }

  getStore(): T | undefined {
    return this.#store;
  }

  run<R>(store: T, work: () => R): R {
    return this.#with(store, work);
  }

  exit<R>(work: () => R): R {
    return this.#with(undefined, work);
  }

  #with<R>(store: T | undefined, work: () => R): R {
    const before = this.#store;
    this.#store = store;
    try {
      return work();
    } finally {
      this.#store = before;
    }
  }
}

/** Returns a callback that runs in the present context. */
export function bind<T extends object, A extends unknown[], R>(
  context: AsyncContext<T>,
  callback: (...args: A) => R,
): (...args: A) => R {
  const store = context.getStore();
  if (store === undefined) return callback;
  return (...args) => context.run(store, () => callback(...args));
}
