/** Closed lists of names that tables, the HTTP API and exports share. Pure. */

/** Who speaks in a message; any other role a plugin sends is mapped to one of these and kept raw. */
export const ROLES = ["user", "assistant", "system", "tool", "unknown"] as const;
export type Role = (typeof ROLES)[number];

/** A reviewer's verdict on a session. */
export const EVAL_STATUSES = ["golden", "correct", "incorrect", "needs_review"] as const;
export type EvalStatus = (typeof EVAL_STATUSES)[number];
