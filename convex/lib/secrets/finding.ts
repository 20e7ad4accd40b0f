/** A secret found in a text: its kind and position, never the secret itself. */
export type Finding = { kind: string; start: number; end: number };

/** How often a kind of secret was found. */
export type SecretCount = { kind: string; count: number };

/** The marker that replaces a secret of this kind. */
export const marker = (kind: string): string => `[redacted:${kind}]`;

/** The start of every marker. A value that starts like this is already masked. */
export const MARKER_START = "[redacted:";
