import { NUMBERS, type NumberName, type Numbers } from "../numbers";
import { totalOf } from "../stats/ledger";
import { modelName } from "../stats/names";
import { hasTokens } from "../stats/usage";

/**
 * Derives a session's sums, models, times and stale range from its messages. Each message is
 * counted once; a message that was sent again counts by its difference. Pure.
 */

/** Excludes `totalTokens`, because a message may send the two halves, the total, or both. */
const SUMMED_NUMBERS = NUMBERS.filter((name) => name !== "totalTokens");

/** The fields of a message that its session depends on. */
export type CountableMessage = Numbers & {
  /** When the message was stored or updated, ms; 0 if only its usage moved. */
  changedAt: number;
  orderKey: string;
  createdAt: number;
  model?: string;
  provider?: string;
};

/** A message to count. `before` is what was already counted of it. */
export type Change<M extends CountableMessage> = {
  message: M;
  /** False if the same usage is counted for another message. */
  isCounted: boolean;
  before?: { numbers: Numbers; isCounted: boolean };
};

/**
 * Sums over messages, and how many messages carry tokens and a cost, whether or not those are
 * counted here.
 */
export type Counted = Numbers & {
  withTokens?: number;
  withCost?: number;
  /** Messages whose usage is counted for another message. */
  elsewhere?: number;
};

/** The fields of a session that messages change. */
type CountedSession = Numbers & {
  reported: string[];
  claimed?: Numbers;
  counted?: Counted;
  models?: string[];
  messageCount: number;
  createdAt: number;
  updatedAt: number;
  activeUntil?: number;
  model?: string;
  provider?: string;
  modelOrderKey?: string;
  staleFrom?: string;
  staleTo?: string;
};

/** The most models listed per session. Searches by model find only listed ones. */
const MODELS_MAX = 20;

/** Returns the session with these changes counted. */
export function applyChanges<S extends CountedSession, M extends CountableMessage>(
  session: S,
  changes: readonly Change<M>[],
): S {
  const fresh = changes.filter(({ before }) => before === undefined);
  const messages = changes.map(({ message }) => message);
  const times = messages.map(({ createdAt }) => createdAt);
  const counted = countedWith(session.counted, changes);
  const next: S = {
    ...session,
    messageCount: session.messageCount + fresh.length,
    createdAt: Math.min(session.createdAt, ...times),
    updatedAt: Math.max(
      session.updatedAt,
      ...messages.map((message) => Math.floor(message.changedAt)),
    ),
    ...(messages.length > 0 ? { activeUntil: Math.max(session.activeUntil ?? 0, ...times) } : {}),
    ...modelOf(session, messages),
    ...modelsOf(session, messages),
    // Texts are unchanged where only the usage moved.
    ...staleRange(
      session,
      messages.filter(({ changedAt }) => changedAt > 0),
    ),
    counted,
  };
  return { ...next, ...headline(claimedOf(session), counted) };
}

function countedWith(
  counted: Counted | undefined,
  changes: readonly Change<CountableMessage>[],
): Counted {
  const next: Counted = { ...counted };
  const addCount = (name: "withTokens" | "withCost" | "elsewhere", by: number) => {
    const count = (next[name] ?? 0) + by;
    if (count === 0) delete next[name];
    else next[name] = count;
  };
  for (const { message, isCounted, before } of changes) {
    addNumbers(next, isCounted ? message : {}, 1);
    if (before?.isCounted) addNumbers(next, before.numbers, -1);
    const then = before?.numbers ?? {};
    addCount("withTokens", Number(hasTokens(message)) - Number(hasTokens(then)));
    addCount("withCost", Number(hasCost(message)) - Number(hasCost(then)));
    addCount("elsewhere", Number(!isCounted) - Number(before?.isCounted === false));
  }
  return next;
}

const hasCost = ({ cost = 0 }: Numbers) => cost > 0;

function addNumbers(sums: Numbers, numbers: Numbers, sign: 1 | -1): void {
  for (const key of SUMMED_NUMBERS) add(sums, key, numbers[key], sign);
  add(sums, "totalTokens", totalOf(numbers), sign);
}

function add(sums: Numbers, key: NumberName, value: number | undefined, sign: 1 | -1): void {
  if (value === undefined) return;
  const sum = (sums[key] ?? 0) + sign * value;
  sums[key] = key === "cost" ? roundNanos(sum) : sum;
}

/** Rounds to nano-dollars, so that sums of dollars do not depend on their order. */
function roundNanos(dollars: number): number {
  return Math.round(dollars * 1e9) / 1e9;
}

/**
 * The numbers that the plugin reported for the session; version 1 kept them in the session's own
 * columns.
 */
export function claimedOf(session: Numbers & { reported: string[]; claimed?: Numbers }): Numbers {
  if (session.claimed !== undefined) return session.claimed;
  const claimed: Numbers = {};
  for (const name of NUMBERS) if (session.reported.includes(name)) claimed[name] = session[name];
  return settleTotal(claimed);
}

/** Adds the total of a plugin that reports only prompt or completion tokens. */
export function settleTotal<N extends Numbers>(claimed: N): N {
  const totalTokens = totalOf(claimed);
  return totalTokens === undefined ? claimed : { ...claimed, totalTokens };
}

const TOKEN_HALVES = ["promptTokens", "completionTokens", "totalTokens"] as const;
const TOKEN_KINDS = ["cacheReadTokens", "cacheWriteTokens", "reasoningTokens"] as const;

/** The numbers that only the session reports, because its messages carry none of that kind. */
export function onlyClaimed(claimed: Numbers, counted: Counted | undefined): Numbers {
  const rest: Numbers = { ...claimed };
  const drop = (names: readonly NumberName[]) => names.forEach((name) => delete rest[name]);
  if ((counted?.withTokens ?? 0) > 0) drop([...TOKEN_HALVES, ...TOKEN_KINDS]);
  if ((counted?.withCost ?? 0) > 0) drop(["cost"]);
  return rest;
}

/**
 * The numbers shown first: the sums over the messages if they carry usage, otherwise what the
 * plugin reported. The session's own duration wins, because only it accounts for pauses.
 */
export function headline(claimed: Numbers, counted: Counted | undefined) {
  const shown = onlyClaimed(claimed, counted);
  const numbers: { [name in NumberName]: number | undefined } = {
    promptTokens: shown.promptTokens ?? counted?.promptTokens,
    completionTokens: shown.completionTokens ?? counted?.completionTokens,
    totalTokens: shown.totalTokens ?? counted?.totalTokens,
    cacheReadTokens: shown.cacheReadTokens ?? counted?.cacheReadTokens,
    cacheWriteTokens: shown.cacheWriteTokens ?? counted?.cacheWriteTokens,
    reasoningTokens: shown.reasoningTokens ?? counted?.reasoningTokens,
    cost: shown.cost ?? counted?.cost,
    durationMs: shown.durationMs ?? counted?.durationMs,
  };
  return numbers;
}

/** The model of the latest message that names one, unless the plugin named the session's model. */
function modelOf(session: CountedSession, changed: readonly CountableMessage[]) {
  let { model, provider, modelOrderKey } = session;
  if (session.reported.includes("model")) return {};
  for (const message of changed) {
    const name = modelName(message.model);
    if (name === undefined || message.orderKey < (modelOrderKey ?? "")) continue;
    model = name;
    provider = message.provider ?? provider;
    modelOrderKey = message.orderKey;
  }
  return { model, provider, modelOrderKey };
}

function modelsOf({ models = [] }: CountedSession, changed: readonly CountableMessage[]) {
  const named = changed.flatMap(({ model }) => modelName(model) ?? []);
  const all = Array.from(new Set([...models, ...named])).slice(0, MODELS_MAX);
  return all.length === models.length ? {} : { models: all.sort() };
}

/** Widens the stale range (order keys changed since the last embedding) by these messages. */
function staleRange(session: CountedSession, changed: readonly CountableMessage[]) {
  let { staleFrom, staleTo } = session;
  for (const { orderKey } of changed) {
    if (staleFrom === undefined || orderKey < staleFrom) staleFrom = orderKey;
    if (staleTo === undefined || orderKey > staleTo) staleTo = orderKey;
  }
  return { staleFrom, staleTo };
}
