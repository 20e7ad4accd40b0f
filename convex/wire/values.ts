import * as z from "zod";
import { readDate, readMs } from "../lib/parseTime";
import { DAY_MS, dayStart } from "../lib/time";
import { cutLabel, readLabel } from "./fields";
import { repeatable } from "./parameters";

/**
 * Parses parameters of requests by people and programs, in a query or a JSON body. A value that cannot be
 * read is refused, because ignoring it would answer something else than was asked.
 */

/**
 * A parameter that is a whole number; `fallback` if it is missing. Numbers above `max` count as `max`. Rejects
 * everything else, because ignoring a limit, or raising it to `min`, would return more than was asked for.
 */
export function clamped(description: string, min: number, max: number, fallback: number) {
  return z
    .unknown()
    .optional()
    .transform((value, issues): number => {
      if (isBlank(value)) return fallback;
      const number = readWhole(value);
      if (number !== undefined && number >= min) return Math.min(max, number);
      issues.addIssue({ code: "custom", message: wholeNumber(min) });
      return z.NEVER;
    })
    .meta({ type: "integer", minimum: min, maximum: max, default: fallback, description });
}

const isBlank = (value: unknown) =>
  value === undefined || value === null || (typeof value === "string" && value.trim() === "");

/** A whole number that is not negative; as text only in digits, because `1e3` is more likely a mistake. */
function readWhole(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d+$/.test(value.trim()) ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number) && number >= 0 ? number : undefined;
}

const wholeNumber = (least: number) => `must be a whole number in digits, ${least} or more`;

/**
 * A list of tags, repeated or separated by commas. A tag may contain a comma, so each value as a whole is
 * one of them too.
 */
export const tagList = (description: string) =>
  list((value) => {
    const wholes = itemsOf(value).flatMap((one) => readLabel(one) ?? []);
    const tags = wholes.flatMap((whole) => [...splitList(whole), whole]);
    return tags.length === 0 ? undefined : Array.from(new Set(tags));
  }, description);

/** A list of ids, repeated or separated by commas. Rejects an empty one, which would select everything. */
export const chosenList = (description: string) =>
  list((value) => {
    const chosen = readItems(value);
    if (chosen.length > CHOSEN_MAX) return TOO_LONG;
    return chosen.length === 0 ? EMPTY : chosen;
  }, description);

/** The most ids of a list: an argument of a function has at most 8,192 items. */
const CHOSEN_MAX = 5_000;

/** Values of a list that are refused, with their faults. */
const EMPTY = { fault: "is empty" };
const TOO_LONG = { fault: `has more than ${CHOSEN_MAX} items` };

/** A list as text of any length, because an id in it must not be cut. */
const readList = (value: unknown) => (typeof value === "string" ? value : (readLabel(value) ?? ""));

const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

function splitList(text: string): string[] {
  const items = text.split(",").map((item) => item.trim());
  return items.filter((item) => item !== "");
}

function list(
  read: (value: unknown) => string[] | undefined | { fault: string },
  description: string,
) {
  const schema = z
    .unknown()
    .transform((value, issues): string[] | undefined => {
      const found = read(value);
      if (found === undefined || Array.isArray(found)) return found;
      issues.addIssue({ code: "custom", message: found.fault });
      return z.NEVER;
    })
    .optional()
    .meta({ type: "array", items: { type: "string" }, description });
  return repeatable(schema);
}

/** The items of a list that is repeated or separated by commas. */
export const readItems = (value: unknown): string[] =>
  itemsOf(value).flatMap((one) => splitList(readList(one)));

/** Rejects an empty value, because it would otherwise select everything. */
export const chosenLabel = (description: string) =>
  z
    .unknown()
    .transform((value, issues): string => {
      const found = cutLabel(readLabel(value));
      if (found !== undefined) return found;
      issues.addIssue({ code: "custom", message: "is empty" });
      return z.NEVER;
    })
    .optional()
    .meta({ type: "string", description });

/** One of these words; rejects anything else. Older clients send an empty text for "any". */
export const oneOf = <const Words extends readonly string[]>(words: Words, description: string) =>
  z
    .preprocess(
      (value) => (value === "" || value === null ? undefined : value),
      z.enum(words).optional(),
    )
    .meta({ description });

/** True for `true`, `1` or an empty text; rejects anything that is not a boolean. */
export const flag = (description: string, fallback = false) =>
  z
    .unknown()
    .optional()
    .transform((value, issues): boolean => {
      const text = typeof value === "string" ? value.trim() : JSON.stringify(value ?? fallback);
      if (/^(true|1|yes|y|on|)$/i.test(text)) return true;
      if (/^(false|0|no|n|off)$/i.test(text)) return false;
      issues.addIssue({ code: "custom", message: "must be true or false" });
      return z.NEVER;
    })
    .meta({ type: "boolean", default: fallback, description });

/** A whole number of at least `least`. */
export const bound = (description: string, least: number) =>
  z
    .unknown()
    .optional()
    .transform((value, issues): number | undefined => {
      if (value === undefined || value === null) return undefined;
      const number = readWhole(value);
      if (number !== undefined && number >= least) return number;
      issues.addIssue({ code: "custom", message: wholeNumber(least) });
      return z.NEVER;
    })
    .meta({ type: "integer", minimum: least, description });

/** A time (a number or text in any common form) or a UTC day, in ms; a day means its first or last millisecond. */
export function moment(description: string, edge: "start" | "end" = "start") {
  const read = (text: string) => readMoment(text, edge);
  return dayOrTime(read, `${description} As \`YYYY-MM-DD\` (UTC), ISO 8601 or epoch ms.`);
}

/** A day (`YYYY-MM-DD`), or a time in ms, for which the caller takes the day in its time zone. */
export function day(description: string) {
  const read = (text: string): string | number | undefined => readDate(text) ?? readMs(text);
  return dayOrTime(
    read,
    `${description} As \`YYYY-MM-DD\`; a time (ISO 8601 or epoch ms) means its day in \`tz\`.`,
  );
}

function dayOrTime<T>(read: (text: string) => T | undefined, description: string) {
  return z
    .unknown()
    .optional()
    .transform((value, issues): T | undefined => {
      const text = typeof value === "number" ? String(value) : (value ?? "");
      if (typeof text === "string" && text.trim() === "") return undefined;
      const found = typeof text === "string" ? read(text.trim()) : undefined;
      if (found !== undefined) return found;
      issues.addIssue({ code: "custom", message: "must be a day (YYYY-MM-DD) or a time" });
      return z.NEVER;
    })
    .meta({ type: ["integer", "string"], description });
}

function readMoment(value: string, edge: "start" | "end"): number | undefined {
  const date = readDate(value);
  if (date === undefined) return readMs(value);
  return dayStart(date) + (edge === "end" ? DAY_MS - 1 : 0);
}
