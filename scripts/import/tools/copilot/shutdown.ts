import { countIn, fieldsIn, isJsonObject, type JsonObject } from "../../json.ts";
import type { Numbers } from "../../rows.ts";

/** What each model spent, as the tool tells it when it ends. Pure. */

type Counters = { [name: string]: number };

/** What must be remembered between two ends of the tool. Plain JSON. */
export type SpendingMemo = {
  /** Counters of each model when the tool ended last. */
  counters: { [model: string]: Counters };
  /** The last answer of each model since then, its output, and the output of all. */
  answers: { [model: string]: Answer };
};

type Answer = { id: string; output: number; sum: number };

/** What a model spent, and the answer that it is booked on; without an answer it stands alone. */
export type Spent = { model: string; numbers: Numbers; answer?: string };

const COUNTERS = [
  ...["inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens"],
  "reasoningTokens",
];

/** Answers of a model that nothing names. */
const UNNAMED = "";

/** Remembers an answer, which has its own output already. */
export function rememberAnswer(
  memo: SpendingMemo,
  { id, model = UNNAMED, output }: { id: string; model: string | undefined; output: number },
): void {
  const sum = (memo.answers[model]?.sum ?? 0) + output;
  memo.answers[model] = { id, output, sum };
}

/** What each model spent since the tool ended last. */
export function spentAtEnd(memo: SpendingMemo, metrics: JsonObject): Spent[] {
  const all = Object.keys(metrics);
  return Object.entries(metrics).flatMap(([model, one]) => {
    const spent = grown(memo, model, fieldsIn(isJsonObject(one) ? one : {}, "usage"));
    const answer = memo.answers[model] ?? takeUnnamed(memo, model, all);
    const rest = Math.max(0, (spent.completionTokens ?? 0) - (answer?.sum ?? 0));
    const numbers = { ...spent, completionTokens: rest + (answer?.output ?? 0) };
    Reflect.deleteProperty(memo.answers, model);
    if (Object.values(numbers).every((value) => value === 0)) return [];
    return [{ model, numbers, ...(answer === undefined ? {} : { answer: answer.id }) }];
  });
}

/** The last answer under no model's name or only its maker's, if it can be of this model: the shutdown names all. */
function takeUnnamed(
  { answers }: SpendingMemo,
  model: string,
  all: readonly string[],
): Answer | undefined {
  const unnamed = Object.keys(answers).filter((name) => !all.includes(name));
  const waiting = all.filter((name) => answers[name] === undefined);
  const name =
    unnamed.find((one) => one !== UNNAMED && model.startsWith(one)) ??
    (waiting.length === 1 ? unnamed[0] : undefined);
  if (name === undefined) return undefined;
  const answer = answers[name];
  Reflect.deleteProperty(answers, name);
  return answer;
}

/** Counters go on over a resume, or begin again. */
function grown(memo: SpendingMemo, model: string, usage: JsonObject): Numbers {
  const now: Counters = Object.fromEntries(COUNTERS.map((name) => [name, countIn(usage, name)]));
  const before = memo.counters[model] ?? {};
  const goesOn = COUNTERS.every((name) => (now[name] ?? 0) >= (before[name] ?? 0));
  memo.counters[model] = now;
  const of = (name: string) => (now[name] ?? 0) - (goesOn ? (before[name] ?? 0) : 0);
  const [read, written] = [of("cacheReadTokens"), of("cacheWriteTokens")];
  return {
    promptTokens: Math.max(0, of("inputTokens") - read - written),
    completionTokens: of("outputTokens"),
    cacheReadTokens: read,
    cacheWriteTokens: written,
    reasoningTokens: of("reasoningTokens"),
  };
}
