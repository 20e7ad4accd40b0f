import fc from "fast-check";
import { fnv1a } from "../lib/hash";

/**
 * Random histories of sessions, and a brute-force count of what statistics must say of them: from the messages
 * that are left at the end, without any of the ledger's code but the hash that breaks ties.
 */

export const SESSIONS = ["s0", "s1", "s2"] as const;
const QUARTER_MS = 900_000;

/** A call of a message, whose result may be in another message (`open`) or in the same one. */
type Call = { tool: string; id?: string; isOpen?: boolean; hasFailed?: boolean };

/** A message of the history, as last sent. Without `calls` a delivery keeps those before it. */
export type Sent = {
  session: string;
  id: string;
  at: number;
  text: string;
  model: string;
  prompt: number;
  completion: number;
  cacheRead: number;
  api?: string;
  calls?: Call[];
  /** Call ids of failed results whose call is in another message. */
  failed?: string[];
};

export type Step =
  | { kind: "message"; sent: Sent }
  | { kind: "again"; nth: number }
  | { kind: "fork"; from: string; to: string; isAnnounced: boolean }
  | { kind: "delete"; session: string }
  | { kind: "restore"; session: string }
  | { kind: "project"; session: string; name: string }
  | { kind: "settle" };

/** Times around midnight in many zones, and around clock changes. */
const BASES = [
  Date.UTC(2026, 9, 24, 22),
  Date.UTC(2026, 9, 25, 1),
  Date.UTC(2026, 9, 31, 18, 15),
  Date.UTC(2026, 10, 1, 6),
  Date.UTC(2026, 10, 2, 0),
];
const OFFSETS = [-1, 0, 899_999, 900_000, 5 * 900_000 - 1, 3_600_000 * 9 + 900_000];
const moment = fc
  .tuple(fc.constantFrom(...BASES), fc.constantFrom(...OFFSETS))
  .map(([base, offset]) => base + offset);
const session = fc.constantFrom(...SESSIONS);

/** A model with a price: $3 a million tokens read, $15 written, $0.30 from the cache, at this size. */
export const PRICED = "claude-sonnet-4-5";
const priceNanos = ({ prompt, completion, cacheRead, model }: Sent) =>
  model === PRICED ? prompt * 3_000 + completion * 15_000 + cacheRead * 300 : 0;
const unpriced = ({ prompt, completion, model }: Sent) =>
  model === PRICED ? 0 : prompt + completion;
const costOf = ({ prompt, completion }: Sent) => (prompt * 3 + completion * 15) / 1e7;

const call: fc.Arbitrary<Call> = fc.oneof(
  fc.record({ tool: fc.constantFrom("Bash", "Read"), hasFailed: fc.boolean() }),
  fc.record({
    tool: fc.constantFrom("Bash", "Edit"),
    id: fc.constantFrom("c1", "c2"),
    isOpen: fc.constant(true),
  }),
);

const message = fc
  .record({
    session,
    id: fc.constantFrom("m0", "m1", "m2", "m3"),
    at: moment,
    text: fc.constantFrom("a", "b"),
    model: fc.constantFrom(PRICED, "gpt-y", "<synthetic>", ""),
    prompt: fc.constantFrom(0, 0, 100, 1_001),
    completion: fc.constantFrom(0, 7, 20),
    cacheRead: fc.constantFrom(0, 0, 33),
    api: fc.option(fc.constantFrom("r1", "r2"), { nil: undefined }),
    tools: fc.option(
      fc.record({
        // A call id belongs to one call.
        calls: fc.uniqueArray(call, {
          maxLength: 3,
          selector: ({ id, tool, hasFailed }) => id ?? `${tool} ${hasFailed}`,
        }),
        failed: fc.uniqueArray(fc.constantFrom("c1", "c2", "c3"), { maxLength: 2 }),
      }),
      { nil: undefined },
    ),
  })
  .map(({ tools, ...sent }): Sent => {
    const ids = new Set(tools?.calls.map(({ id }) => id));
    const failed = tools?.failed.filter((id) => !ids.has(id));
    const whole = { ...sent, ...(tools && failed ? { calls: tools.calls, failed } : {}) };
    // A response has one model and one time.
    return sent.api === undefined
      ? whole
      : { ...whole, model: PRICED, at: BASES[1] ?? 0, prompt: 100, cacheRead: 0 };
  });

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 9, arbitrary: message.map((sent): Step => ({ kind: "message", sent })) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("again" as const), nth: fc.nat(30) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("fork" as const),
      ...{ from: session, to: session, isAnnounced: fc.boolean() },
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), session }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restore" as const), session }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("project" as const),
      session,
      name: fc.constantFrom("p", "q"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("settle" as const) }) },
);

/** The message as a plugin would send it. */
export function body(sent: Sent) {
  return {
    sessionExternalId: sent.session,
    externalId: sent.id,
    role: "assistant",
    textContent: sent.text,
    ...(sent.model === "" ? {} : { model: sent.model }),
    promptTokens: sent.prompt,
    completionTokens: sent.completion,
    cacheReadTokens: sent.cacheRead,
    cost: costOf(sent),
    ...(sent.api === undefined ? {} : { apiMessageId: sent.api }),
    ...(sent.calls === undefined ? {} : { parts: partsOf(sent) }),
    createdAt: sent.at,
  };
}

function partsOf({ calls = [], failed = [] }: Sent) {
  return [
    ...calls.flatMap(({ tool, id, isOpen, hasFailed }) => {
      const use = { type: "tool_use", ...(id === undefined ? {} : { id }), name: tool, input: {} };
      const result = { type: "tool_result", content: "out", is_error: hasFailed };
      return isOpen ? [use] : [use, result];
    }),
    ...failed.map((id) => ({
      ...{ type: "tool_result", tool_use_id: id, content: "no", is_error: true },
    })),
  ];
}

/**
 * A message that is left, whether its usage is counted, and the model that it counts for. `isStart` is no
 * message but the start of a session, where it is in no quarter hour of its messages.
 */
type Counted = { sent: Sent; isCounted: boolean; model: string; isStart?: boolean };

/** The state after a history: messages by session and id in order of arrival, and what is told of sessions. */
export class History {
  readonly messages = new Map<string, Sent>();
  readonly projects = new Map<string, string>();
  readonly deleted = new Set<string>();
  readonly #forks = new Set<string>();
  /** When sessions began, as a plugin told. */
  readonly #begun = new Map<string, number>();
  readonly sent: Sent[] = [];

  send(sent: Sent): Sent {
    const key = `${sent.session} ${sent.id}`;
    const before = this.messages.get(key);
    // A message keeps its time, the fields that a delivery does not send, and a model that is known.
    const now = { ...sent, at: before?.at ?? sent.at };
    if (nameOf(now) === "" && before && (now.model === "" || nameOf(before) !== "")) {
      now.model = before.model;
    }
    now.api ??= before?.api;
    if (sent.calls === undefined && before) Object.assign(now, toolsOf(before));
    this.messages.set(key, now);
    this.sent.push(sent);
    return sent;
  }

  has(name: string): boolean {
    return this.of(name).length > 0;
  }

  of(name: string): Sent[] {
    return Array.from(this.messages.values()).filter((sent) => sent.session === name);
  }

  announce(name: string, { at, isFork }: { at: number; isFork: boolean }): void {
    this.deleted.delete(name);
    this.#begun.set(name, Math.min(at, this.#begun.get(name) ?? at));
    if (isFork) this.#forks.add(name);
  }

  remove(name: string): void {
    for (const [key, sent] of this.messages) if (sent.session === name) this.messages.delete(key);
    this.projects.delete(name);
    this.#forks.delete(name);
    this.#begun.delete(name);
    this.deleted.add(name);
  }

  /** The messages; each usage counts for one of its copies: the greatest, then the earliest. */
  counted(): Counted[] {
    const all = Array.from(this.messages.values());
    const first = new Map<string, Sent>();
    for (const sent of all) {
      const known = first.get(usageOf(sent));
      if (known === undefined || this.#rank(sent) < this.#rank(known)) {
        first.set(usageOf(sent), sent);
      }
    }
    const messages = all.map((sent) => {
      const isCounted = first.get(usageOf(sent)) === sent;
      return { sent, isCounted, model: this.#modelOf(sent) };
    });
    return [...messages, ...this.#starts()];
  }

  #starts(): Counted[] {
    return Array.from(this.#begun).flatMap(([name, told]) => {
      const times = this.of(name).map(({ at }) => at);
      const at = Math.min(told, ...times);
      if (times.some((time) => quarterOf(time) === quarterOf(at))) return [];
      const sent = { ...NOTHING, session: name, at };
      return [{ sent, isCounted: false, isStart: true, model: this.#modelOf(sent) }];
    });
  }

  #rank({ prompt, completion, at, session: name, id }: Sent): string {
    const weight = 9e8 - (prompt + 2 * completion);
    const hash = (text: string) => String(fnv1a(text)).padStart(10, "0");
    const parent = this.#forks.has(name) ? 1 : 0;
    return [weight, at, parent, hash(name), hash(id)].join();
  }

  /** Its own model; else that of most messages of its session on this day (UTC); else the session's first. */
  #modelOf(sent: Sent): string {
    const own = nameOf(sent);
    if (own !== "") return own;
    const named = this.of(sent.session).filter((one) => nameOf(one) !== "");
    const counts = new Map<string, number>();
    for (const one of named) {
      if (dayOf(one.at) !== dayOf(sent.at)) continue;
      counts.set(one.model, (counts.get(one.model) ?? 0) + 1);
    }
    const [best] = Array.from(counts).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    if (best !== undefined) return best[0];
    const [earliest] = [...named].sort((a, b) => a.at - b.at);
    return earliest?.model ?? "unknown";
  }

  /** Calls and errors by tool, with their times. */
  toolUses(): { sent: Sent; tool: string; calls: number; errors: number }[] {
    return Array.from(this.messages.values()).flatMap((sent) => {
      const { calls = [], failed = [] } = sent;
      const own = calls.map(({ tool, hasFailed, isOpen }) => {
        return { sent, tool, calls: 1, errors: hasFailed && !isOpen ? 1 : 0 };
      });
      const open = this.of(sent.session).flatMap((one) => one.calls ?? []);
      const others = failed.map((id) => {
        const [tool = "unknown"] = open.flatMap((one) => (one.id === id ? [one.tool] : [])).sort();
        return { sent, tool, calls: 0, errors: 1 };
      });
      return [...own, ...others];
    });
  }
}

const NOTHING: Sent = {
  ...{ session: "", id: "", at: 0, text: "", model: "" },
  ...{ prompt: 0, completion: 0, cacheRead: 0 },
};
const quarterOf = (at: number) => Math.floor(at / QUARTER_MS);
const dayOf = (at: number) => Math.floor(at / 86_400_000);

/** The model that a message names; empty for none and for placeholders. */
const nameOf = ({ model }: Sent) => (model.startsWith("<") ? "" : model);

function toolsOf({ calls, failed }: Sent) {
  return { calls, failed };
}

function usageOf({ id, at, text, prompt, completion, cacheRead, api }: Sent): string {
  return api ?? JSON.stringify([id, at, text, prompt, completion, cacheRead]);
}

/** Numbers of statistics in tokens and whole nano-dollars. */
export type Sum = {
  messages: number;
  tokens: number;
  cacheRead: number;
  nanos: number;
  computed: number;
  unpriced: number;
};

export function sumOf(counted: readonly Counted[]): Sum {
  const own = counted.filter(({ isCounted }) => isCounted).map(({ sent }) => sent);
  const sum = (number: (sent: Sent) => number) => own.reduce((all, sent) => all + number(sent), 0);
  return {
    messages: counted.filter(({ isStart }) => !isStart).length,
    tokens: sum(({ prompt, completion }) => prompt + completion),
    cacheRead: sum(({ cacheRead }) => cacheRead),
    nanos: sum((sent) => Math.round(costOf(sent) * 1e9)),
    computed: sum(priceNanos),
    unpriced: sum(unpriced),
  };
}

export function sessionsOf(counted: readonly Counted[]): number {
  return new Set(counted.map(({ sent }) => sent.session)).size;
}

/** The last quarter hour of activity, as ms. */
export function lastActiveOf(counted: readonly Counted[]): number {
  const last = Math.max(...counted.map(({ sent }) => sent.at));
  return quarterOf(last) * QUARTER_MS;
}

/** Groups values by a key, as an object. */
export function grouped<T, R>(
  values: readonly T[],
  key: (value: T) => string,
  result: (group: T[]) => R,
): { [key: string]: R } {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
  return Object.fromEntries(Array.from(groups, ([name, group]) => [name, result(group)]));
}
