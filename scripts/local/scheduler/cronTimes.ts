import { Cron } from "croner";

/** A schedule as `convex/server` exports it; all times are UTC. */
export type CronSchedule =
  | { type: "interval"; seconds?: number; minutes?: number; hours?: number }
  | { type: "hourly"; minuteUTC?: number }
  | { type: "daily"; hourUTC: number; minuteUTC?: number }
  | { type: "weekly"; dayOfWeek: string; hourUTC: number; minuteUTC?: number }
  | { type: "monthly"; day: number; hourUTC: number; minuteUTC?: number }
  | { type: "cron"; cron: string };

const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
/** Used if no minute is given, where Convex picks one. */
const DEFAULT_MINUTE = 17;

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

/**
 * Returns the first minute after `now` that matches a five-field cron expression, in UTC. `sloppyRanges` reads
 * `10/20` as from 10 in steps of 20, as a deployment does.
 */
function nextCron(cron: string, now: number): number {
  const next = new Cron(cron, { timezone: "UTC", mode: "5-part", sloppyRanges: true }).nextRun(
    new Date(now),
  );
  if (next === null) throw new Error(`The cron "${cron}" never runs`);
  return next.getTime();
}

/**
 * Returns when a schedule next runs, strictly after `now` (milliseconds since 1970). An interval counts from `planned`,
 * when it was last to run, so that late runs do not add up; times that have passed are skipped.
 */
export function nextRun(schedule: CronSchedule, now: number, planned = now): number {
  if (schedule.type !== "interval") return nextCron(asCron(schedule), now);
  const { seconds = 0, minutes = 0, hours = 0 } = schedule;
  const interval = ((hours * 60 + minutes) * 60 + seconds) * 1000;
  return planned + (Math.floor((now - planned) / interval) + 1) * interval;
}
