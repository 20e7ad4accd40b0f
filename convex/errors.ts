import { ConvexError } from "convex/values";

/** Every error code of the API with its HTTP status. A code without a status does not compile. */
export const ERROR_STATUS = {
  INVALID_REQUEST: 400,
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

/** Which field is at fault; `path` is dotted, with array positions as numbers. */
type ErrorDetail = { path: string; message: string };

/** What crosses a Convex boundary: only the data of a `ConvexError` does, so the code lives there. */
export type AppErrorData = {
  code: ErrorCode;
  message: string;
  details?: ErrorDetail[];
  retryAfterMs?: number;
};

/** An expected failure whose text may be shown to the caller. Anything else is "Internal error". */
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

/** Reads an `AppError` back, also after it crossed `ctx.run*`; null for anything else. */
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
 * Limits of one function call, as Convex words them: rows, bytes and index ranges, arguments, and the
 * second of running JavaScript. All of them fail again on a retry, and halving the input helps.
 */
const TOO_MUCH =
  /in a single function execution|too large|function execution timed out|too many functions scheduled/i;

/** Whether the input was too much for one call; ours have the code `PAYLOAD_TOO_LARGE`. */
export function isTooMuch(error: unknown): boolean {
  const expected = readAppError(error);
  if (expected !== null) return expected.code === "PAYLOAD_TOO_LARGE";
  return error instanceof Error && TOO_MUCH.test(error.message);
}

/**
 * Whether the same call may succeed a moment later. Convex words conflicts, too many writes a second
 * and overload differently from release to release, and what fails inside of it as "try again later";
 * so every error counts that neither our code nor a limit of the call explains.
 */
export function isPassing(error: unknown): boolean {
  return readAppError(error) === null && !isTooMuch(error);
}

/** A field of a request that cannot be used; `message` goes on where `path` ends. */
export function invalidField(path: string, message: string): AppError {
  return new AppError("INVALID_REQUEST", "Invalid request", { details: [{ path, message }] });
}

/** For a session or message (`what` names it) that no transaction could store, or replace later. */
export function tooLarge(what: string): AppError {
  const message = `${what}: is too large, together with what is stored of it`;
  return new AppError("PAYLOAD_TOO_LARGE", message);
}

/** The one answer for whatever is missing or belongs to someone else. */
export function notFound(what: string): AppError {
  return new AppError("NOT_FOUND", `${what} not found`);
}

/** The constant answer for every wrong key or token: it says nothing about which keys exist. */
export function unauthorized(): AppError {
  return new AppError("UNAUTHORIZED", "Invalid API key or token");
}
