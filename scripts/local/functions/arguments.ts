import type { JSONValue } from "convex/values";
import { parseJson } from "../values/json.ts";

/** The arguments of a call: a value, and the JSON text of the list, with this one value, that the handler reads. */
export interface Arguments {
  value: JSONValue;
  list: string;
}

export function argumentsOf(value: JSONValue): Arguments {
  return { value, list: JSON.stringify([value]) };
}

/** The arguments in a list that `takeArguments` has taken out of a syscall. */
export function argumentsIn(list: string): Arguments {
  return { value: parseJson<JSONValue[]>(list)[0] ?? {}, list };
}

/** What the `convex` package writes around the arguments of `ctx.run*` in an action. Its other fields are short texts. */
const BEFORE = ',"args":';
const AFTER = ',"version":';

/**
 * Takes the list of arguments out of the text of a syscall of `ctx.run*`, so that it need be neither parsed with the rest
 * nor printed again for the handler: an import passes a megabyte of messages. Null if the text has another shape.
 */
export function takeArguments(text: string): { rest: string; list: string } | null {
  const from = text.indexOf(BEFORE);
  const to = text.lastIndexOf(AFTER);
  if (from < 0 || to < from) return null;
  const list = `[${text.slice(from + BEFORE.length, to)}]`;
  return { rest: text.slice(0, from) + text.slice(to), list };
}
