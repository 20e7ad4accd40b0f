import { compareValues, jsonToConvex, type JSONValue, type Value } from "convex/values";
import { fieldAt, type Document } from "../store/fields.ts";
import { text, type JsonObject } from "../values/json.ts";

type Result = Value | undefined;

/** Converts a literal of a query; `{"$undefined": null}` means a missing field. */
export function literal(json: JSONValue): Result {
  const isMissing =
    typeof json === "object" && json !== null && !Array.isArray(json) && "$undefined" in json;
  return isMissing ? undefined : jsonToConvex(json);
}

type Arithmetic = (a: number, b: number) => number;

const COMPARISONS: Record<string, (order: number) => boolean> = {
  $eq: (order) => order === 0,
  $neq: (order) => order !== 0,
  $lt: (order) => order < 0,
  $lte: (order) => order <= 0,
  $gt: (order) => order > 0,
  $gte: (order) => order >= 0,
};

const NUMBERS: Record<string, Arithmetic> = {
  $add: (a, b) => a + b,
  $sub: (a, b) => a - b,
  $mul: (a, b) => a * b,
  $div: (a, b) => a / b,
  $mod: (a, b) => a % b,
};

function bigints(operator: string, a: bigint, b: bigint): bigint {
  switch (operator) {
    case "$add":
      return a + b;
    case "$sub":
      return a - b;
    case "$mul":
      return a * b;
    case "$div":
      return a / b;
    default:
      return a % b;
  }
}

function calculate(operator: string, run: Arithmetic, a: Result, b: Result): Value {
  if (typeof a === "number" && typeof b === "number") return run(a, b);
  if (typeof a === "bigint" && typeof b === "bigint") return bigints(operator, a, b);
  throw new Error(
    `Cannot apply ${operator} in a filter to values that are not two numbers of one kind`,
  );
}

function children(json: JSONValue | undefined): JSONValue[] {
  return Array.isArray(json) ? json : [json ?? null];
}

/** Evaluates a filter expression for a document. */
export function evaluate(expression: JSONValue, document: Document): Result {
  const [entry] = Object.entries(expression as JsonObject);
  if (entry === undefined) throw new Error("Empty filter expression");
  const [operator, operand] = entry;
  if (operator === "$field") return fieldAt(document, text(operand));
  if (operator === "$literal") return literal(operand);
  const parts = children(operand);
  if (operator === "$and") return parts.every((part) => evaluate(part, document) === true);
  if (operator === "$or") return parts.some((part) => evaluate(part, document) === true);
  const [left, right] = parts.map((part) => evaluate(part, document));
  if (operator === "$not") return left !== true;
  if (operator === "$neg") return negate(left);
  const comparison = COMPARISONS[operator];
  if (comparison !== undefined) return comparison(compareValues(left, right));
  const arithmetic = NUMBERS[operator];
  if (arithmetic !== undefined) return calculate(operator, arithmetic, left, right);
  throw new Error(`Unknown filter operator ${operator}`);
}

function negate(value: Result): Value {
  if (typeof value === "number" || typeof value === "bigint") return -value;
  throw new Error("Cannot negate a value that is not a number in a filter");
}
