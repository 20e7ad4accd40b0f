/** A schedule as `convex/server` exports it; all times are UTC. */
export type CronSchedule =
  | { type: "interval"; seconds?: number; minutes?: number; hours?: number }
  | { type: "hourly"; minuteUTC?: number }
  | { type: "daily"; hourUTC: number; minuteUTC?: number }
  | { type: "weekly"; dayOfWeek: string; hourUTC: number; minuteUTC?: number }
  | { type: "monthly"; day: number; hourUTC: number; minuteUTC?: number }
  | { type: "cron"; cron: string };

const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Convex picks a minute where none is given; here it is always the same one, off the hour. */
const DEFAULT_MINUTE = 17;

interface Field {
  values: Set<number>;
  /** Whether the field restricts anything: `*` does not. */
  isRestricted: boolean;
}

function numberOf(text: string, names: string[], base: number): number {
  const named = names.findIndex((name) => name.slice(0, 3) === text.toLowerCase().slice(0, 3));
  const number = named >= 0 && !/^\d/.test(text) ? named + base : Number(text);
  if (!Number.isInteger(number)) throw new Error(`Invalid cron field "${text}"`);
  return number;
}

function parseField(text: string, low: number, high: number, names: string[] = []): Field {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const [range = "", stepText] = part.split("/");
    const step = stepText === undefined ? 1 : Number(stepText);
    const [from, to] =
      range === "*" ? [low, high] : range.split("-").map((end) => numberOf(end, names, low));
    const last = to ?? (stepText === undefined ? from : high);
    if (from === undefined || last === undefined || !(step >= 1) || from < low || last > high)
      throw new Error(`Invalid cron field "${text}"`);
    for (let value = from; value <= last; value += step) values.add(value);
  }
  return { values, isRestricted: text !== "*" };
}

function asCron(schedule: Exclude<CronSchedule, { type: "interval" }>): string {
  if (schedule.type === "cron") return schedule.cron;
  const minute = schedule.minuteUTC ?? DEFAULT_MINUTE;
  switch (schedule.type) {
    case "hourly":
      return `${minute} * * * *`;
    case "daily":
      return `${minute} ${schedule.hourUTC} * * *`;
    case "weekly":
      return `${minute} ${schedule.hourUTC} * * ${DAYS.indexOf(schedule.dayOfWeek)}`;
    case "monthly":
      return `${minute} ${schedule.hourUTC} ${schedule.day} * *`;
  }
}

/** The first minute after `now` that a five-field cron names. */
function nextCron(cron: string, now: number): number {
  const [minute = "", hour = "", day = "", month = "", weekday = "", ...rest] = cron
    .trim()
    .split(/\s+/);
  if (weekday === "" || rest.length > 0)
    throw new Error(`Invalid cron "${cron}": five fields are needed`);
  const minutes = parseField(minute, 0, 59);
  const hours = parseField(hour, 0, 23);
  const days = parseField(day, 1, 31);
  const months = parseField(month, 1, 12, MONTHS);
  const weekdays = parseField(weekday.replace(/7/g, "0"), 0, 6, DAYS);
  const isDay = (date: Date) => {
    const inMonth = days.values.has(date.getUTCDate());
    const inWeek = weekdays.values.has(date.getUTCDay());
    // By custom either of the two suffices where both are restricted.
    return days.isRestricted && weekdays.isRestricted ? inMonth || inWeek : inMonth && inWeek;
  };
  let time = (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
  const end = now + 5 * 366 * DAY_MS;
  while (time < end) {
    const date = new Date(time);
    if (!months.values.has(date.getUTCMonth() + 1) || !isDay(date))
      time = (Math.floor(time / DAY_MS) + 1) * DAY_MS;
    else if (hours.values.has(date.getUTCHours()) && minutes.values.has(date.getUTCMinutes()))
      return time;
    else time += MINUTE_MS;
  }
  throw new Error(`The cron "${cron}" never runs`);
}

/** When a schedule next runs, strictly after `now` (milliseconds since 1970). */
export function nextRun(schedule: CronSchedule, now: number): number {
  if (schedule.type !== "interval") return nextCron(asCron(schedule), now);
  const { seconds = 0, minutes = 0, hours = 0 } = schedule;
  return now + ((hours * 60 + minutes) * 60 + seconds) * 1000;
}
