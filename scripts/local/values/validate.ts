import { convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";

/** A validator in the format of `validator.json` of `convex/values`, but with literals as values (`readValidator`). */
export type ValidatorJson =
  | {
      type: "any" | "null" | "number" | "bigint" | "boolean" | "string" | "bytes" | "commitTs";
    }
  | { type: "literal"; value: Value }
  | { type: "id"; tableName: string }
  | { type: "array"; value: ValidatorJson }
  | { type: "record"; keys: ValidatorJson; values: FieldJson }
  | { type: "object"; value: Record<string, FieldJson> }
  | { type: "union"; value: ValidatorJson[] };
interface FieldJson {
  fieldType: ValidatorJson;
  optional: boolean;
}

function readField({ fieldType, optional }: FieldJson): FieldJson {
  return { fieldType: readValidator(fieldType), optional };
}

/** Reads a validator that the `convex` package exports: converts its literals from JSON, once and not for each value. */
export function readValidator(exported: ValidatorJson): ValidatorJson {
  switch (exported.type) {
    case "literal":
      return { type: "literal", value: jsonToConvex(exported.value as JSONValue) };
    case "array":
      return { type: "array", value: readValidator(exported.value) };
    case "record": {
      const { keys, values } = exported;
      return { type: "record", keys: readValidator(keys), values: readField(values) };
    }
    case "object": {
      const fields = Object.entries(exported.value).map(([name, field]) => [
        name,
        readField(field),
      ]);
      return {
        type: "object",
        value: Object.fromEntries(fields) as Record<string, FieldJson>,
      };
    }
    case "union":
      return { type: "union", value: exported.value.map(readValidator) };
    default:
      return exported;
  }
}

/** Returns a validator as the text that the `convex` package exports. */
export function validatorText(validator: ValidatorJson): string {
  const asJson = (_: string, value: unknown) =>
    typeof value === "bigint" || typeof value === "number" ? convexToJson(value) : value;
  return JSON.stringify(validator, asJson);
}

/** Whether a string is an id of a table of the calling component. */
type IsIdOf = (table: string, id: string) => boolean;

interface Mismatch {
  path: string;
  /** Built only if it is thrown, because it prints the value, and members of a union mismatch all the time. */
  message: () => string;
}

const MAX_SHOWN = 300;

function show(value: Value | undefined): string {
  if (value === undefined) return "undefined";
  const text = JSON.stringify(convexToJson(value));
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** Formats a literal as source code. */
function literal(value: Value): string {
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "number" ? String(value) : show(value);
}

/** Formats a validator as source code. */
function describe(validator: ValidatorJson): string {
  switch (validator.type) {
    case "number":
      return "v.float64()";
    case "bigint":
      return "v.int64()";
    case "literal":
      return `v.literal(${literal(validator.value)})`;
    case "id":
      return `v.id("${validator.tableName}")`;
    case "array":
      return `v.array(${describe(validator.value)})`;
    case "record":
      return `v.record(${describe(validator.keys)}, ${describe(validator.values.fieldType)})`;
    case "object":
      return `v.object({${Object.keys(validator.value).join(", ")}})`;
    case "union":
      return `v.union(${validator.value.map(describe).join(", ")})`;
    default:
      return `v.${validator.type}()`;
  }
}

function isPlainObject(value: Value): value is Record<string, Value> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof ArrayBuffer)
  );
}

function isScalar(validator: ValidatorJson, value: Value, isIdOf: IsIdOf): boolean {
  switch (validator.type) {
    case "any":
      return true;
    case "null":
      return value === null;
    case "bigint":
    case "commitTs":
      return typeof value === "bigint";
    case "number":
    case "boolean":
    case "string":
      return typeof value === validator.type;
    case "bytes":
      return value instanceof ArrayBuffer;
    case "literal":
      // As on Convex, NaN equals itself, and -0 is not 0.
      return Object.is(value, validator.value);
    case "id":
      return typeof value === "string" && isIdOf(validator.tableName, value);
    default:
      return false;
  }
}

function first<T>(items: Iterable<T>, check: (item: T) => Mismatch | null): Mismatch | null {
  for (const item of items) {
    const mismatch = check(item);
    if (mismatch !== null) return mismatch;
  }
  return null;
}

function wrong(validator: ValidatorJson, value: Value, path: string): Mismatch {
  const message = () =>
    `Value does not match validator.\nValue: ${show(value)}\nValidator: ${describe(validator)}`;
  return { path, message };
}

/** Returns the first mismatch between a value and its validator, or null. */
function mismatch(
  validator: ValidatorJson,
  value: Value,
  path: string,
  isIdOf: IsIdOf,
): Mismatch | null {
  switch (validator.type) {
    case "array":
      if (!Array.isArray(value)) return wrong(validator, value, path);
      return arrayMismatch(validator.value, value, path, isIdOf);
    case "union":
      return validator.value.some((member) => mismatch(member, value, path, isIdOf) === null)
        ? null
        : wrong(validator, value, path);
    case "record":
      if (!isPlainObject(value)) return wrong(validator, value, path);
      return first(
        Object.entries(value),
        ([key, v]) =>
          mismatch(validator.keys, key, `${path}.${key}`, isIdOf) ??
          mismatch(validator.values.fieldType, v, `${path}.${key}`, isIdOf),
      );
    case "object":
      return isPlainObject(value)
        ? objectMismatch(validator.value, value, path, isIdOf)
        : wrong(validator, value, path);
    default:
      return isScalar(validator, value, isIdOf) ? null : wrong(validator, value, path);
  }
}

/** Returns the first mismatch of an element. Builds no path for scalars that match: a vector has 1,536 numbers. */
function arrayMismatch(
  validator: ValidatorJson,
  elements: readonly Value[],
  path: string,
  isIdOf: IsIdOf,
): Mismatch | null {
  for (let i = 0; i < elements.length; i++) {
    const element = elements[i] as Value;
    if (isScalar(validator, element, isIdOf)) continue;
    const found = mismatch(validator, element, `${path}[${i}]`, isIdOf);
    if (found !== null) return found;
  }
  return null;
}

function missing(name: string, value: Value, path: string): Mismatch {
  const message = () => `Object is missing the required field \`${name}\`.\nObject: ${show(value)}`;
  return { path, message };
}

/** Returns an own field. Inherited properties are functions and objects, so most values need no second look. */
function ownField(value: Record<string, Value>, name: string): Value | undefined {
  const child = value[name];
  const mayBeInherited = typeof child === "function" || typeof child === "object";
  return mayBeInherited && !Object.hasOwn(value, name) ? undefined : child;
}

function objectMismatch(
  fields: Record<string, FieldJson>,
  value: Record<string, Value>,
  path: string,
  isIdOf: IsIdOf,
): Mismatch | null {
  for (const name in fields) {
    const field = fields[name] as FieldJson;
    const child = ownField(value, name);
    if (child === undefined) {
      if (!field.optional) return missing(name, value, path);
    } else if (!isScalar(field.fieldType, child, isIdOf)) {
      const found = mismatch(field.fieldType, child, `${path}.${name}`, isIdOf);
      if (found !== null) return found;
    }
  }
  const extra = Object.keys(value).find(
    (name) => !Object.hasOwn(fields, name) && value[name] !== undefined,
  );
  if (extra === undefined) return null;
  return {
    path,
    message: () =>
      `Object contains extra field \`${extra}\` that is not in the validator.\nObject: ${show(value)}`,
  };
}

/** Throws if the value does not match; `what` names the value in the message. */
export function validate(
  validator: ValidatorJson,
  value: Value,
  what: string,
  isIdOf: IsIdOf,
): void {
  const found = mismatch(validator, value, "", isIdOf);
  if (found === null) return;
  throw new Error(`${what}: ${found.message()}${found.path === "" ? "" : `\nPath: ${found.path}`}`);
}
