import { NUMBERS, type NumberName, type Numbers } from "../numbers";

/**
 * What follows from messages for their session: sums, model, times, and the range that changed. Pure.
 * A new message is counted whole, a changed one by its difference to what was counted (`before`).
 */

/** Totals are not summed like the rest: a message may send halves, a whole, or both. */
const SUMMED_NUMBERS = NUMBERS.filter((name) => name !== "totalTokens");

/** A change of a message as its session needs it. */
type Change = Numbers & {
  changedAt: number;
  role: string;
  orderKey: string;
  createdAt: number;
  model?: string;
  provider?: string;
  /** The numbers that the session counts already; absent for a new message. */
  before?: Numbers;
};

/** As much of a session as messages change. */
type FoldedSession = Numbers & {
  reported: string[];
  messageCount: number;
  createdAt: number;
  updatedAt: number;
  model?: string;
  provider?: string;
  modelOrderKey?: string;
  staleFrom?: string;
  staleTo?: string;
};

/** Returns the session with these changes counted. */
export function fold<S extends FoldedSession>(session: S, changed: readonly Change[]): S {
  const fresh = changed.filter(({ before }) => before === undefined);
  const next: S = {
    ...session,
    messageCount: session.messageCount + fresh.length,
    createdAt: Math.min(session.createdAt, ...changed.map((message) => message.createdAt)),
    updatedAt: Math.max(
      session.updatedAt,
      ...changed.map((message) => Math.floor(message.changedAt)),
    ),
    ...modelOf(session, changed),
    ...staleRange(session, changed),
  };
  for (const message of changed) addNumbers(next, message, message.before ?? {});
  return settleTotal(next);
}

/** Adds what a message says beyond what was counted of it; the plugin's own numbers are left alone. */
function addNumbers(session: FoldedSession, now: Numbers, counted: Numbers): void {
  for (const key of SUMMED_NUMBERS) {
    if (!session.reported.includes(key)) add(session, key, now[key], counted[key]);
  }
  if (!session.reported.includes("totalTokens")) {
    add(session, "totalTokens", totalOf(now), totalOf(counted));
  }
}

function add(
  session: FoldedSession,
  key: NumberName,
  now: number | undefined,
  counted: number | undefined,
): void {
  if (now === undefined && counted === undefined) return;
  const sum = (session[key] ?? 0) + (now ?? 0) - (counted ?? 0);
  session[key] = key === "cost" ? roundNanos(sum) : sum;
}

/** Sums of dollars do not depend on their order when each is a whole number of nano-dollars. */
function roundNanos(dollars: number): number {
  return Math.round(dollars * 1e9) / 1e9;
}

/** All tokens of a message; undefined while none are known. */
function totalOf(message: Numbers): number | undefined {
  const { promptTokens, completionTokens, totalTokens } = message;
  if (totalTokens !== undefined) return totalTokens;
  if (promptTokens === undefined && completionTokens === undefined) return undefined;
  return (promptTokens ?? 0) + (completionTokens ?? 0);
}

/** A plugin that reports a half but not the whole means the sum of both halves. */
export function settleTotal<S extends Numbers & { reported: string[] }>(session: S): S {
  const { reported, promptTokens, completionTokens } = session;
  const halves = reported.includes("promptTokens") || reported.includes("completionTokens");
  if (!halves || reported.includes("totalTokens")) return session;
  return { ...session, totalTokens: (promptTokens ?? 0) + (completionTokens ?? 0) };
}

/** The model of the latest message that names one, unless the plugin named the session's. */
function modelOf(session: FoldedSession, changed: readonly Change[]) {
  let { model, provider, modelOrderKey } = session;
  if (session.reported.includes("model")) return {};
  for (const message of changed) {
    if (message.model === undefined || message.orderKey < (modelOrderKey ?? "")) continue;
    model = message.model;
    provider = message.provider ?? provider;
    modelOrderKey = message.orderKey;
  }
  return { model, provider, modelOrderKey };
}

/** The range of order keys that changed since the last embedding, widened by these messages. */
function staleRange(session: FoldedSession, changed: readonly Change[]) {
  let { staleFrom, staleTo } = session;
  for (const { orderKey } of changed) {
    if (staleFrom === undefined || orderKey < staleFrom) staleFrom = orderKey;
    if (staleTo === undefined || orderKey > staleTo) staleTo = orderKey;
  }
  return { staleFrom, staleTo };
}
