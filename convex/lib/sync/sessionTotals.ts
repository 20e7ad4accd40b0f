import { NUMBERS, type NumberName, type Numbers } from "../numbers";
import { totalOf } from "../stats/ledger";
import { modelName } from "../stats/names";
import { hasTokens } from "../stats/usage";

/**
 * What follows from messages for their session: sums, models, times, and the range that changed. Pure.
 * A message is counted once, or by its difference to what was counted.
 */

/** Totals are not summed like the rest: a message may send halves, a whole, or both. */
const SUMMED_NUMBERS = NUMBERS.filter((name) => name !== "totalTokens");

/** As much of a message as its session needs. */
export type FoldableMessage = Numbers & {
  /** When the message was stored, or stored again, ms; 0 where only its usage moved. */
  changedAt: number;
  orderKey: string;
  createdAt: number;
  model?: string;
  provider?: string;
};

/** A message to be counted; `before` is what was counted of it. */
export type Change<M extends FoldableMessage> = {
  message: M;
  /** False where the same usage is counted of another message. */
  isCounted: boolean;
  before?: { numbers: Numbers; isCounted: boolean };
};

/** Sums over messages, and how many of them carried tokens, and a cost, whoever counts these. */
export type Counted = Numbers & {
  withTokens?: number;
  withCost?: number;
  /** Messages whose usage is counted of another message. */
  elsewhere?: number;
};

/** As much of a session as messages change. */
type FoldedSession = Numbers & {
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

/** Models that a session lists; a session with more is found by these. */
const MODELS_MAX = 20;

/** Returns the session with these changes counted. */
export function fold<S extends FoldedSession, M extends FoldableMessage>(
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
    // Texts stay as they are where only the usage moved.
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
  changes: readonly Change<FoldableMessage>[],
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

/** Sums of dollars do not depend on their order when each is a whole number of nano-dollars. */
function roundNanos(dollars: number): number {
  return Math.round(dollars * 1e9) / 1e9;
}

/** What the plugin reported of the session; version 1 kept it in the session's own columns. */
export function claimedOf(session: Numbers & { reported: string[]; claimed?: Numbers }): Numbers {
  if (session.claimed !== undefined) return session.claimed;
  const claimed: Numbers = {};
  for (const name of NUMBERS) if (session.reported.includes(name)) claimed[name] = session[name];
  return settleTotal(claimed);
}

/** A plugin that reports a half but not the whole means the sum of both halves. */
export function settleTotal<N extends Numbers>(claimed: N): N {
  const totalTokens = totalOf(claimed);
  return totalTokens === undefined ? claimed : { ...claimed, totalTokens };
}

const TOKEN_HALVES = ["promptTokens", "completionTokens", "totalTokens"] as const;
const TOKEN_KINDS = ["cacheReadTokens", "cacheWriteTokens", "reasoningTokens"] as const;

/** The numbers that only the session reports, because its messages carry none of their kind. */
export function onlyClaimed(claimed: Numbers, counted: Counted | undefined): Numbers {
  const rest: Numbers = { ...claimed };
  const drop = (names: readonly NumberName[]) => names.forEach((name) => delete rest[name]);
  if ((counted?.withTokens ?? 0) > 0) drop([...TOKEN_HALVES, ...TOKEN_KINDS]);
  if ((counted?.withCost ?? 0) > 0) drop(["cost"]);
  return rest;
}

/**
 * The numbers that are shown first: what the messages add up to where they carry usage, else what the
 * plugin reported of the session. A duration is the session's own, which knows its pauses.
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

/** The model of the latest message that names one, unless the plugin named the session's. */
function modelOf(session: FoldedSession, changed: readonly FoldableMessage[]) {
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

function modelsOf({ models = [] }: FoldedSession, changed: readonly FoldableMessage[]) {
  const named = changed.flatMap(({ model }) => modelName(model) ?? []);
  const all = Array.from(new Set([...models, ...named])).slice(0, MODELS_MAX);
  return all.length === models.length ? {} : { models: all.sort() };
}

/** The range of order keys that changed since the last embedding, widened by these messages. */
function staleRange(session: FoldedSession, changed: readonly FoldableMessage[]) {
  let { staleFrom, staleTo } = session;
  for (const { orderKey } of changed) {
    if (staleFrom === undefined || orderKey < staleFrom) staleFrom = orderKey;
    if (staleTo === undefined || orderKey > staleTo) staleTo = orderKey;
  }
  return { staleFrom, staleTo };
}
