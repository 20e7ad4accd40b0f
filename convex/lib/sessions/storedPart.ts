/** A part as it was sent: what it calls itself, its content, and whatever stands beside that. */
export type StoredPart = { type: string; content?: unknown; [beside: string]: unknown };
