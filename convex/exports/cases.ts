import type { Turns } from "../lib/enums";
import { isContinueRequest, personText } from "../lib/sessions/injectedText";
import { type Call, conversation, type Step } from "./conversation";
import type { ExportMessage, ExportSession } from "./types";

/** Measurements of how an answer was produced. */
type Measured = Pick<ExportMessage, "model" | "promptTokens" | "completionTokens" | "durationMs">;

/** A question with its answer, as evaluation datasets need it. */
export type Case = Measured & {
  /** A stable name: the session's id and the index of the question's message. */
  name: string;
  question: string;
  answer: string;
  /** The end of the answer: its text after the last tool call. */
  final: string;
  /** The expected answer, if a reviewer wrote one. */
  expected?: string;
  /** The recorded answer, if a reviewer labelled it golden or correct. */
  reference?: string;
  thinking: string;
  calls: Call[];
  /** The steps of the answer. */
  answers: Step[];
  /** The most recent steps before the question, including system prompts. */
  history: Step[];
};

/**
 * The most history per case. Each case repeats what came before it, so an unlimited history would
 * make the export of a long session grow quadratically, and no model's context would hold it. About
 * 6,000 tokens.
 */
const HISTORY_MAX_CHARS = 24_000;

type Turn = { questions: Step[]; answers: Step[]; start: number };

/** The cases of a segment: one per question, or as `turns` says. */
export function casesOf(session: ExportSession, turns: Turns): Case[] {
  const steps = conversation(session.messages);
  const all = turnsOf(steps);
  const last = all[all.length - 1];
  if (last === undefined || (turns === "last" && !session.isLast)) return [];
  if (turns === "full") return [caseOf(session, steps, whole(all), session.isLast)];
  const wanted = turns === "last" ? [last] : all;
  return wanted.map((turn) => caseOf(session, steps, turn, session.isLast && turn === last));
}

/** Joins non-blank texts with empty lines. */
export function paragraphs(texts: readonly string[]): string {
  return texts.filter((text) => text.trim() !== "").join("\n\n");
}

/**
 * Groups steps into turns. A turn starts with a user message in which a person asks something; text
 * injected by tools starts none, and the answer to `continue` belongs to the previous question.
 */
function turnsOf(steps: readonly Step[]): Turn[] {
  const turns: Turn[] = [];
  steps.forEach((step, index) => {
    const turn = turns[turns.length - 1];
    if (step.role === "user") {
      if (personText(step.text) === "" || isContinueRequest(step.text)) return;
      if (turn !== undefined && turn.answers.length === 0) turn.questions.push(step);
      else turns.push({ questions: [step], answers: [], start: index });
    } else if (step.role === "assistant" && turn !== undefined) {
      turn.answers.push(step);
    }
  });
  return turns;
}

function whole(turns: readonly Turn[]): Turn {
  const questions = turns.flatMap((turn) => turn.questions);
  const answers = turns.flatMap((turn) => turn.answers);
  return { questions, answers, start: 0 };
}

function caseOf(session: ExportSession, steps: Step[], turn: Turn, isFinal: boolean): Case {
  const answer = paragraphs(turn.answers.map(({ text }) => text));
  const final = finalText(turn.answers);
  const messages = new Set(turn.answers.map(({ message }) => message));
  const model = [...messages].map((message) => message.model).find((name) => name !== undefined);
  const expected = isFinal ? session.expectedOutput : undefined;
  const isReference = session.evalStatus === "golden" || session.evalStatus === "correct";
  return {
    name: `${session.externalId}#${session.from + (turn.questions[0]?.at ?? 0)}`,
    question: paragraphs(turn.questions.map(({ text }) => personText(text))),
    answer,
    final,
    ...(expected === undefined ? {} : { expected }),
    ...(isReference && answer !== "" ? { reference: answer } : {}),
    thinking: paragraphs(turn.answers.map(({ thinking }) => thinking)),
    calls: turn.answers.flatMap((step) => step.calls),
    answers: turn.answers,
    history: recent(steps.slice(0, turn.start)),
    ...(model === undefined ? {} : { model }),
    ...sums([...messages]),
  };
}

/**
 * The text after the last tool call, otherwise the last text, so that it is not "let me look at the
 * file".
 */
function finalText(answers: readonly Step[]): string {
  const lastUse = answers.reduce((last, { calls }, at) => (calls.length > 0 ? at : last), -1);
  const after = paragraphs(answers.slice(lastUse + 1).map(({ text }) => text));
  if (after !== "") return after;
  const spoken = answers.map(({ text }) => text).filter((text) => text.trim() !== "");
  return spoken[spoken.length - 1] ?? "";
}

function recent(steps: readonly Step[]): Step[] {
  let room = HISTORY_MAX_CHARS;
  const kept: Step[] = [];
  for (let index = steps.length - 1; index >= 0; index--) {
    const step = steps[index];
    room -= step?.text.length ?? 0;
    if (step === undefined || room < 0) break;
    if (step.text !== "") kept.unshift(step);
  }
  return kept;
}

function sums(messages: readonly ExportMessage[]) {
  const known = (key: "promptTokens" | "completionTokens" | "durationMs") => {
    const values = messages.map((message) => message[key]).filter((value) => value !== undefined);
    return values.length === 0 ? {} : { [key]: values.reduce((sum, value) => sum + value, 0) };
  };
  return { ...known("promptTokens"), ...known("completionTokens"), ...known("durationMs") };
}
