/** Length of a UTC day in milliseconds (UTC knows no daylight saving). */
export const DAY_MS = 86_400_000;

/** The UTC day of a time (ms), as `YYYY-MM-DD`. */
export function utcDate(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** The first millisecond of a UTC day. */
export function dayStart(date: string): number {
  return Date.parse(`${date}T00:00:00.000Z`);
}

/** Whether the text is an existing day, as `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const [year, month, day] = [text.slice(0, 4), text.slice(5, 7), text.slice(8)].map(Number);
  return day !== undefined && day >= 1 && day <= daysOf(year ?? 0, month ?? 0);
}

const DAYS_OF_MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The days of a month, 1–12; 0 for any other. */
function daysOf(year: number, month: number): number {
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return (DAYS_OF_MONTHS[month - 1] ?? 0) + (month === 2 && isLeapYear ? 1 : 0);
}
