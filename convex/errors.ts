import { ConvexError } from "convex/values";

/** Every error code of the API with its HTTP status. A code without a status does not compile. */
export const ERROR_STATUS = {
  INVALID_REQUEST: 400,
  UNKNOWN_PARAMETER: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  EMBEDDINGS_NOT_CONFIGURED: 503,
} as const;

type ErrorCode = keyof typeof ERROR_STATUS;

/** The invalid field; `path` is dotted, with array positions as numbers. */
type ErrorDetail = { path: string; message: string };

/** The data of an `AppError`. Only the data of a `ConvexError` crosses a Convex boundary, so it contains the code. */
export type AppErrorData = {
  code: ErrorCode;
  message: string;
  details?: ErrorDetail[];
  retryAfterMs?: number;
};

/** An expected failure whose message may be shown to the caller. Any other error becomes "Internal error". */
export class AppError extends ConvexError<AppErrorData> {
  constructor(
    code: ErrorCode,
    message: string,
    extra: Omit<AppErrorData, "code" | "message"> = {},
  ) {
    super({ code, message, ...extra });
    this.name = "AppError";
  }
}

/** Returns the data of an `AppError`, even after it crossed `ctx.run*`; null for any other error. */
export function readAppError(error: unknown): AppErrorData | null {
  if (!(error instanceof ConvexError)) return null;
  const data: unknown = error.data;
  return isAppErrorData(data) ? data : null;
}

function isAppErrorData(data: unknown): data is AppErrorData {
  return (
    typeof data === "object" &&
    data !== null &&
    "code" in data &&
    typeof data.code === "string" &&
    data.code in ERROR_STATUS
  );
}

/**
 * Convex's messages for the limits of one function call: rows, bytes and index ranges, arguments, and the
 * second of running JavaScript. Such a call fails again on a retry, but may succeed with half the input.
 */
const TOO_MUCH =
  /in a single function execution|too large|function execution timed out|too many functions scheduled/i;

/** Whether the input exceeded a limit of one call. Our own such errors have the code `PAYLOAD_TOO_LARGE`. */
export function isTooMuch(error: unknown): boolean {
  const expected = readAppError(error);
  if (expected !== null) return expected.code === "PAYLOAD_TOO_LARGE";
  return error instanceof Error && TOO_MUCH.test(error.message);
}

/**
 * Whether the same call may succeed a moment later. Convex's messages for conflicts, too many writes per
 * second, overload and internal failures differ between releases. So every error counts that is neither an
 * `AppError` nor a limit of the call.
 */
export function isPassing(error: unknown): boolean {
  return readAppError(error) === null && !isTooMuch(error);
}

/** The error for an invalid field of a request; `message` continues the sentence that `path` begins. */
export function invalidField(path: string, message: string): AppError {
  return new AppError("INVALID_REQUEST", "Invalid request", { details: [{ path, message }] });
}

/** The error for a session or message (`what`) that one transaction could not store, or later replace. */
export function tooLarge(what: string): AppError {
  const message = `${what}: is too large, together with what is stored of it`;
  return new AppError("PAYLOAD_TOO_LARGE", message);
}

/** The error for everything that does not exist or belongs to someone else. */
export function notFound(what: string): AppError {
  return new AppError("NOT_FOUND", `${what} not found`);
}

/** The error for every wrong key or token. It is always the same, so it does not reveal which keys exist. */
export function unauthorized(): AppError {
  return new AppError(
    "UNAUTHORIZED",
    "This API key or token is unknown, revoked or expired. Keys start with `osk_`; make one with `npm run key` or in the settings",
  );
}
