/** Closed lists of names shared by tables, the HTTP API and exports. Pure. */

/**
 * Roles of a message. Any other role that a plugin sends is mapped to one of these and kept as sent
 * too.
 */
export const ROLES = ["user", "assistant", "system", "tool", "unknown"] as const;
export type Role = (typeof ROLES)[number];

/** The label of a role for people and models: `User`, `Unknown`. */
export function roleLabel(role: string): string {
  return role.charAt(0).toUpperCase() + role.slice(1);
}

/**
 * How a conversation is split into test cases: one per question, one per conversation, the whole
 * conversation as one, or its last question only.
 */
export const TURNS = ["single", "multi", "full", "last"] as const;
export type Turns = (typeof TURNS)[number];

/** Names that older clients and the dashboard use for these modes. */
export const TURN_MODES = { per_turn: "single", full: "full", final_only: "last" } as const;

/** Record formats of OpenAI: its evals repository, plain chat, fine-tuning. */
export const STYLES = ["evals", "chat", "finetune"] as const;
export type Style = (typeof STYLES)[number];

/**
 * What a promptfoo configuration does: call a model with the questions, or grade the recorded
 * answers.
 */
export const MODES = ["eval", "replay"] as const;
export type Mode = (typeof MODES)[number];

/** Classes of endpoints that share a rate limit. */
export const LIMIT_CLASSES = ["sync", "read", "search", "export"] as const;
export type LimitClass = (typeof LIMIT_CLASSES)[number];

/** Whether a session has new messages, has none any more, or was ended by its tool. */
export const SESSION_STATES = ["active", "quiet", "ended"] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** How the API sorts a list of sessions, the largest first. */
export const SESSION_SORTS = ["created", "updated", "tokens", "cost"] as const;
export type SessionSort = (typeof SESSION_SORTS)[number];

/** A reviewer's verdict on a session. */
export const EVAL_STATUSES = ["golden", "correct", "incorrect", "needs_review"] as const;
export type EvalStatus = (typeof EVAL_STATUSES)[number];
