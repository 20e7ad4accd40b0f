import { MAX_BODY_BYTES } from "../http/messages.ts";

/** Longest message of a client: as long as the body of a request that calls the same function. */
export const MAX_MESSAGE_BYTES = MAX_BODY_BYTES;

/** Longest `Transition` sent as one message, in characters; a longer one is sent in `TransitionChunk`s of this length. */
export const MAX_TRANSITION_CHARS = 5 * (1 << 20);

/** A client is told so often that the server is there (Convex's interval; clients reconnect after 60 s of silence). */
export const PING_MS = 15_000;

/** A client that has not answered for this long is gone (Convex's limit). */
export const CLIENT_SILENCE_MS = 120_000;

/** Mutations that wait, and actions that run, for one socket (Convex's limit). */
export const MAX_PENDING_CALLS = 1000;

/** Transitions on their way to one client; the next one is made once it has read one (Convex's limit). */
export const MAX_UNREAD_TRANSITIONS = 2;

/**
 * Bytes that a client may leave unread, responses included; then its socket ends. The largest possible
 * transition of one query is 16 MiB, and twice as long in JSON if it is escaped.
 */
export const MAX_UNREAD_BYTES = 128 * (1 << 20);

/** Queries of one socket. A page has dozens; each costs the memory of its read set. */
export const MAX_QUERIES = 1000;

/** Removals of queries that a client has not been told of yet, because it does not read. */
export const MAX_UNTOLD_REMOVALS = 10 * MAX_QUERIES;

/** Open sockets: a few browsers on this machine, and a small office with some room. */
export const MAX_SOCKETS = 500;

/** How long the result of a mutation is kept for a client that lost its connection and sends it again. */
export const KEEP_RESULTS_MS = 60 * 60 * 1000;
