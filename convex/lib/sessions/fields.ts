import { inBothCases } from "../caseNames";
import { keysOf } from "../record";
import {
  type Field,
  MESSAGE_FIELDS,
  type OwnerView,
  OWNER_VIEWS,
  SESSION_FIELDS,
  type View,
} from "./fieldTable";

/** Types and lists of names derived from the table of fields. Pure. */

export type Fields = { readonly [name: string]: Field };
export type SessionTable = typeof SESSION_FIELDS;
export type MessageTable = typeof MESSAGE_FIELDS;

/** The type of a field's value. */
export type ValueOf<F extends Field> = F extends { kind: "label" } ? string : number;

/** The fields of a row. A missing value is unknown; for a number it does not mean 0. */
export type Values<T extends Fields> = { [N in keyof T]?: ValueOf<T[N]> };

type ViewsOf<F> = F extends { views: readonly (infer V)[] } ? V : OwnerView;

/** The names of the fields that a view shows. */
export type NameIn<T extends Fields, V extends View> = {
  [N in keyof T & string]: V extends ViewsOf<T[N]> ? N : never;
}[keyof T & string];

/** The fields of a row that a view shows. */
export type InView<T extends Fields, V extends View> = { [N in NameIn<T, V>]?: ValueOf<T[N]> };

export const SESSION_FIELD_NAMES = keysOf(SESSION_FIELDS);
export const MESSAGE_FIELD_NAMES = keysOf(MESSAGE_FIELDS);

/** The declaration of a field, widened to `Field`. */
export function declared(fields: Fields, name: string): Field {
  const found = fields[name];
  if (found === undefined) throw new Error(`No field is called ${name}`);
  return found;
}

/** The names of the fields that a view shows, in the order of the table. */
export function namesIn<T extends Fields, V extends View>(fields: T, view: V): NameIn<T, V>[] {
  const isShown = (name: string): name is NameIn<T, V> => {
    const views: readonly View[] = declared(fields, name).views ?? OWNER_VIEWS;
    return views.includes(view);
  };
  return keysOf(fields).filter(isShown);
}

/** Returns a function that picks the known fields of a row that a view shows. */
export function viewOf<T extends Fields, V extends View>(fields: T, view: V) {
  return viewBy(fields, view, (row: Values<T>, name) => row[name]);
}

/** The same, with another way to read a field of a row. */
export function viewBy<T extends Fields, V extends View, Row>(
  fields: T,
  view: V,
  valueOf: (row: Row, name: NameIn<T, V>) => Values<T>[NameIn<T, V>],
) {
  const names = namesIn(fields, view);
  return (row: Row): InView<T, V> => {
    const shown: InView<T, V> = {};
    for (const name of names) {
      const value = valueOf(row, name);
      if (value !== undefined) shown[name] = value;
    }
    return shown;
  };
}

/** The names of the fields that an anonymised export changes in the given way. */
export function personalNames(fields: Fields, personal: "text" | "name"): string[] {
  return keysOf(fields).filter((name) => declared(fields, name).personal === personal);
}

type FilterName<T extends Fields> = {
  [N in keyof T]: T[N] extends { filter: infer F extends string } ? F : never;
}[keyof T];

/**
 * Filters over fields of a session, under their request names. A missing filter matches every
 * session.
 */
export type FieldFilter = { [F in FilterName<SessionTable>]?: string };

/** Every filter over fields of a session, with the name of its field. */
export const FIELD_FILTERS = keysOf(SESSION_FIELDS).flatMap((name) => {
  const { filter, about } = declared(SESSION_FIELDS, name);
  return filter === undefined ? [] : [{ filter: filter as keyof FieldFilter, name, about }];
});

/** The other names of a field in requests: its aliases, and all its names in snake_case. */
export function aliasesOf(fields: Fields, name: string): string[] {
  const names = inBothCases([name, ...(declared(fields, name).aliases ?? [])]);
  return names.filter((other) => other !== name);
}
