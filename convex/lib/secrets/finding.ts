/** A secret found in a text: its kind, and where it stands. Never the secret itself. */
export type Finding = { kind: string; start: number; end: number };

/** How often a kind of secret was found. */
export type SecretCount = { kind: string; count: number };

/** What replaces a secret of this kind. */
export const marker = (kind: string): string => `[redacted:${kind}]`;

/** How every marker begins; a value that starts like this has been masked already. */
export const MARKER_START = "[redacted:";
