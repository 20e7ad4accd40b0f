import { isDate } from "./time";

/**
 * Reads times as people and programs write them, as epoch milliseconds. `Date.parse` is not used: it reads a
 * time without a zone in the zone of the machine, knows neither basic ISO nor a comma, and accepts texts like
 * "7" and "2026-02-30", differently on every engine. Pure.
 */

/** Numbers are read by their magnitude. Each limit is the year 5138 in its unit. */
const UNITS: readonly { below: number; perMs: number }[] = [
  { below: 1e11, perMs: 1 / 1_000 },
  { below: 1e14, perMs: 1 },
  { below: 1e17, perMs: 1_000 },
  { below: 1e20, perMs: 1_000_000 },
];

/** The milliseconds of a number of seconds, milliseconds, microseconds or nanoseconds. */
function msOfNumber(value: number): number | undefined {
  if (!(value >= 0)) return undefined;
  const unit = UNITS.find(({ below }) => value < below);
  // Rounded to microseconds first: 1.123 seconds are not 1,122 milliseconds.
  return unit && Math.floor(Math.round((value / unit.perMs) * 1_000) / 1_000);
}

const CLOCK = String.raw`(?<hour>\d{2}):?(?<minute>\d{2})(?::?(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?`;
const OFFSET = String.raw`[+-]\d{2}(?::?\d{2})?`;
const ZONE = `(?<zone>Z|UTC?|GMT|[ECMP][SD]T|${OFFSET})`;
/** What Go prints behind an offset: its abbreviation or itself again, and the reading of the monotonic clock. */
const BEHIND = String.raw`(?<=\d)(?: (?:[A-Z]{2,5}|[+-]\d{2,4}))?(?: m=[+-]\d{1,20}(?:\.\d{1,9})?)?`;
const MONTH_NAME = "(?<monthName>[A-Z][a-z]{2})";
const YEAR = String.raw`(?<year>\d{4})`;

/** ISO 8601 (also basic, SQL, Python, Go), RFC 2822 and HTTP, `date` and asctime, JavaScript's `String(date)`. */
const NOTATIONS = [
  `${YEAR}(?<dash>-?)(?<month>\\d{2})\\k<dash>(?<day>\\d{2})(?:[T ]${CLOCK}(?: ?${ZONE}(?:${BEHIND})?)?)?`,
  `(?:[A-Z][a-z]{2,8},? )?(?<day>\\d{1,2})[ -]${MONTH_NAME}[ -]${YEAR} ${CLOCK}(?: (?<half>[AP]M))?(?: ${ZONE})?`,
  `[A-Z][a-z]{2} ${MONTH_NAME} {1,2}(?<day>\\d{1,2}) ${CLOCK}(?: (?<half>[AP]M))?(?: ${ZONE})? ${YEAR}`,
  `[A-Z][a-z]{2} ${MONTH_NAME} (?<day>\\d{2}) ${YEAR} ${CLOCK} GMT${ZONE}(?: \\([^()]{0,60}\\))?`,
].map((notation) => new RegExp(`^${notation}$`, "i"));

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");

/** Hours of the zones that RFC 2822 names. Other abbreviations are not read, because many name several zones. */
const ZONE_HOURS: Readonly<Record<string, number>> = {
  ...{ Z: 0, UT: 0, UTC: 0, GMT: 0 },
  ...{ EST: -5, EDT: -4, CST: -6, CDT: -5, MST: -7, MDT: -6, PST: -8, PDT: -7 },
};

/**
 * Reads a day or a time; undefined for anything else, and for days and hours that do not exist. A time
 * without a zone is UTC, and a day is its first moment.
 */
function parseTime(text: string): number | undefined {
  for (const notation of NOTATIONS) {
    const groups = notation.exec(text)?.groups;
    if (groups !== undefined) return momentOf(groups);
  }
  return undefined;
}

/** The milliseconds of a time as a number or a text; undefined if it is neither. */
export function readMs(value: unknown): number | undefined {
  if (typeof value === "number") return msOfNumber(value);
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  return parseTime(text) ?? (/^\d+(?:\.\d+)?$/.test(text) ? msOfNumber(Number(text)) : undefined);
}

/** Reads a day, also in the basic form of ISO 8601, as `YYYY-MM-DD`; undefined for anything else. */
export function readDate(text: string): string | undefined {
  const date = text.replace(/^(\d{4})(\d{2})(\d{2})$/, "$1-$2-$3");
  return isDate(date) ? date : undefined;
}

function momentOf(groups: Readonly<Record<string, string | undefined>>): number | undefined {
  const { year, monthName, minute = "0", second = "0", fraction = "" } = groups;
  const hour = hourOf(groups.hour, groups.half);
  const offset = offsetMs(groups.zone);
  const named = String(MONTHS.indexOf(monthName?.toLowerCase() ?? "") + 1).padStart(2, "0");
  const month = monthName === undefined ? groups.month : named;
  const day = groups.day?.padStart(2, "0");
  const date = `${year}-${month}-${day}`;
  // A leap second is the first moment after its minute.
  const isClock = hour <= 23 && Number(minute) <= 59 && Number(second) <= 60;
  if (!isDate(date) || !isClock || offset === undefined) return undefined;
  const ms = Number(fraction.padEnd(3, "0").slice(0, 3));
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), hour);
  return local + (Number(minute) * 60 + Number(second)) * 1_000 + ms - offset;
}

/** The hour, 0–23; on a clock of twelve hours, 12 is the first of its half. NaN for what is no hour. */
function hourOf(hour = "0", half?: string): number {
  if (half === undefined) return Number(hour);
  if (Number(hour) < 1 || Number(hour) > 12) return NaN;
  return (Number(hour) % 12) + (half.toUpperCase() === "PM" ? 12 : 0);
}

/** The largest offset of a zone, in minutes: 14 hours, on Kiritimati. A larger one is a mistake. */
const OFFSET_MAX_MINUTES = 14 * 60;

/** The offset of a zone in ms; undefined for one that no zone has. */
function offsetMs(zone = "Z"): number | undefined {
  const hours = ZONE_HOURS[zone.toUpperCase()];
  if (hours !== undefined) return hours * 3_600_000;
  const [, sign, ofHours = "0", ofMinutes = "0"] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  const minutes = Number(ofHours) * 60 + Number(ofMinutes);
  if (minutes > OFFSET_MAX_MINUTES || Number(ofMinutes) > 59) return undefined;
  return (sign === "-" ? -1 : 1) * minutes * 60_000;
}
