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

/** Parses an ISO 8601 day or time to ms; undefined for anything else and for days that do not exist. */
export function parseIso(text: string): number | undefined {
  // `Date.parse` also accepts texts like "7" and "2026-02-30", differently on every engine.
  if (!/^\d{4}-\d{2}-\d{2}(?!\d)/.test(text) || !isDate(text.slice(0, 10))) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** Whether the text is an existing day, as `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = dayStart(text);
  return Number.isFinite(at) && utcDate(at) === text;
}
