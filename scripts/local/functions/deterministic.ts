import { currentCall } from "./context.ts";

/** The start time of the running transaction; outside of one, the current time. */
function now(): number {
  const call = currentCall();
  return call?.transaction?.now() ?? call?.engine.clock.now() ?? Date.now();
}

/** `Date` for functions: in queries and mutations time does not advance, as on a deployment. */
export const FunctionDate = new Proxy(Date, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  apply: () => new Date(now()).toString(),
  get: (target, name) => (name === "now" ? now : (Reflect.get(target, name) as unknown)),
});

/** Notes that the running query's result depends on chance. */
function useChance(): void {
  const transaction = currentCall()?.transaction;
  if (transaction) transaction.uses.chance = true;
}

export function functionRandomUUID(): ReturnType<Crypto["randomUUID"]> {
  useChance();
  return globalThis.crypto.randomUUID();
}

export function functionRandomValues<T extends Parameters<Crypto["getRandomValues"]>[0]>(
  array: T,
): T {
  useChance();
  return globalThis.crypto.getRandomValues(array);
}

/** `Math.random` for functions: queries and mutations get a sequence seeded per transaction. */
export function functionRandom(): number {
  const transaction = currentCall()?.transaction;
  return transaction ? transaction.random() : Math.random();
}
