import * as z from "zod";
import { camelCase, snakeCase } from "../lib/caseNames";
import { nearestName } from "../lib/nearest";

/**
 * The parameters of a route are the fields of its schema. From this one table follow how they are
 * parsed, which names are accepted, which are refused, and what the OpenAPI document says.
 */

type Naming = { aliases?: readonly string[]; isList?: true };
const namings = z.registry<Naming>();

/** Other names of a parameter, for older clients. The OpenAPI document marks them as deprecated. */
export function aliased<Schema extends z.ZodType>(schema: Schema, ...aliases: string[]): Schema {
  return naming(schema, { aliases });
}

/** A parameter that may be repeated: each value is an item. */
export function repeatable<Schema extends z.ZodType>(schema: Schema): Schema {
  return naming(schema, { isList: true });
}

function naming<Schema extends z.ZodType>(schema: Schema, more: Naming): Schema {
  // A copy, because two routes may give one schema different names. It inherits the description.
  const copy = schema.clone();
  namings.add(copy, { ...namings.get(schema), ...more });
  return copy;
}

/** One parameter of a route. */
export type Parameter = { name: string; aliases: readonly string[]; isList: boolean };

/** Lists the parameters that a schema reads. A pipe reads those of its input, which is what clients send. */
export function parametersOf(schema: z.ZodType): Parameter[] {
  return Object.entries(shapeOf(schema)).map(([name, field]) => {
    const { aliases = [], isList = false } = namings.get(field) ?? {};
    return { name, aliases, isList };
  });
}

function shapeOf({ _zod: { def } }: z.core.$ZodType): { [name: string]: z.core.$ZodType } {
  if (def.type === "object") return { ...(def as z.core.$ZodObjectDef).shape };
  return def.type === "pipe" ? shapeOf((def as z.core.$ZodPipeDef).in) : {};
}

/** Where a name stands: words of a query are joined with `_`, those of JSON with capitals. */
export type Place = "query" | "body";

/** The documented name of a parameter. */
export function documentedName(name: string, place: Place): string {
  return place === "query" ? snakeCase(camelCase(name)) : camelCase(name);
}

/** Names that differ only in how they join words, or in British spelling, are the same. */
const keyOf = (name: string) => camelCase(name).replace(/is(?=e|ing)/g, "iz");

type Table = { parameters: readonly Parameter[]; byKey: ReadonlyMap<string, Parameter> };
const tables = new WeakMap<z.ZodType, Table>();

function tableOf(schema: z.ZodType): Table {
  const known = tables.get(schema);
  if (known !== undefined) return known;
  const parameters = parametersOf(schema);
  const byKey = new Map(
    parameters.flatMap((one) => [one.name, ...one.aliases].map((name) => [keyOf(name), one])),
  );
  const table = { parameters, byKey };
  tables.set(schema, table);
  return table;
}

/** An unusable name or value, as error bodies list it. */
type Fault = { path: string; message: string };

/** The values of a request by the names of their parameters, and what is wrong with the names. */
export type Named = {
  values: { [name: string]: unknown };
  /** The name under which the client sent a parameter. */
  sentAs: ReadonlyMap<string, string>;
  unknown: Fault[];
  repeated: Fault[];
  /** Whether a parameter was sent under another name than its documented one. */
  usesOldNames: boolean;
};

/** Sorts what a client sent by parameter. A route without a schema has no parameters. */
export function readNames(
  schema: z.ZodType | undefined,
  sent: readonly (readonly [name: string, value: unknown])[],
  place: Place,
): Named {
  const table: Table =
    schema === undefined ? { parameters: [], byKey: new Map() } : tableOf(schema);
  const found = new Map<Parameter, [string, unknown][]>();
  const unknown: Fault[] = [];
  for (const [name, value] of sent) {
    const parameter = table.byKey.get(keyOf(name));
    if (parameter === undefined) unknown.push(unknownName(name, table.parameters, place));
    else found.set(parameter, [...(found.get(parameter) ?? []), [name, value]]);
  }
  const values: { [name: string]: unknown } = {};
  const sentAs = new Map<string, string>();
  const repeated: Fault[] = [];
  for (const [{ name, isList }, all] of found) {
    const [first] = all;
    if (first === undefined) continue;
    sentAs.set(name, first[0]);
    const value = isList ? joined(all) : single(all);
    if (value === REPEATED) repeated.push(repeatedName(all, place));
    else values[name] = value;
  }
  const usesOldNames = Array.from(found).some(([{ name }, all]) =>
    all.some(([sentName]) => keyOf(sentName) !== keyOf(name)),
  );
  return { values, sentAs, unknown, repeated, usesOldNames };
}

const REPEATED = Symbol("repeated");

function joined(all: readonly [string, unknown][]): unknown {
  return all.length === 1 ? all[0]?.[1] : all.flatMap(([, value]) => value);
}

/** The value of a parameter that was sent once, or under two names with the same value. */
function single(all: readonly [string, unknown][]): unknown {
  const names = new Set(all.map(([name]) => name));
  if (names.size < all.length) return REPEATED;
  const given = all.map(([, value]) => value).filter((value) => value !== "" && value !== null);
  const [value = all[0]?.[1], ...others] = given;
  return others.every((other) => other === value) ? value : REPEATED;
}

function repeatedName(all: readonly [string, unknown][], place: Place): Fault {
  const names = Array.from(new Set(all.map(([name]) => name)));
  const [path = ""] = names;
  const message = names.length > 1 ? `is the same as ${names.slice(1).join(", ")}` : "is repeated";
  return { path, message: `${message}, but takes one value${place === "query" ? "" : " only"}` };
}

/** The most characters of an unknown name that an answer repeats. */
const SHOWN_MAX_CHARS = 100;

function unknownName(name: string, parameters: readonly Parameter[], place: Place): Fault {
  const path = name.slice(0, SHOWN_MAX_CHARS);
  const what = place === "query" ? "parameter" : "field";
  const documented = parameters.map((one) => documentedName(one.name, place));
  if (documented.length === 0) return { path, message: `is unknown: this takes no ${what}s` };
  const meant = nearestName(
    name,
    parameters.flatMap((one) => [one.name, ...one.aliases]),
  );
  const owner = parameters.find((one) => meant === one.name || one.aliases.includes(meant ?? ""));
  const hint =
    owner === undefined
      ? `this takes ${documented.join(", ")}`
      : `did you mean ${documentedName(owner.name, place)}?`;
  return { path, message: `is not a known ${what}; ${hint}` };
}
