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
import { claim, release } from "../stats/usageClaims";
import type { MessageChange } from "./changes";

/** Counting changes of messages: claims of their usage, and what follows for the ledger. */

type Session = Doc<"sessions">;

/** A change to be counted, and what the ledger shall change for it. */
export type Counting = { change: Change<MessageChange>; bookings: Booking[] };

/** Decides whether the usage of a changed message is counted, and what that books. */
export async function count(
  ctx: MutationCtx,
  session: Session,
  message: MessageChange,
): Promise<Counting> {
  const { externalId = "", createdAt, before, isCounted } = message;
  const now = { ...message, externalId };
  if (isCounted !== undefined) {
    // Only who counts the usage has changed.
    const numbers = { ...message, before: undefined };
    return {
      change: { message, isCounted, before: { numbers, isCounted: !isCounted } },
      bookings: [
        pricedBooking(now, { isCounted: !isCounted, sign: -1 }),
        pricedBooking(now, { isCounted, sign: 1 }),
      ],
    };
  }
  const wasCounted = before === undefined || (await releaseBefore(ctx, session, message));
  const counts = await claimNow(ctx, session, message);
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

/** A message without usage counts: there is nothing to count twice. */
async function releaseBefore(
  ctx: MutationCtx,
  session: Session,
  { messageId, before }: MessageChange,
) {
  if (messageId === undefined || before?.usageKey === undefined) return true;
  return await release(ctx, { messageId, key: before.usageKey }, session);
}

async function claimNow(ctx: MutationCtx, session: Session, message: MessageChange) {
  const { messageId, externalId = "", usageKey: key } = message;
  if (messageId === undefined || key === undefined) return true;
  const rank = usageRank(session, { ...message, externalId });
  return await claim(ctx, { messageId, key, rank }, session);
}

/** Days that one run renames, or searches for totals to take back. */
const DAYS_MAX = 60;

/**
 * Brings the ledger from what it holds of a session to what it shall hold, `session` being the session
 * after these messages were counted. Answers what it holds then, and whether a further run is needed.
 */
export async function book(
  ctx: MutationCtx,
  session: Session,
  countings: readonly Counting[],
): Promise<{ booked: NonNullable<Session["booked"]>; more: boolean }> {
  const { booked } = session;
  const names = namesOf(session);
  const days = new SessionDays(ctx, session, names);
  const renamedThrough = await renamed(days, booked, names);
  await days.book(countings.flatMap(({ bookings }) => bookings));
  const start = quarterOf(session.createdAt);
  await days.setStart(booked?.start, start);
  const before = booked?.reported ?? {};
  const wanted = reportedSums(claimedOf(session), session.counted);
  const at = reportTime(session, countings);
  const latest = isGrown(before, wanted) ? [] : await days.latest(DAYS_MAX);
  await days.book(reportedBookings(latest, { booked: before, wanted, at }));
  await days.save();
  const reported = Object.keys(wanted).length === 0 ? {} : { reported: wanted };
  const unfinished = renamedThrough === undefined ? {} : { renamedThrough };
  return {
    booked: { ...names, start, ...reported, ...unfinished },
    more: renamedThrough !== undefined,
  };
}

/** Renames the session's days where its names changed; answers how far, if there are more. */
async function renamed(days: SessionDays, booked: Session["booked"], names: Names) {
  if (booked === undefined) return undefined;
  const isSame = (["source", "project", "provider", "model"] as const).every(
    (name) => booked[name] === names[name],
  );
  if (isSame && booked.renamedThrough === undefined) return undefined;
  return await days.rename(isSame ? (booked.renamedThrough ?? -1) : -1, DAYS_MAX);
}

function isGrown(before: { [name: string]: number }, wanted: { [name: string]: number }): boolean {
  return Object.entries(before).every(([name, value]) => {
    const now = wanted[name] ?? 0;
    return now === value || Math.sign(now - value) === Math.sign(value);
  });
}

/**
 * The names that a session is booked under. A model that only messages name stays the one first seen:
 * it stands in where nothing of a day names a model, and each change renames all days.
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

/** When an increase of the session's own totals happened, as far as can be told. */
function reportTime(session: Session, countings: readonly Counting[]): number {
  const times = countings.map(({ change }) => change.message.createdAt);
  if (times.length > 0) return Math.max(...times);
  const isFirst = session.booked?.reported === undefined;
  return isFirst ? (session.activeUntil ?? session.createdAt) : session.updatedAt;
}
