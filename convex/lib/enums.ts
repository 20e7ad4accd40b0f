/** Closed lists of names that tables, the HTTP API and exports share. Pure. */

/** Who speaks in a message; any other role a plugin sends is mapped to one of these and kept raw. */
export const ROLES = ["user", "assistant", "system", "tool", "unknown"] as const;
export type Role = (typeof ROLES)[number];

/** How a role is called where people or models read it: `User`, `Unknown`. */
export function roleLabel(role: string): string {
  return role.charAt(0).toUpperCase() + role.slice(1);
}

/** How a conversation becomes cases: one a question, one a conversation, the whole as one, the last question. */
export const TURNS = ["single", "multi", "full", "last"] as const;
export type Turns = (typeof TURNS)[number];

/** What older clients and the dashboard call them. */
export const TURN_MODES = { per_turn: "single", full: "full", final_only: "last" } as const;

/** OpenAI's kinds of lines: its evals repository, plain chat, fine-tuning. */
export const STYLES = ["evals", "chat", "finetune"] as const;
export type Style = (typeof STYLES)[number];

/** What a promptfoo run is for: to call a model with the questions, or to grade the recorded answers. */
export const MODES = ["eval", "replay"] as const;
export type Mode = (typeof MODES)[number];

/** Classes of endpoints that share a rate limit. */
export const LIMIT_CLASSES = ["sync", "read", "search", "export"] as const;
export type LimitClass = (typeof LIMIT_CLASSES)[number];

/** A reviewer's verdict on a session. */
export const EVAL_STATUSES = ["golden", "correct", "incorrect", "needs_review"] as const;
export type EvalStatus = (typeof EVAL_STATUSES)[number];
