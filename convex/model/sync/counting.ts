import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { quarterOf } from "../../lib/stats/cells";
import { grainName } from "../../lib/stats/names";
import { reportedBookings, reportedSums } from "../../lib/stats/reported";
import type { Booking } from "../../lib/stats/sessionDay";
import { priceSums } from "../../lib/stats/prices";
import { bookingOf, type UsageMessage, usageRank } from "../../lib/stats/usage";
import { type Change, claimedOf } from "../../lib/sync/sessionTotals";
import { type Names, SessionDays } from "../stats/ledger";
import { claim, type Counting, release } from "../stats/usageClaims";
import type { MessageChange } from "./changes";

/** Counts message changes: claims their usage, and books them in the ledger. */

type Session = Doc<"sessions">;

/** A change with its effect on the session's sums and its ledger bookings. */
export type CountedChange = { change: Change<MessageChange>; bookings: Booking[] };

/** Decides whether the usage of a changed message is counted, and returns the resulting bookings. */
export async function count(
  ctx: MutationCtx,
  counting: Counting,
  message: MessageChange,
): Promise<CountedChange> {
  const { externalId = "", createdAt, before, isCounted } = message;
  const now = { ...message, externalId };
  if (isCounted !== undefined) {
    // The message is unchanged; only whether its usage is counted has changed.
    const numbers = { ...message, before: undefined };
    return {
      change: { message, isCounted, before: { numbers, isCounted: !isCounted } },
      bookings: [
        pricedBooking(now, { isCounted: !isCounted, sign: -1 }),
        pricedBooking(now, { isCounted, sign: 1 }),
      ],
    };
  }
  const wasCounted = before === undefined || (await releaseBefore(ctx, counting, message));
  const counts = await claimNow(ctx, counting, message);
  const bookings = [pricedBooking(now, { isCounted: counts, sign: 1 })];
  if (before === undefined) return { change: { message, isCounted: counts }, bookings };
  const then = { ...before, externalId, createdAt };
  bookings.push(pricedBooking(then, { isCounted: wasCounted, sign: -1 }));
  const counted = { numbers: before, isCounted: wasCounted };
  return { change: { message, isCounted: counts, before: counted }, bookings };
}

/** What a message adds to the ledger, or takes from it, with the price of its usage. */
function pricedBooking(message: UsageMessage, how: { isCounted: boolean; sign: 1 | -1 }): Booking {
  const booking = bookingOf(message, how);
  if (!how.isCounted) return booking;
  return { ...booking, sums: { ...booking.sums, ...priceSums(message) } };
}

/** Releases the claim for the message's previous usage. A message without usage counts as counted. */
async function releaseBefore(
  ctx: MutationCtx,
  counting: Counting,
  { messageId, before }: MessageChange,
) {
  if (messageId === undefined || before?.usageKey === undefined) return true;
  return await release(ctx, { messageId, key: before.usageKey }, counting);
}

async function claimNow(ctx: MutationCtx, counting: Counting, message: MessageChange) {
  const { messageId, externalId = "", usageKey: key } = message;
  if (messageId === undefined || key === undefined) return true;
  const rank = usageRank(counting.session, { ...message, externalId });
  return await claim(ctx, { messageId, key, rank }, counting);
}

/** Days that one refresh renames, or searches for reported totals to subtract. */
const DAYS_MAX = 60;

/**
 * Updates the ledger for a session; `session` is the session after these changes were counted. Returns what
 * the ledger now contains of it, and whether another refresh is needed.
 */
export async function book(
  ctx: MutationCtx,
  session: Session,
  countedChanges: readonly CountedChange[],
): Promise<{ booked: NonNullable<Session["booked"]>; more: boolean }> {
  const { booked } = session;
  const names = namesOf(session);
  const days = new SessionDays(ctx, session, names);
  const renamedThrough = await renameDays(days, booked, names);
  await days.book(countedChanges.flatMap(({ bookings }) => bookings));
  const start = quarterOf(session.createdAt);
  await days.setStart(booked?.start, start);
  const before = booked?.reported ?? {};
  const target = reportedSums(claimedOf(session), session.counted);
  const at = reportTime(session, countedChanges);
  const latest = isIncrease(before, target) ? [] : await days.latest(DAYS_MAX);
  await days.book(reportedBookings(latest, { booked: before, wanted: target, at }));
  await days.save();
  const reported = Object.keys(target).length === 0 ? {} : { reported: target };
  const unfinished = renamedThrough === undefined ? {} : { renamedThrough };
  return {
    booked: { ...names, start, ...reported, ...unfinished },
    more: renamedThrough !== undefined,
  };
}

/** Renames the session's days if its names changed; returns the last day renamed if more remain. */
async function renameDays(days: SessionDays, booked: Session["booked"], names: Names) {
  if (booked === undefined) return undefined;
  const isSame = (["source", "project", "provider", "model"] as const).every(
    (name) => booked[name] === names[name],
  );
  if (isSame && booked.renamedThrough === undefined) return undefined;
  return await days.rename(isSame ? (booked.renamedThrough ?? -1) : -1, DAYS_MAX);
}

function isIncrease(
  before: { [name: string]: number },
  target: { [name: string]: number },
): boolean {
  return Object.entries(before).every(([name, value]) => {
    const now = target[name] ?? 0;
    return now === value || Math.sign(now - value) === Math.sign(value);
  });
}

/**
 * The names under which a session is booked. If only messages name a model, the first one is kept: it
 * applies only to days without a model of their own, and changing it would rename all days.
 */
function namesOf(session: Session): Names {
  const { source, projectName, projectPath, provider, booked } = session;
  const isNamed = session.reported.includes("model");
  const model = isNamed ? session.model : booked?.model || session.model;
  const keepsProvider = booked !== undefined && booked.model !== "" && !isNamed;
  return {
    source: grainName(source),
    project: grainName(projectName) || grainName(projectPath),
    model: grainName(model),
    provider: keepsProvider ? booked.provider : grainName(provider),
  };
}

/** Estimates when the session's reported totals increased. */
function reportTime(session: Session, countedChanges: readonly CountedChange[]): number {
  const times = countedChanges.map(({ change }) => change.message.createdAt);
  if (times.length > 0) return Math.max(...times);
  const isFirst = session.booked?.reported === undefined;
  return isFirst ? (session.activeUntil ?? session.createdAt) : session.updatedAt;
}
