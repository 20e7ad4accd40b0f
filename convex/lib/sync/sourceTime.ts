import { parseIso } from "../time";

/** Source times, wherever a plugin hides them. Pure; all results are epoch milliseconds. */

/** No AI coding tool is older; smaller numbers are seconds or rubbish. */
const EARLIEST_MS = Date.UTC(2020, 0, 1);
/** How far a laptop's clock may run ahead of ours before its times are ignored. */
const CLOCK_SKEW_MS = 10 * 60_000;
/** Below this a number is seconds (the year 5138 in seconds, 1973 in ms). */
export const SECONDS_LIMIT = 1e11;

/** A time as sent (ms, seconds, ISO text), or undefined if it is none or not plausible. */
export function readTime(value: unknown, now: number): number | undefined {
  const ms = toMs(value);
  return ms !== undefined && isPlausible(ms, now) ? ms : undefined;
}

function toMs(value: unknown): number | undefined {
  if (typeof value === "number" && Number.isFinite(value)) {
    return Math.floor(value < SECONDS_LIMIT ? value * 1000 : value);
  }
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return toMs(Number(text));
  return parseIso(text);
}

function isPlausible(ms: number, now: number): boolean {
  return ms >= EARLIEST_MS && ms <= now + CLOCK_SKEW_MS;
}

/**
 * The time inside a plugin's id: OpenCode's `msg_…` and `ses_…` (48 bits of ms × 4096 + counter,
 * complemented for sessions), or the `-user-<ms>` suffixes of claude-code-sync 0.1.15, as seen on the wire.
 */
export function timeFromId(id: string, now: number): number | undefined {
  const openCode = /^(msg|ses)_([0-9a-f]{12})/.exec(id);
  if (openCode) {
    const bits = BigInt(`0x${openCode[2]}`);
    const mask = (BigInt(1) << BigInt(48)) - BigInt(1);
    return openCodeTime(openCode[1] === "ses" ? bits ^ mask : bits, now);
  }
  const suffix = /-(?:user|tool|assistant|system)-(\d{13})$/.exec(id);
  return suffix ? readTime(Number(suffix[1]), now) : undefined;
}

/** The id keeps only 48 bits, so the period (about 795 days) that ends nearest to now is added back. */
function openCodeTime(bits: bigint, now: number): number | undefined {
  const period = Number((BigInt(1) << BigInt(48)) / BigInt(4096));
  const base = Number(bits / BigInt(4096));
  const latest = now + CLOCK_SKEW_MS;
  const ms = base + Math.floor((latest - base) / period) * period;
  return isPlausible(ms, now) ? ms : undefined;
}
