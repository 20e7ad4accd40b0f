import { keysOf } from "../record";
import type { Numbers } from "../numbers";
import { type Counted, onlyClaimed } from "../sync/sessionTotals";
import { type CellSums, QUARTER_MS, QUARTERS_A_DAY, unpackCells } from "./cells";
import type { Booking, SessionDay } from "./sessionDay";
import { usageSums } from "./usage";
import { nanos, wholeCount } from "./ledger";

/**
 * Totals that only a session reports. They say no day, so that each increase is booked on the day it
 * was reported, and what the messages turn out to carry themselves is taken back. Pure.
 */

/** What the ledger shall hold of the session's own totals, beyond its messages. */
export function reportedSums(claimed: Numbers, counted: Counted | undefined): CellSums {
  const own = onlyClaimed(claimed, counted);
  const { durationMs, uncostedTokens = 0, ...usage } = usageSums({ ...own, durationMs: undefined });
  const { promptTokens = 0, completionTokens = 0, extraTokens = 0 } = usage;
  const reportedTokens = promptTokens + completionTokens + extraTokens;
  const withMessageCosts = (counted?.withCost ?? 0) > 0;
  // A cost that the session reports is the cost of its messages' tokens too.
  const covered = own.cost === undefined ? 0 : wholeCount(counted?.totalTokens);
  const sums: CellSums = {
    ...usage,
    uncostedTokens: withMessageCosts ? 0 : uncostedTokens - covered,
    reportedTokens,
    // A price belongs to a request, and a session's total says nothing of its requests.
    unpricedTokens: reportedTokens,
    reportedNanos: nanos(own.cost),
    durationMs:
      claimed.durationMs === undefined
        ? 0
        : wholeCount(claimed.durationMs) - wholeCount(counted?.durationMs),
  };
  return Object.fromEntries(Object.entries(sums).filter(([, value]) => value !== 0));
}

/**
 * The bookings that lead from what is booked to what shall be: increases at `at`, decreases out of what
 * was booked last. `days` are the session's latest days, newest first.
 */
export function reportedBookings(
  days: readonly SessionDay[],
  { booked, wanted, at }: { booked: CellSums; wanted: CellSums; at: number },
): Booking[] {
  const rest: CellSums = {};
  for (const name of new Set([...keysOf(booked), ...keysOf(wanted)])) {
    const change = (wanted[name] ?? 0) - (booked[name] ?? 0);
    if (change !== 0) rest[name] = change;
  }
  const bookings: Booking[] = [];
  for (const day of days) {
    for (const entry of day.entries.filter(({ isReported }) => isReported)) {
      const cells = Array.from(unpackCells(entry.cells)).sort(([a], [b]) => b - a);
      for (const [quarter, { sums }] of cells) {
        const taken = takeBack(rest, booked, sums);
        const { provider, model } = entry;
        const moment = (day.day * QUARTERS_A_DAY + quarter) * QUARTER_MS;
        if (keysOf(taken).length > 0) {
          bookings.push({ at: moment, provider, model, isReported: true, sums: taken, sign: 1 });
        }
      }
    }
  }
  if (keysOf(rest).length > 0) {
    bookings.push({ at, provider: "", model: "", isReported: true, sums: rest, sign: 1 });
  }
  return bookings;
}

/** What of `rest` goes against the sums of a cell: its opposite, as far as the cell has it. */
function takeBack(rest: CellSums, booked: CellSums, cell: CellSums): CellSums {
  const taken: CellSums = {};
  for (const name of keysOf(rest)) {
    const change = rest[name] ?? 0;
    const held = cell[name] ?? 0;
    const isAgainst = Math.sign(change) === -Math.sign(booked[name] ?? 0);
    if (!isAgainst || Math.sign(held) !== -Math.sign(change) || held === 0) continue;
    const part = Math.sign(change) * Math.min(Math.abs(held), Math.abs(change));
    taken[name] = part;
    if (part === change) delete rest[name];
    else rest[name] = change - part;
  }
  return taken;
}
