import type { Doc, Id } from "../../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../../_generated/server";
import { AppError, notFound } from "../../errors";
import type { ExportHead } from "../../exports/types";
import { NUMBERS } from "../../lib/numbers";
import { defined, pick, record } from "../../lib/record";
import { OWNER_VIEWS, SESSION_FIELDS, type OwnerView } from "../../lib/sessions/fieldTable";
import { type SessionTable, viewBy, viewOf } from "../../lib/sessions/fields";
import { matchesFilter } from "../../lib/sessions/filter";
import { sessionState } from "../../lib/sessions/live";
import { isPlaceholderTitle } from "../../lib/sessions/titles";
import { claimedOf } from "../../lib/sync/sessionTotals";
import { sessionUsage } from "../../lib/stats/sessionUsage";
import type { SessionAnswer } from "../../wire/answers";
import { DEFAULT_SOURCE } from "../../wire/sources";
import { willRemove } from "../accounts/deletionState";
import type { User } from "../accounts/user";
import { startSessionDeletion } from "./deletion";
import { sharingOf } from "./sharing";
import type { DeletedItem, Outcome, SessionFields } from "../sync/shapes";
import * as Tombstones from "../tombstones";
import { hasRoom, takeWithin } from "../readBudget";
import { nextRefresh, scheduleRefresh } from "../sync/refreshSchedule";
import { mergeSession, mergeSource } from "./merge";

/** Writers need the whole user row, because it records whether all data of the user is being deleted. */
type Writer = Doc<"users">;

/** The user's session with this external id, or null. */
export async function findByExternalId(
  ctx: QueryCtx,
  user: User,
  externalId: string,
): Promise<Doc<"sessions"> | null> {
  return await ctx.db
    .query("sessions")
    .withIndex("by_user_external", (q) => q.eq("userId", user._id).eq("externalId", externalId))
    .unique();
}

/** Returns the user's session by our id only, or null; for queries, which must not throw. */
export async function findOwn(
  ctx: QueryCtx,
  user: User | null,
  id: string,
): Promise<Doc<"sessions"> | null> {
  const ourId = ctx.db.normalizeId("sessions", id);
  const session = user && ourId && (await ctx.db.get("sessions", ourId));
  return session && session.userId === user._id ? session : null;
}

/** Returns the user's session by our id or the plugin's, or null. Other users' sessions also return null. */
export async function find(ctx: QueryCtx, user: User, id: string): Promise<Doc<"sessions"> | null> {
  return (await findOwn(ctx, user, id)) ?? (await findByExternalId(ctx, user, id));
}

/** Returns the user's session by our id or the plugin's; throws 404 if it does not exist. */
export async function require(ctx: QueryCtx, user: User, id: string): Promise<Doc<"sessions">> {
  const session = await find(ctx, user, id);
  if (session === null) throw notFound("Session");
  return session;
}

/** A new session without any fields from a plugin. */
function blank(userId: Id<"users">, externalId: string, now: number) {
  return {
    userId,
    externalId,
    source: DEFAULT_SOURCE,
    sourceIsExplicit: false,
    announced: false,
    reported: [],
    messageCount: 0,
    createdAt: now,
    updatedAt: now,
    // Not the time of the request, which may have begun long before: changes are read in this order.
    changedAt: Date.now(),
    isPublic: false,
  } satisfies Omit<Doc<"sessions">, "_id" | "_creationTime">;
}

/**
 * Returns the session to write to, or null. A session that a running deletion of all data has yet to reach
 * is deleted here, so that what is sent from now on belongs to a new session and survives that deletion.
 */
async function findForWriting(
  ctx: MutationCtx,
  user: Writer,
  externalId: string,
): Promise<Doc<"sessions"> | null> {
  const stored = await findByExternalId(ctx, user, externalId);
  if (stored === null || !willRemove(user, stored)) return stored;
  await startSessionDeletion(ctx, stored);
  return null;
}

/**
 * Stores a plugin's fields of a session. A request without changes writes nothing; other requests schedule
 * a refresh of derived data (search text, statistics).
 */
export async function upsert(
  ctx: MutationCtx,
  user: Writer,
  input: SessionFields,
  now: number,
): Promise<{ sessionId: Id<"sessions">; outcome: Outcome } | DeletedItem> {
  const { restore, ...sent } = input;
  const stored = await findForWriting(ctx, user, input.externalId);
  if (stored === null && restore) await Tombstones.forgetSession(ctx, user, input.externalId);
  if (stored === null && (await Tombstones.isSessionDeleted(ctx, user, input.externalId))) {
    return { outcome: "deleted" };
  }
  const before = stored ?? blank(user._id, input.externalId, input.createdAt ?? now);
  const merged = mergeSession(before, sent);
  if (stored === null) {
    const due = { refreshDueAt: nextRefresh(undefined, now) };
    const sessionId = await ctx.db.insert("sessions", { ...before, ...merged, ...due });
    await scheduleRefresh(ctx, sessionId);
    return { sessionId, outcome: "inserted" };
  }
  if (isSame(stored, merged)) return { sessionId: stored._id, outcome: "skipped" };
  const refreshDueAt = nextRefresh(stored.refreshDueAt, now);
  const due = refreshDueAt === undefined ? {} : { refreshDueAt };
  await ctx.db.patch("sessions", stored._id, {
    ...merged,
    ...due,
    updatedAt: now,
    changedAt: Date.now(),
  });
  if (refreshDueAt !== undefined) await scheduleRefresh(ctx, stored._id);
  return { sessionId: stored._id, outcome: "updated" };
}

function isSame<T extends object>(stored: T, merged: Partial<T>): boolean {
  return JSON.stringify({ ...stored, ...merged }) === JSON.stringify(stored);
}

/**
 * Returns the session of a message, and creates it if necessary, because some plugins never send sessions.
 * Returns null if its owner deleted it.
 */
export async function ensure(
  ctx: MutationCtx,
  user: Writer,
  message: { sessionExternalId: string; source?: string; createdAt: number },
  now: number,
): Promise<Doc<"sessions"> | null> {
  const stored = await findForWriting(ctx, user, message.sessionExternalId);
  if (stored !== null) return stored;
  if (await Tombstones.isSessionDeleted(ctx, user, message.sessionExternalId)) return null;
  const fresh = blank(user._id, message.sessionExternalId, Math.min(message.createdAt, now));
  const id = await ctx.db.insert("sessions", { ...fresh, ...mergeSource(fresh, message.source) });
  const session = await ctx.db.get("sessions", id);
  if (session === null)
    throw new AppError("INTERNAL", "The session was deleted while it was being created");
  return session;
}

/** Session rows that one page of external ids reads: a thousand of the usual 1.5 kB. */
const EXTERNAL_IDS_BUDGET = { rows: 1_000, bytes: 4 * 1024 * 1024 };

/** What plugins compare with their own: enough to find sessions that are incomplete here. */
export type Announced = Pick<
  Doc<"sessions">,
  "externalId" | "source" | "messageCount" | "updatedAt"
> & { sessionId: string; lastMessageAt?: number };

/**
 * A page of the sessions that plugins sent, by external id, of one source or of all; `next` starts the next
 * page, null at the end. A page may be shorter than `limit`.
 */
export async function announcedPage(
  ctx: QueryCtx,
  user: User,
  { after, limit = Infinity, source }: { after: string; limit?: number; source?: string },
): Promise<{ sessions: Announced[]; next: string | null }> {
  const sessions = ctx.db
    .query("sessions")
    .withIndex("by_user_external", (q) => q.eq("userId", user._id).gt("externalId", after));
  const budget = { ...EXTERNAL_IDS_BUDGET, rows: Math.min(limit, EXTERNAL_IDS_BUDGET.rows) };
  const rows = await takeWithin(sessions, budget);
  const announced = rows.filter(
    (session) => session.announced && matchesFilter(session, { source }),
  );
  return {
    sessions: announced.map(announcedView),
    next: hasRoom(budget) ? null : (rows[rows.length - 1]?.externalId ?? null),
  };
}

function announcedView(session: Doc<"sessions">): Announced {
  const { _id: sessionId, externalId, source, messageCount, updatedAt, activeUntil } = session;
  const times = { updatedAt, ...(activeUntil === undefined ? {} : { lastMessageAt: activeUntil }) };
  return { externalId, sessionId, source, messageCount, ...times };
}

/** Returns the title to show: the stored title, or the start of the first prompt if that is a placeholder. */
export function shownTitle(session: Doc<"sessions">): string | undefined {
  const { title, promptTitle } = session;
  return title === undefined || isPlaceholderTitle(title) ? (promptTitle ?? title) : title;
}

/** Columns that every view contains in addition to the fields of the field table. */
function ownColumns(session: Doc<"sessions">) {
  return {
    externalId: session.externalId,
    source: session.source,
    messageCount: session.messageCount,
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
    evalStatus: session.evalStatus,
    evalTags: session.evalTags,
    reviewedAt: session.reviewedAt,
  };
}

const NUMBER_NAMES: ReadonlySet<string> = new Set(NUMBERS);

/** A field of a session as views show it: with its shown title, and without a number that is 0, which means unknown. */
function shownValue(session: Doc<"sessions">, name: keyof SessionTable) {
  if (name === "title") return shownTitle(session);
  const value = session[name];
  return value === 0 && NUMBER_NAMES.has(name) ? undefined : value;
}

const FIELDS_IN = record(OWNER_VIEWS, (view) => viewBy(SESSION_FIELDS, view, shownValue));

/** A session as exports may contain it. Columns are listed one by one, so that a new column is not exported by accident. */
export function headView(session: Doc<"sessions">): ExportHead {
  return {
    ...ownColumns(session),
    ...FIELDS_IN.export(session),
    reportedFields: reportedFields(session),
    ...(session.titleEdited ? { titleEdited: true } : {}),
    ...(session.evalReady ? { evalReady: true } : {}),
  };
}

/** The values that the plugin reported for the session, by the names in `reported`. */
function reportedFields(session: Doc<"sessions">): ExportHead["reportedFields"] {
  const names = NUMBERS.filter((name) => session.reported.includes(name));
  const model = session.reported.includes("model") ? { model: session.model } : {};
  return defined({ ...pick(claimedOf(session), names), ...model });
}

/** What `reported` may name of a session's answer. */
const REPORTED = [...NUMBERS, "model"];

/** A session as its owner sees it. Unknown tokens and cost are 0, as older clients expect. */
export function sessionView(session: Doc<"sessions">, view: OwnerView): SessionAnswer {
  const { promptTokens = 0, completionTokens = 0, totalTokens = 0, cost = 0 } = session;
  const now = Date.now();
  return {
    id: session._id,
    _id: session._id,
    ...ownColumns(session),
    ...FIELDS_IN[view](session),
    ...{ promptTokens, completionTokens, totalTokens, cost },
    state: sessionState(session, now),
    lastMessageAt: session.activeUntil,
    changedAt: session.changedAt ?? session.updatedAt,
    reported: REPORTED.filter((name) => session.reported.includes(name)),
    secrets: session.secrets ?? [],
    ...(view === "session" ? { usage: sessionUsage(session), models: session.models } : {}),
    ...sharingOf(session, now),
    evalReady: session.evalReady ?? false,
    evalTags: session.evalTags ?? [],
  };
}

const fieldsForStrangers = viewOf(SESSION_FIELDS, "shared");

/** A shared session as strangers see it: without the owner, paths or cost. */
export function publicView(session: Doc<"sessions">) {
  const { source, createdAt, totalTokens = 0 } = session;
  const fields = fieldsForStrangers({ ...session, title: shownTitle(session), totalTokens });
  return { ...fields, totalTokens, source, createdAt };
}
