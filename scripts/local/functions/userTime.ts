import { UserTimeoutError } from "../limits/userClock.ts";
import type { Call } from "./context.ts";

/** Throws if the transaction's JavaScript has run longer than a deployment allows. */
export function checkUserTime({ engine, transaction, path }: Call): void {
  const { limits } = engine;
  const { userMs } = limits.numbers;
  if (transaction === null || transaction.clock.ms <= userMs) return;
  if (limits.isEnforced) throw new UserTimeoutError(userMs);
  limits.warn("userMs", path, `Its JavaScript ran longer than ${userMs / 1000} s`);
}
