import { MESSAGE_FIELDS, SESSION_FIELDS } from "./sessions/fieldTable";
import { declared, type MessageTable, type SessionTable, type Values } from "./sessions/fields";
import { keysOf } from "./record";

/** A number of messages whose sum over a session is a number of that session. */
export type NumberName = {
  [N in keyof SessionTable & keyof MessageTable]: SessionTable[N]["kind"] extends "label"
    ? never
    : N;
}[keyof SessionTable & keyof MessageTable];

export type Numbers = Pick<Values<SessionTable>, NumberName>;

/** Numbers that plugins may send for sessions and messages. A missing number is unknown, not 0. */
export const NUMBERS = keysOf(MESSAGE_FIELDS).filter(
  (name): name is NumberName =>
    name in SESSION_FIELDS && declared(MESSAGE_FIELDS, name).kind !== "label",
);

/** Rounds down and limits a number to a range; undefined for NaN. */
export function clamp(value: number, least: number, most: number): number | undefined {
  return Number.isNaN(value) ? undefined : Math.min(most, Math.max(least, Math.floor(value)));
}
