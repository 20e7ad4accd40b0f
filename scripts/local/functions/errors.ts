import type { JSONValue } from "convex/values";
import { parseJson } from "../values/json.ts";

/** An error of a function, as its caller receives it; `data` is the JSON of a `ConvexError`'s data. */
export class FunctionError extends Error {
  override name = "FunctionError";

  constructor(
    message: string,
    readonly data: JSONValue | undefined,
    cause: unknown,
  ) {
    super(message, { cause });
    if (cause instanceof Error && cause.stack !== undefined) this.stack = cause.stack;
  }
}

/** Converts a thrown value; the `convex` package stores a `ConvexError`'s data as JSON text. */
export function toFunctionError(thrown: unknown): FunctionError {
  if (thrown instanceof FunctionError) return thrown;
  if (typeof thrown !== "object" || thrown === null || !("message" in thrown))
    return new FunctionError(String(thrown), undefined, thrown);
  const message = String(thrown.message);
  const isConvexError = Symbol.for("ConvexError") in thrown && "data" in thrown;
  if (!isConvexError || typeof thrown.data !== "string")
    return new FunctionError(message, undefined, thrown);
  return new FunctionError(message, parseJson(thrown.data), thrown);
}

/** A failure as clients get it: the message with the request id, and the data of a `ConvexError`. */
export interface ClientError {
  errorMessage: string;
  errorData?: JSONValue;
}

/** Describes a failure for the client that called the function. */
export function toClientError({ message, data }: FunctionError, requestId: string): ClientError {
  return {
    errorMessage: `[Request ID: ${requestId}] Server Error\nUncaught ${message}`,
    ...(data === undefined ? {} : { errorData: data }),
  };
}
