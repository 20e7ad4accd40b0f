import type { LimitClass } from "../lib/enums";

/**
 * The caller: identified by API key (its hash and visible prefix), by a token that Convex has
 * verified, or by the cookie of a signed-in browser (its hash). `limit` is the limit class of the
 * endpoint. It travels with the caller, so that whatever looks up the user also rejects callers
 * over the limit.
 */
export type Caller = (
  | { kind: "key"; hash: string; prefix: string }
  | { kind: "token" }
  | { kind: "browser"; hash: string }
) & { limit?: LimitClass | "none" };
