import type { JSONValue, Value } from "convex/values";
import { afterPrefix, encodeKey } from "../values/keys.ts";
import { literal } from "./filters.ts";

/** A step of `withIndex(…, q => q.eq(…).gt(…))`, as serialized in a query. */
export interface RangeStep {
  type: "Eq" | "Gt" | "Gte" | "Lt" | "Lte";
  fieldPath: string;
  value: JSONValue;
}

export interface Bounds {
  lower: Buffer;
  upper: Buffer;
}

function refuse(message: string): never {
  throw new Error(`Invalid index range: ${message}`);
}

/**
 * Returns the key bounds of an index range: equalities on the first fields, in order, then at most one lower
 * and one upper bound on the next field.
 */
export function boundsOf(steps: readonly RangeStep[], fields: readonly string[]): Bounds {
  const equal: (Value | undefined)[] = [];
  let low: Buffer | undefined;
  let high: Buffer | undefined;
  for (const step of steps) {
    const expected = fields[equal.length] ?? "_id";
    if (step.fieldPath !== expected)
      refuse(
        `expected field "${expected}", got "${step.fieldPath}" (index fields: ${fields.join(", ")})`,
      );
    const value = literal(step.value);
    if (step.type === "Eq") {
      if (low ?? high) refuse("an equality must come before the bounds");
      equal.push(value);
      continue;
    }
    const key = encodeKey([...equal, value]);
    if (step.type === "Gt" || step.type === "Gte") {
      if (low) refuse("two lower bounds");
      low = step.type === "Gt" ? afterPrefix(key) : key;
    } else {
      if (high) refuse("two upper bounds");
      high = step.type === "Lte" ? afterPrefix(key) : key;
    }
  }
  const prefix = encodeKey(equal);
  return { lower: low ?? prefix, upper: high ?? afterPrefix(prefix) };
}
