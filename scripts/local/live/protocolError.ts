/**
 * Why a socket ends. After `fatal`, which is the client's fault, the client does not reconnect. After `auth` it
 * reconnects with another token; after the others it reconnects later.
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

/** How a socket ends: the last message to the client, if there is one, and the code and reason of the close frame. */
export interface Ending {
  message: string | null;
  code: number;
  /** At most 123 bytes. Its first word decides how long clients wait before they reconnect. */
  reason: string;
}

/** Returns how an error ends its socket. */
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

/** The error for a change whose base version, of the queries or of the identity, is not the current one. */
export function versionMismatch(version: number): ProtocolError {
  return new ProtocolError(
    "fatal",
    `BaseVersionMismatch: base version ${version} does not match the current version`,
  );
}
