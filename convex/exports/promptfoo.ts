import { inert, inertValues, literal } from "../lib/exports/templates";
import { type Case, casesOf } from "./cases";
import { JSON_LINES, jsonLine, oneLine, sessionMetadata, titleOf } from "./common";
import type { ExportFormat, ExportOptions, ExportSession } from "./types";

/** Longer or multi-line expectations are compared by shared words, not by containment. */
const CONTAINS_MAX_CHARS = 200;
const TITLE_MAX_CHARS = 120;

/**
 * promptfoo test cases, one JSON object per line, for `tests: file://FILE` (promptfoo
 * 0.123).\n\n`mode=eval` (default) calls a model: the variables are the question and its history,
 * and a grader compares the answer with what a reviewer expects, or with an answer labelled golden
 * or correct. `mode=replay` grades the recorded answers (`providerOutput`, no model is called), to
 * check assertions. It only asserts what a reviewer wrote, because an answer always agrees with
 * itself.
 */
export const promptfoo: ExportFormat = {
  ...JSON_LINES,
  usage: ({ mode }) =>
    mode === "eval"
      ? "promptfooconfig.yaml: {prompts: ['{{history}} {{input}}'], providers: [openai:gpt-5-mini], tests: file://FILE}; promptfoo eval --grader openai:gpt-5-mini"
      : "promptfooconfig.yaml: {prompts: ['{{input}}'], providers: [echo], tests: file://FILE}; promptfoo eval (grades recorded answers, calls no model)",
  isWhole: ({ turns }) => turns === "full",
  render: (session, options) =>
    casesOf(session, options.turns)
      .filter(({ answer }) => options.mode === "eval" || answer !== "")
      .map((item) => jsonLine(testCase(session, item, options))),
};

function testCase(session: ExportSession, item: Case, { mode, metadata }: ExportOptions) {
  const history = item.history.map((step) => `${step.role}: ${step.text}`).join("\n\n");
  const title = Array.from(titleOf(session)).slice(0, TITLE_MAX_CHARS).join("");
  return {
    description: inert(`${title} (${oneLine(item.name)})`),
    // promptfoo would leave a variable of the prompt unrendered if the test lacked it.
    vars: { input: literal(item.question), history: literal(history) },
    ...(mode === "eval" ? evalFields(item) : replayFields(item)),
    metadata: metadata ? caseMetadata(session, item) : undefined,
  };
}

/** The assertion for answers of any model: a grader that knows the expected answer. */
function evalFields({ expected, reference }: Case) {
  const answer = expected ?? reference;
  if (answer === undefined) return {};
  const rubric = `Agrees in substance with this answer, regardless of wording:\n\n${answer}`;
  return { assert: [{ type: "llm-rubric", value: literal(rubric) }] };
}

/** The recorded answer. Cases without one are left out, because promptfoo would call the provider for them. */
function replayFields({ answer, expected }: Case) {
  // Both sides contain the same invisible characters, so containment still works.
  const assert = expected === undefined ? {} : { assert: [assertion(inert(expected))] };
  return { providerOutput: inert(answer), ...assert };
}

function assertion(expected: string) {
  const isShort = expected.length <= CONTAINS_MAX_CHARS && !/[\r\n]/.test(expected);
  return isShort
    ? { type: "icontains", value: expected }
    : { type: "rouge-n", threshold: 0.5, value: expected };
}

/** Tool calls are JSON text, because promptfoo follows `$ref` in any object. */
function caseMetadata(session: ExportSession, item: Case) {
  return inertValues({
    ...sessionMetadata(session),
    thinking: item.thinking || undefined,
    tools_called: item.calls.length === 0 ? undefined : JSON.stringify(item.calls),
  });
}
