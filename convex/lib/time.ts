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
  const at = dayStart(text);
  return Number.isFinite(at) && utcDate(at) === text;
}
