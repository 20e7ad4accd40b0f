/** A part as sent: its type, its content, and any other fields. */
export type StoredPart = { type: string; content?: unknown; [beside: string]: unknown };
