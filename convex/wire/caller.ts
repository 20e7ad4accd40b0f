import type { LimitClass } from "../lib/enums";

/**
 * Who calls: by API key (its hash and visible prefix), by a token that Convex has verified, or by the
 * cookie of a signed-in browser (its hash). `limit` is the class of the endpoint called; it travels
 * with the caller, so that whatever finds the user also refuses one who is over the limit.
 */
export type Caller = (
  | { kind: "key"; hash: string; prefix: string }
  | { kind: "token" }
  | { kind: "browser"; hash: string }
) & { limit?: LimitClass | "none" };
