import type { Doc } from "../../_generated/dataModel";
import type { MutationCtx } from "../../_generated/server";
import { quarterOf } from "../../lib/stats/cells";
import { defined } from "../../lib/record";
import { grainName, modelName } from "../../lib/stats/names";
import { reportedBookings, reportedSums } from "../../lib/stats/reported";
import type { Booking } from "../../lib/stats/sessionDay";
import { priceNanos, priceSums } from "../../lib/stats/prices";
import { bookingOf, type UsageMessage, usageRank } from "../../lib/stats/usage";
import { type Change, claimedOf } from "../../lib/sync/sessionTotals";
import { type Names, SessionDays } from "../stats/ledger";
import { claim, type Counting, release, type Released } from "../stats/usageClaims";
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
    const usage = { ...now, tools: undefined };
    const { price } = message;
    return {
      change: { message, isCounted, before: { numbers, isCounted: !isCounted } },
      bookings: [
        pricedBooking(usage, { isCounted: !isCounted, sign: -1, price }),
        pricedBooking(usage, { isCounted, sign: 1, price }),
      ],
    };
  }
  const { wasCounted, price: then } = await releaseBefore(ctx, counting, message);
  const price = priceNanos(now);
  const counts = await claimNow(ctx, counting, { message, price });
  const bookings = [pricedBooking(now, { isCounted: counts, sign: 1, price })];
  if (before === undefined) return { change: { message, isCounted: counts }, bookings };
  const old = { ...before, externalId, createdAt };
  bookings.push(pricedBooking(old, { isCounted: wasCounted, sign: -1, price: then }));
  const counted = { numbers: before, isCounted: wasCounted };
  return { change: { message, isCounted: counts, before: counted }, bookings };
}

/**
 * Returns what a message adds to the ledger or takes from it, with the price of its usage. An earlier booking is
 * taken back at the price of that time, because the price table may have changed since.
 */
function pricedBooking(
  message: UsageMessage,
  how: { isCounted: boolean; sign: 1 | -1; price: number | null | undefined },
): Booking {
  const booking = bookingOf(message, how);
  if (!how.isCounted) return booking;
  const price = how.price === undefined ? priceNanos(message) : how.price;
  return { ...booking, sums: { ...booking.sums, ...priceSums(message, price) } };
}

/** Releases the claim for the message's previous usage. A message without usage counts as counted. */
async function releaseBefore(
  ctx: MutationCtx,
  counting: Counting,
  { messageId, before }: MessageChange,
): Promise<Released> {
  if (messageId === undefined || before?.usageKey === undefined) return { wasCounted: true };
  return await release(ctx, { messageId, key: before.usageKey }, counting);
}

async function claimNow(
  ctx: MutationCtx,
  counting: Counting,
  { message, price }: { message: MessageChange; price: number | null },
): Promise<boolean> {
  const { messageId, externalId = "", usageKey: key } = message;
  if (messageId === undefined || key === undefined) return true;
  const rank = usageRank(counting.session, { ...message, externalId });
  return await claim(ctx, { messageId, key, rank, price }, counting);
}

/** Days that one refresh renames, or searches for reported totals to subtract. */
const DAYS_MAX = 60;

/**
 * Updates the ledger for a session; `session` is the session after these changes were counted, `others` are
 * bookings that belong to no single change. Returns what the ledger now contains of the session, and whether
 * another refresh is needed.
 */
export async function book(
  ctx: MutationCtx,
  session: Session,
  countedChanges: readonly CountedChange[],
  others: readonly Booking[],
): Promise<{ booked: NonNullable<Session["booked"]>; more: boolean }> {
  const { booked } = session;
  const { names, modelKey } = namesOf(session, countedChanges);
  const days = new SessionDays(ctx, session, names);
  const renamedThrough = await renameDays(days, booked, names);
  await days.book([...countedChanges.flatMap(({ bookings }) => bookings), ...others]);
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
    booked: { ...names, start, ...reported, ...unfinished, ...defined({ modelKey }) },
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
 * The names under which a session is booked. If only messages name a model, that of the first message which
 * names one applies to days without a model of their own: the first, because the last changes with every
 * message, and changing it renames all days.
 */
function namesOf(session: Session, countedChanges: readonly CountedChange[]) {
  const { source, projectName, projectPath } = session;
  const names = {
    source: grainName(source),
    project: grainName(projectName) || grainName(projectPath),
  };
  const isReported = (name: string) => session.reported.includes(name);
  if (isReported("model")) {
    const { model, provider } = session;
    return { names: { ...names, model: grainName(model), provider: grainName(provider) } };
  }
  const { model, provider, modelKey } = firstModel(session, countedChanges);
  return {
    names: {
      ...names,
      model: grainName(model),
      provider: grainName(isReported("provider") ? session.provider : provider),
    },
    modelKey,
  };
}

type FirstModel = { model?: string; provider?: string; modelKey?: string };

/** The model of the first message that names one, and the order key of that message. */
function firstModel(session: Session, countedChanges: readonly CountedChange[]): FirstModel {
  const { booked } = session;
  // Sessions booked by an earlier version keep their model, because its message is unknown.
  if (booked && booked.model !== "" && booked.modelKey === undefined) return booked;
  let first: FirstModel | undefined = booked?.modelKey === undefined ? undefined : booked;
  for (const { change } of countedChanges) {
    const { orderKey: modelKey, model, provider, isCounted } = change.message;
    const name = isCounted === undefined ? modelName(model) : undefined;
    if (name === undefined || (first?.modelKey ?? modelKey) < modelKey) continue;
    first = { model: name, provider, modelKey };
  }
  return first ?? { model: session.model, provider: session.provider };
}

/** Estimates when the session's reported totals increased. */
function reportTime(session: Session, countedChanges: readonly CountedChange[]): number {
  const times = countedChanges.map(({ change }) => change.message.createdAt);
  if (times.length > 0) return Math.max(...times);
  const isFirst = session.booked?.reported === undefined;
  return isFirst ? (session.activeUntil ?? session.createdAt) : session.updatedAt;
}
