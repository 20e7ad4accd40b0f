import { type Case, casesOf, paragraphs } from "./cases";
import { jsonLine, sessionMetadata, titleOf } from "./common";
import { type Call, callArguments, conversation, outputText, type Step } from "./conversation";
import type { ExportFormat, ExportSession } from "./types";

/**
 * DeepEval datasets (`EvaluationDataset.add_goldens_from_json_file`, DeepEval 4.1): a JSON array of
 * goldens, or of conversational goldens with `turns=multi`. Field names are snake_case on disk, and
 * the loader reads `additional_metadata` (it silently drops a field called `metadata`).
 */
export const deepeval: ExportFormat = {
  contentType: "application/json; charset=utf-8",
  extension: "json",
  usage: ({ turns }) =>
    turns === "multi"
      ? 'EvaluationDataset().add_goldens_from_json_file("FILE") reads conversational goldens'
      : 'EvaluationDataset().add_goldens_from_json_file("FILE")',
  begin: () => "[",
  separator: ",\n",
  end: () => "]\n",
  isWhole: ({ turns }) => turns === "multi" || turns === "full",
  render: (session, { turns, metadata }) =>
    turns === "multi"
      ? conversationalGolden(session, metadata)
      : casesOf(session, turns).map((item) =>
          jsonLine({
            ...golden(session, item),
            additional_metadata: metadata ? caseMetadata(session, item) : undefined,
          }),
        ),
};

function golden(session: ExportSession, item: Case) {
  return {
    input: inert(item.question),
    actual_output: item.answer === "" ? null : inert(item.answer),
    expected_output: inertOrNull(item.expected ?? item.reference),
    context: item.history.map((step) => inert(`${step.role}: ${step.text}`)),
    retrieval_context: null,
    tools_called: item.calls.map(toolCall),
    name: item.name,
    comments: session.evalNotes ?? null,
  };
}

function caseMetadata(session: ExportSession, item: Case) {
  const metadata = sessionMetadata(session);
  return {
    ...metadata,
    model: item.model ?? metadata.model,
    tokens_input: item.promptTokens,
    tokens_output: item.completionTokens,
    latency_ms: item.durationMs,
    thinking: item.thinking || undefined,
  };
}

function conversationalGolden(session: ExportSession, metadata: boolean): string[] {
  const steps = conversation(session.messages);
  const turns = spoken(steps).map(turn);
  if (turns.length === 0) return [];
  const question = steps.find(({ role }) => role === "user");
  const scenario = session.title === undefined ? question?.text : titleOf(session);
  const record = {
    scenario: inert(scenario ?? titleOf(session)),
    turns,
    expected_outcome: session.expectedOutput ?? null,
    context: steps.filter(({ role }) => role === "system").map(({ text }) => inert(text)),
    name: session.from === 0 ? session.externalId : `${session.externalId}#${session.from}`,
    comments: session.evalNotes ?? null,
    additional_metadata: metadata ? wholeMetadata(session) : undefined,
  };
  return [jsonLine(record)];
}

function wholeMetadata(session: ExportSession) {
  return {
    ...sessionMetadata(session),
    tokens_input: session.promptTokens,
    tokens_output: session.completionTokens,
  };
}

/**
 * Groups consecutive steps of one speaker, because consumers expect questions and answers to
 * alternate.
 */
function spoken(steps: readonly Step[]): Step[][] {
  const turns: Step[][] = [];
  for (const step of steps.filter(({ role }) => role !== "system")) {
    const turn = turns[turns.length - 1];
    if (turn !== undefined && turn[0]?.role === step.role) turn.push(step);
    else turns.push([step]);
  }
  return turns;
}

function turn(steps: readonly Step[]) {
  const calls = steps.flatMap((step) => step.calls);
  const thinking = paragraphs(steps.map((step) => step.thinking));
  return {
    role: steps[0]?.role ?? "assistant",
    content: inert(paragraphs(steps.map(({ text }) => text))),
    ...(calls.length === 0 ? {} : { tools_called: calls.map(toolCall) }),
    ...(thinking === "" ? {} : { metadata: { thinking } }),
  };
}

function toolCall(call: Call) {
  const { name, isAnswered, isError, output } = call;
  const answered = isError ? outputText(call) : (output ?? null);
  return {
    name,
    type: "FUNCTION",
    input_parameters: callArguments(call),
    ...(isAnswered ? { output: answered } : {}),
  };
}

const inertOrNull = (text: string | undefined) => (text === undefined ? null : inert(text));

/** Breaks `[DEEPEVAL:IMAGE:…]` with an invisible joiner, because it would make the case multimodal. */
function inert(text: string): string {
  return text.replace(/\[DEEPEVAL:/g, "[DEEPEVAL\u2060:");
}
