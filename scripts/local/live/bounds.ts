import { MAX_BODY_BYTES } from "../http/messages.ts";

/** Longest message of a client: the limit of an HTTP body, because both carry the same calls. */
export const MAX_MESSAGE_BYTES = MAX_BODY_BYTES;

/** Longest `Transition` sent as one message, in characters; a longer one is sent in `TransitionChunk`s of this length. */
export const MAX_TRANSITION_CHARS = 5 * (1 << 20);

/** Interval of pings (Convex's). Clients reconnect if they hear nothing for 60 s. */
export const PING_MS = 15_000;

/** Ends the socket of a client that has sent nothing, not even a pong, for this long (Convex's limit). */
export const CLIENT_SILENCE_MS = 120_000;

/** The most waiting mutations of one socket, and the most running actions (Convex's limit). */
export const MAX_PENDING_CALLS = 1000;

/** The most transitions that a client may leave unread. The next one is made when it has read one (Convex's limit). */
export const MAX_UNREAD_TRANSITIONS = 2;

/**
 * The most bytes that a client may leave unread. With more, no next transition is made, and the next response
 * ends its socket. The result of one query has up to 16 MiB, and escaping in JSON can double that.
 */
export const MAX_UNREAD_BYTES = 128 * (1 << 20);

/** The most queries of one socket. A page has dozens; each takes memory for its read set. */
export const MAX_QUERIES = 1000;

/** How long the queries of one transition may run, in milliseconds, before other work gets its turn. */
export const MAX_BLOCKING_MS = 50;

/** The most removals of queries that wait to be sent, because the client does not read. */
export const MAX_UNTOLD_REMOVALS = 10 * MAX_QUERIES;

/** The most open sockets: enough for the browsers of a small office. */
export const MAX_SOCKETS = 500;

/**
 * How long the result of a mutation is kept after its response, although the client answered a ping since. A browser
 * answers pings itself, even while the page has not handled the response yet.
 */
export const KEEP_FINISHED_MS = 5 * 60 * 1000;

/** The most finished mutations of one socket whose results are kept for `KEEP_FINISHED_MS`; beyond it, the oldest are not. */
export const MAX_FINISHED = 10_000;

/** How long the result of a mutation is kept for a client that lost its connection and sends it again. */
export const KEEP_RESULTS_MS = 60 * 60 * 1000;
