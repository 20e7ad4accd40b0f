import type * as z from "zod";
import { AppError } from "../errors";
import { faultOf } from "../wire/fields";

/** Reads a tool's arguments by a schema of the HTTP API; what it refuses is told field by field. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value, { error: faultOf });
  if (result.success) return result.data;
  const details = result.error.issues.map(({ path, message }) => ({
    path: path.map(String).join("."),
    message,
  }));
  throw new AppError("INVALID_REQUEST", "Invalid arguments", { details });
}
