import { keysOf, pick } from "../record";
import {
  type Field,
  MESSAGE_FIELDS,
  type OwnerView,
  OWNER_VIEWS,
  SESSION_FIELDS,
  type View,
} from "./fieldTable";

/** What follows from the table of fields, as types and as lists of names. Pure. */

export type Fields = { readonly [name: string]: Field };
export type SessionTable = typeof SESSION_FIELDS;
export type MessageTable = typeof MESSAGE_FIELDS;

/** What a field holds. */
export type ValueOf<F extends Field> = F extends { kind: "label" } ? string : number;

/** A row's fields; absent is unknown, and of a number not 0. */
export type Values<T extends Fields> = { [N in keyof T]?: ValueOf<T[N]> };

type ViewsOf<F> = F extends { views: readonly (infer V)[] } ? V : OwnerView;

/** Names of the fields that a view shows. */
export type NameIn<T extends Fields, V extends View> = {
  [N in keyof T & string]: V extends ViewsOf<T[N]> ? N : never;
}[keyof T & string];

/** A row's fields that a view shows. */
export type InView<T extends Fields, V extends View> = { [N in NameIn<T, V>]?: ValueOf<T[N]> };

export const SESSION_FIELD_NAMES = keysOf(SESSION_FIELDS);
export const MESSAGE_FIELD_NAMES = keysOf(MESSAGE_FIELDS);

/** The declaration of a field, without what its own type leaves out. */
export function declared(fields: Fields, name: string): Field {
  const found = fields[name];
  if (found === undefined) throw new Error(`No field is called ${name}`);
  return found;
}

/** Names of the fields that a view shows, in the order of the table. */
export function namesIn<T extends Fields, V extends View>(fields: T, view: V): NameIn<T, V>[] {
  const isShown = (name: string): name is NameIn<T, V> => {
    const views: readonly View[] = declared(fields, name).views ?? OWNER_VIEWS;
    return views.includes(view);
  };
  return keysOf(fields).filter(isShown);
}

/** Gives the fields of a row that a view shows, as far as they are known. */
export function viewOf<T extends Fields, V extends View>(fields: T, view: V) {
  const names = namesIn(fields, view);
  return (row: Values<T>): InView<T, V> => pick(row, names);
}

/** Names of fields that an anonymised export changes, by what it does with them. */
export function personalNames(fields: Fields, personal: "text" | "name"): string[] {
  return keysOf(fields).filter((name) => declared(fields, name).personal === personal);
}

type FilterName<T extends Fields> = {
  [N in keyof T]: T[N] extends { filter: infer F extends string } ? F : never;
}[keyof T];

/** Filters over fields of a session, under their names in requests; absent ones leave everything. */
export type FieldFilter = { [F in FilterName<SessionTable>]?: string };

/** Every filter over fields of a session, and the name of the field it is over. */
export const FIELD_FILTERS = keysOf(SESSION_FIELDS).flatMap((name) => {
  const { filter, about } = declared(SESSION_FIELDS, name);
  return filter === undefined ? [] : [{ filter: filter as keyof FieldFilter, name, about }];
});

/** A field's further names in requests. */
export function aliasesOf(fields: Fields, name: string): string[] {
  const snake = name.replace(/[A-Z]|\d+/g, (found) => `_${found.toLowerCase()}`);
  const others = [...(declared(fields, name).aliases ?? []), snake];
  return others.filter((other) => other !== name);
}
