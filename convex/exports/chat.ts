import { plainText } from "../lib/sessions/parts";
import { paragraphs } from "./cases";
import { type Call, isNamed, outputText, type Step } from "./conversation";

/**
 * A call with an id of our own, because plugins repeat their ids and OpenAI accepts at most 40
 * characters.
 */
export type NumberedCall = { id: string; call: Call };

/** Consecutive output of one speaker, with the tools it uses next. */
export type ChatTurn = {
  role: Step["role"];
  text: string;
  thinking: string;
  calls: NumberedCall[];
  /** The steps that the turn consists of. */
  steps: Step[];
};

/**
 * Converts a conversation to chat turns, as models receive it: consecutive steps of one speaker
 * form one turn unless tools are used in between. A call without a tool name is written as text,
 * because a name would have to be invented, and its result becomes a system turn.
 */
export function chatTurns(steps: readonly Step[]): ChatTurn[] {
  const turns: ChatTurn[] = [];
  let count = 0;
  for (const step of steps) {
    const named = step.calls.filter(isNamed);
    const unnamed = step.calls.filter((call) => !isNamed(call));
    const unnamedTexts = unnamed.map(({ args }) => `[tool call] ${plainText(args)}`);
    const calls = named.map((call) => ({ id: `call_${++count}`, call }));
    join(turns, { ...step, text: paragraphs([step.text, ...unnamedTexts]), calls, steps: [step] });
    for (const call of unnamed.filter(({ isAnswered }) => isAnswered)) {
      const text = `[tool result]\n${outputText(call)}`;
      join(turns, { role: "system", text, thinking: "", calls: [], steps: [] });
    }
  }
  return turns;
}

function join(turns: ChatTurn[], { role, text, thinking, calls, steps }: ChatTurn): void {
  if (text === "" && thinking === "" && calls.length === 0) return;
  const last = turns[turns.length - 1];
  if (last === undefined || last.role !== role || last.calls.length > 0) {
    turns.push({ role, text, thinking, calls, steps });
    return;
  }
  last.text = paragraphs([last.text, text]);
  last.thinking = paragraphs([last.thinking, thinking]);
  last.calls = calls;
  last.steps = [...last.steps, ...steps];
}

/** The turns up to the last answer, because a model learns nothing from what follows. */
export function answeredTurns(turns: readonly ChatTurn[]): ChatTurn[] {
  const isAnswer = ({ role, text, calls }: ChatTurn) =>
    role === "assistant" && text !== "" && calls.length === 0;
  const last = turns.reduce((found, turn, at) => (isAnswer(turn) ? at : found), -1);
  return turns.slice(0, last + 1);
}

/** The distinct names of the tools used. */
export function toolNames(turns: readonly ChatTurn[], rename = (name: string) => name): string[] {
  const names = turns.flatMap(({ calls }) => calls.map(({ call }) => rename(call.name)));
  return Array.from(new Set(names));
}
