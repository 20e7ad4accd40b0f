import { DAY_MS, dayStart, isDate, utcDate } from "../time";
import { QUARTER_MS, quarterOf } from "./cells";

/** Days of time zones, from the runtime's time zone database. Pure. */

export const UTC = "UTC";

/** The canonical name of a time zone; undefined for unknown ones. */
export function zoneNamed(name: string): string | undefined {
  try {
    // Reject offsets (`+02:00`): they have no daylight saving, and engines parse them differently.
    if (!/^[a-z]/i.test(name)) return undefined;
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

const QUARTERS_A_DAY = DAY_MS / QUARTER_MS;

/** Calculates dates and hours in one time zone. Caches offsets, because the runtime is slow. */
export class Zone {
  readonly #format: Intl.DateTimeFormat | undefined;
  /** Offsets in ms by quarter hour. */
  readonly #offsets = new Map<number, number>();
  readonly #starts = new Map<string, number>();

  constructor(readonly name: string) {
    if (name === UTC) return;
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    });
  }

  /** The day (`YYYY-MM-DD`) of a quarter hour. */
  dateOf(quarter: number): string {
    return utcDate(this.#local(quarter));
  }

  /** The hour of the day, 0–23. */
  hourOf(quarter: number): number {
    return new Date(this.#local(quarter)).getUTCHours();
  }

  /** The first quarter hour of a day. */
  startOf(date: string): number {
    const known = this.#starts.get(date);
    if (known !== undefined) return known;
    const midnight = dayStart(date) / QUARTER_MS;
    if (this.#format === undefined) return midnight;
    // Offsets are between -12 and +14 hours.
    let quarter = midnight - 15 * 4;
    while (quarter < midnight + 13 * 4 && this.dateOf(quarter) < date) quarter += 1;
    this.#starts.set(date, quarter);
    return quarter;
  }

  /** The local time at the start of a quarter hour, as ms that read like UTC. */
  #local(quarter: number): number {
    return quarter * QUARTER_MS + (this.#format === undefined ? 0 : this.#offset(quarter));
  }

  #offset(quarter: number): number {
    // If a day starts and ends with the same offset, the offset is constant.
    const first = Math.floor(quarter / QUARTERS_A_DAY) * QUARTERS_A_DAY;
    const [atFirst, atLast] = [this.#asked(first), this.#asked(first + QUARTERS_A_DAY - 1)];
    return atFirst === atLast ? atFirst : this.#asked(quarter);
  }

  #asked(quarter: number): number {
    const known = this.#offsets.get(quarter);
    if (known !== undefined || this.#format === undefined) return known ?? 0;
    const part: { [type: string]: number } = {};
    const parts = this.#format.formatToParts(quarter * QUARTER_MS);
    for (const { type, value } of parts) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = part;
    const offset = Date.UTC(year, month - 1, day, hour, minute) - quarter * QUARTER_MS;
    this.#offsets.set(quarter, offset);
    return offset;
  }
}

/** A day as it is, or the day of a time (ms) in a time zone. */
export function dayOf(given: string | number | undefined, zone: Zone): string | undefined {
  return typeof given === "number" ? zone.dateOf(quarterOf(given)) : given;
}

/** The day that `today`, `yesterday` or a date names in a time zone; undefined for anything else. */
export function dayNamed(name: string, zone: Zone, now: number): string | undefined {
  const today = zone.dateOf(quarterOf(now));
  if (name === "today") return today;
  if (name === "yesterday") return utcDate(dayStart(today) - DAY_MS);
  return isDate(name) ? name : undefined;
}
