import { inert, inertValues, literal } from "../lib/exports/templates";
import { type Case, casesOf } from "./cases";
import { JSON_LINES, jsonLine, oneLine, sessionMetadata, titleOf } from "./common";
import type { ExportFormat, ExportSession } from "./types";

/** Longer or multi-line expectations are compared by shared words, not by containment. */
const CONTAINS_MAX_CHARS = 200;

/**
 * promptfoo test cases, one JSON object a line, for `tests: file://…jsonl` (promptfoo 0.123).
 * `providerOutput` is the recorded answer: promptfoo grades it without calling a model. Assertions
 * are of the kinds that need no model either.
 */
export const promptfoo: ExportFormat = {
  ...JSON_LINES,
  isWhole: ({ turns }) => turns === "full",
  render: (session, { turns, metadata }) =>
    casesOf(session, turns).map((item) =>
      jsonLine({
        ...testCase(session, item),
        metadata: metadata ? caseMetadata(session, item) : undefined,
      }),
    ),
};

function testCase(session: ExportSession, item: Case) {
  const history = item.history.map((step) => `${step.role}: ${step.text}`).join("\n\n");
  const title = Array.from(titleOf(session)).slice(0, 120).join("");
  return {
    description: inert(`${title} (${oneLine(item.name)})`),
    vars: {
      input: literal(item.question),
      ...(history === "" ? {} : { history: literal(history) }),
    },
    // An empty string would count as "nothing recorded" and call the provider.
    ...(item.answer === "" ? {} : { providerOutput: inert(item.answer) }),
    ...(item.expected === undefined ? {} : { assert: [assertion(item.expected)] }),
  };
}

/** Tool calls are JSON text, because promptfoo follows `$ref` in any object. */
function caseMetadata(session: ExportSession, item: Case) {
  return inertValues({
    ...sessionMetadata(session),
    thinking: item.thinking || undefined,
    tools_called: item.calls.length === 0 ? undefined : JSON.stringify(item.calls),
  });
}

function assertion(expected: string) {
  const isShort = expected.length <= CONTAINS_MAX_CHARS && !/[\r\n]/.test(expected);
  return isShort
    ? { type: "icontains", value: literal(expected) }
    : { type: "rouge-n", threshold: 0.5, value: literal(expected) };
}
