import { currentCall } from "./context.ts";

/** The time of the running transaction; outside of one, the clock's. */
function now(): number {
  return currentCall()?.transaction?.time ?? Date.now();
}

/** `Date` as functions see it: in queries and mutations time stands still, as on a deployment. */
export const FunctionDate = new Proxy(Date, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  apply: () => new Date(now()).toString(),
  get: (target, name) => (name === "now" ? now : (Reflect.get(target, name) as unknown)),
});

/** `Math.random` as functions see it: in queries and mutations a sequence of the transaction's own. */
export function functionRandom(): number {
  const transaction = currentCall()?.transaction;
  return transaction ? transaction.random() : Math.random();
}
