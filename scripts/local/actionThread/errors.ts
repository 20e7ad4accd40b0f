import { FunctionError, toFunctionError } from "../functions/errors.ts";
import type { SentError } from "./messages.ts";

export function sentError(thrown: unknown): SentError {
  const { message, stack, data } = toFunctionError(thrown);
  return { message, stack, data };
}

export function receivedError({ message, stack, data }: SentError): FunctionError {
  const error = new FunctionError(message, data, undefined);
  if (stack !== undefined) error.stack = stack;
  return error;
}
