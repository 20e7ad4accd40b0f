import { MESSAGE_FIELDS, SESSION_FIELDS } from "./sessions/fieldTable";
import { declared, type MessageTable, type SessionTable, type Values } from "./sessions/fields";
import { keysOf } from "./record";

/** A number that messages have and that adds up to their session's. */
export type NumberName = {
  [N in keyof SessionTable & keyof MessageTable]: SessionTable[N]["kind"] extends "label"
    ? never
    : N;
}[keyof SessionTable & keyof MessageTable];

export type Numbers = Pick<Values<SessionTable>, NumberName>;

/** Numbers that a plugin may send of a session or a message; an absent one is unknown, not 0. */
export const NUMBERS = keysOf(MESSAGE_FIELDS).filter(
  (name): name is NumberName =>
    name in SESSION_FIELDS && declared(MESSAGE_FIELDS, name).kind !== "label",
);

/** A whole number within bounds, fractions rounded down; undefined for NaN. */
export function clamp(value: number, least: number, most: number): number | undefined {
  return Number.isNaN(value) ? undefined : Math.min(most, Math.max(least, Math.floor(value)));
}
