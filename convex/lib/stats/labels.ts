const UNITS = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "K"],
] as const;

/** Formats a count with at most three digits and a unit: `950`, `1.24M`, `81.2K`. */
export function shortCount(count: number): string {
  const unit = UNITS.find(([size]) => count >= size * 0.9995);
  if (unit === undefined) return String(Math.round(count));
  return `${threeDigits(count / unit[0])}${unit[1]}`;
}

/** Formats dollars for people: `$0.0042`, `$1.25`, `$12.4K`. */
export function shortCost(cost: number): string {
  if (cost >= 1_000) return `$${shortCount(cost)}`;
  if (cost >= 0.01 || cost === 0) return `$${cost.toFixed(2)}`;
  return cost < 0.0001 ? "<$0.0001" : `$${cost.toFixed(4)}`;
}

/** Formats the cost of a sum. Without any reported cost it is unknown if there are tokens, not free. */
export const costOf = ({ cost, totalTokens }: { cost: number; totalTokens: number }): string =>
  cost > 0 || totalTokens === 0 ? shortCost(cost) : "unknown";

/** Formats the duration of a sum. Without any reported duration it is unknown if there are sessions. */
export const durationOf = ({ durationMs, sessions }: { durationMs: number; sessions: number }) =>
  durationMs > 0 || sessions === 0 ? shortDuration(durationMs) : "unknown";

/** Formats a duration in its two largest units: `2h 05m`, `48m`, `12s`. */
export function shortDuration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 100
    ? `${hours}h ${String(minutes % 60).padStart(2, "0")}m`
    : `${shortCount(hours)}h`;
}

const WEEKDAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const MONTHS =
  "January February March April May June July August September October November December".split(
    " ",
  );

/** Formats `2026-11-22` as `Sunday, 22 November 2026`. */
export function longDate(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  const month = MONTHS[day.getUTCMonth()] ?? "";
  return `${WEEKDAYS[day.getUTCDay()] ?? ""}, ${day.getUTCDate()} ${month} ${day.getUTCFullYear()}`;
}

/** Cuts a text to an estimated width in ems, with an ellipsis if anything was cut. */
export function fitted(text: string, maxEms: number): string {
  const chars = Array.from(text.slice(0, 400).replace(/\s+/g, " ").trim());
  let width = 0;
  let fits = 0;
  for (const char of chars) {
    width += charEms(char);
    if (width > maxEms) break;
    if (width <= maxEms - 0.8) fits++;
  }
  const isCut = width > maxEms || text.length > 400;
  return isCut ? `${chars.slice(0, fits).join("").trim()}…` : chars.join("");
}

function charEms(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  if (code >= 0x1100 && !(code >= 0x2000 && code < 0x2e80)) return 1;
  if (/[MWmw@%]/.test(char)) return 0.9;
  if (/[A-Z]/.test(char)) return 0.68;
  if (/[ilj.,:;|!'()[\]\-/ ]/.test(char)) return 0.34;
  return 0.57;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? trimmed(value.toFixed(1)) : trimmed(value.toFixed(2));
}

const trimmed = (text: string) => String(Number(text));
