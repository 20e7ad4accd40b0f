import { plainText } from "../lib/sessions/parts";
import { paragraphs } from "./cases";
import { type Call, isNamed, outputText, type Step } from "./conversation";

/** A call with an id of our own: plugins repeat theirs, and OpenAI takes 40 characters at most. */
export type NumberedCall = { id: string; call: Call };

/** What one speaker says before another does, with the tools it then uses. */
export type ChatTurn = {
  role: Step["role"];
  text: string;
  thinking: string;
  calls: NumberedCall[];
  /** The steps it is made of. */
  steps: Step[];
};

/**
 * A conversation as models are given it: what one speaker says in a row is one turn, unless tools were
 * used in between. A call of a tool without a name stands as text, because naming it would invent a
 * tool; what it gave is a turn of the system.
 */
export function chatTurns(steps: readonly Step[]): ChatTurn[] {
  const turns: ChatTurn[] = [];
  let count = 0;
  for (const step of steps) {
    const named = step.calls.filter(isNamed);
    const unnamed = step.calls.filter((call) => !isNamed(call));
    const told = unnamed.map(({ args }) => `[tool call] ${plainText(args)}`);
    const calls = named.map((call) => ({ id: `call_${++count}`, call }));
    join(turns, { ...step, text: paragraphs([step.text, ...told]), calls, steps: [step] });
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

/** The turns up to the last answer: what follows it teaches a model nothing. */
export function answeredTurns(turns: readonly ChatTurn[]): ChatTurn[] {
  const isAnswer = ({ role, text, calls }: ChatTurn) =>
    role === "assistant" && text !== "" && calls.length === 0;
  const last = turns.reduce((found, turn, at) => (isAnswer(turn) ? at : found), -1);
  return turns.slice(0, last + 1);
}

/** Names of the tools that were used, each once. */
export function toolNames(turns: readonly ChatTurn[], rename = (name: string) => name): string[] {
  const names = turns.flatMap(({ calls }) => calls.map(({ call }) => rename(call.name)));
  return Array.from(new Set(names));
}
