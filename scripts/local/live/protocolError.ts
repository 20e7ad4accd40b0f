/**
 * Why a socket ends. `fatal` is the client's fault, and it does not come back; after `auth` it comes back with
 * another token; after the others it comes back later.
 */
type Kind = "fatal" | "auth" | "overloaded" | "internal";

/** An error that ends its socket. */
export class ProtocolError extends Error {
  override name = "ProtocolError";

  constructor(
    readonly kind: Kind,
    message: string,
  ) {
    super(message);
  }
}

/** The client's token is invalid or has expired. */
export class AuthFailure extends ProtocolError {
  constructor(
    message: string,
    /** The identity version before the failed update or, if there was none, the current one. */
    readonly baseVersion: number,
    /** Whether it answers an `Authenticate` message. */
    readonly authUpdateAttempted: boolean,
  ) {
    super("auth", message);
  }
}

/** The last message to the client, if there is one, and the status with which its socket is closed. */
export interface Ending {
  message: string | null;
  code: number;
  /** At most 123 bytes; clients choose their pause before the next connection by its first word. */
  reason: string;
}

/** Returns how a socket ends after an error. */
export function endingOf(error: unknown): Ending {
  if (error instanceof AuthFailure) {
    const { message, baseVersion, authUpdateAttempted } = error;
    const last = { type: "AuthError", error: message, baseVersion, authUpdateAttempted };
    return { message: JSON.stringify(last), code: 1008, reason: "Unauthenticated" };
  }
  if (error instanceof ProtocolError && error.kind === "fatal") {
    const message = JSON.stringify({ type: "FatalError", error: error.message });
    return { message, code: 1008, reason: "BadRequest" };
  }
  if (error instanceof ProtocolError && error.kind === "overloaded")
    return { message: null, code: 1013, reason: "TooManyConcurrentRequests" };
  return { message: null, code: 1011, reason: "InternalServerError" };
}
