import { readMs } from "../parseTime";

/** Finds source times wherever plugins put them. Pure; all results are epoch milliseconds. */

/** The earliest plausible time: no AI coding tool is older. Smaller numbers are seconds or invalid. */
const EARLIEST_MS = Date.UTC(2020, 0, 1);
/** How far a client's clock may be ahead of ours before its times are ignored. */
export const CLOCK_SKEW_MS = 10 * 60_000;

/** Reads a time as a number or text in any common form; undefined if it is invalid or implausible. */
export function readTime(value: unknown, now: number): number | undefined {
  const ms = readMs(value);
  return ms !== undefined && isPlausible(ms, now) ? ms : undefined;
}

/** Why a time is implausible; undefined for what is no time. */
export function timeFault(value: unknown, now: number): string | undefined {
  const ms = readMs(value);
  if (ms === undefined || isPlausible(ms, now)) return undefined;
  return ms < EARLIEST_MS ? "is before 2020" : "is in the future";
}

function isPlausible(ms: number, now: number): boolean {
  return ms >= EARLIEST_MS && ms <= now + CLOCK_SKEW_MS;
}

/**
 * The time encoded in a plugin's id: OpenCode's `msg_…` and `ses_…` (48 bits of ms × 4096 +
 * counter, complemented for sessions), or the `-user-<ms>` suffix of claude-code-sync 0.1.15.
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

/**
 * Restores the high bits that the 48-bit id lacks: picks the period (about 795 days) closest to
 * now.
 */
function openCodeTime(bits: bigint, now: number): number | undefined {
  const period = Number((BigInt(1) << BigInt(48)) / BigInt(4096));
  const base = Number(bits / BigInt(4096));
  const latest = now + CLOCK_SKEW_MS;
  const ms = base + Math.floor((latest - base) / period) * period;
  return isPlausible(ms, now) ? ms : undefined;
}
