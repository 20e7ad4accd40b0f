import * as z from "zod";
import { inBothCases, snakeCase } from "../lib/caseNames";
import { keysOf } from "../lib/record";
import { type Field, SESSION_FIELDS, type View } from "../lib/sessions/fieldTable";
import {
  aliasesOf,
  declared,
  FIELD_FILTERS,
  type FieldFilter,
  type Fields,
  type InView,
  namesIn,
  type Values,
} from "../lib/sessions/fields";
import { cost, count, duration, label } from "./fields";
import { aliased } from "./parameters";

/** The fields of the table (`lib/sessions/fieldTable.ts`) in requests and answers. */

/** The limit of labels that declare none. */
const LABEL_MAX_BYTES = 200;

/** Parsers by kind of field. Unusable values count as missing. */
const READERS = {
  label: (about: string, { maxBytes = LABEL_MAX_BYTES }: Field) => label(about, maxBytes),
  count,
  dollars: cost,
  milliseconds: duration,
} satisfies { [kind in Field["kind"]]: unknown };

/**
 * Adds the name in snake_case of each field. Only the declared names are in the type: read a field with
 * `fieldReader` or `underNames`, which know the others.
 */
export function inSnakeCaseToo<Shape extends { [name: string]: z.ZodType }>(shape: Shape): Shape {
  const named: { [name: string]: z.ZodType } = { ...shape };
  for (const [name, field] of Object.entries(shape)) {
    const description = `Alias of \`${name}\`.`;
    named[snakeCase(name)] ??= field.meta({ ...field.meta(), description, deprecated: true });
  }
  return named as Shape;
}

/** Reads a field under several names, each also in snake_case. The first usable value wins. */
export function underNames<Name extends string>(...names: Name[]) {
  const candidates = inBothCases(names);
  return <Fields extends { [name in Name]?: unknown }>(
    fields: Fields,
  ): Fields[Name] | undefined => {
    const sent: { [name: string]: unknown } = fields;
    const name = candidates.find((candidate) => sent[candidate] !== undefined);
    // `inSnakeCaseToo` gives both names of a field the same type.
    return name === undefined ? undefined : (sent[name] as Fields[Name]);
  };
}

/** The shape of a request: each field under each of its names. */
export function inputShape(fields: Fields) {
  const shape: { [name: string]: ReturnType<typeof label | typeof count> } = {};
  for (const name of keysOf(fields)) {
    const field = declared(fields, name);
    const read = READERS[field.kind];
    shape[name] = read(field.about, field);
    for (const alias of aliasesOf(fields, name))
      shape[alias] = read(`Alias of \`${name}\`.`, field).meta({ deprecated: true });
  }
  return shape;
}

/** Reads a request parsed with `inputShape`. The first usable value among a field's names wins. */
export function fieldReader<T extends Fields>(fields: T) {
  const names = keysOf(fields).map((name) => ({
    name,
    candidates: [name, ...aliasesOf(fields, name)],
  }));
  return (request: { [name: string]: unknown }): Values<T> => {
    const values: { [name: string]: unknown } = {};
    for (const { name, candidates } of names) {
      const sent = candidates.find((candidate) => request[candidate] !== undefined);
      if (sent !== undefined) values[name] = request[sent];
    }
    // `inputShape` has parsed each value to its declared type.
    return values as Values<T>;
  };
}

type Answered<Value> = z.ZodOptional<NonNullable<Value> extends string ? z.ZodString : z.ZodNumber>;

/** The shape of an answer: the fields of a row that this view shows. */
export function answerShape<T extends Fields, V extends View>(fields: T, view: V) {
  const shape = namesIn(fields, view).map((name) => {
    const { kind, about } = declared(fields, name);
    const type = kind === "label" ? z.string() : z.number();
    return [name, type.optional().meta({ description: about })];
  });
  return Object.fromEntries(shape) as {
    [N in keyof InView<T, V>]-?: Answered<InView<T, V>[N]>;
  };
}

/** Parameters that filter sessions by a field, under the names of the table; the field's own are aliases. */
export function filterShape() {
  const shape = FIELD_FILTERS.map(({ filter, name, about }) => {
    const names = [name, ...aliasesOf(SESSION_FIELDS, name)].filter((one) => one !== filter);
    return [filter, aliased(label(`Only sessions with this value. ${about}`), ...names)];
  });
  return Object.fromEntries(shape) as { [F in keyof FieldFilter]-?: ReturnType<typeof label> };
}

/** Picks the filters from the parameters of a request. */
export function readFilters(query: FieldFilter): FieldFilter {
  const filters: FieldFilter = {};
  for (const { filter } of FIELD_FILTERS) filters[filter] = query[filter];
  return filters;
}
