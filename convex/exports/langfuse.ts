import { type Case, casesOf } from "./cases";
import { chatTurns } from "./chat";
import { JSON_LINES, jsonLine, sessionMetadata } from "./common";
import { chatMessages } from "./openai";
import { traceIdOf } from "./traceIds";
import type { ExportFormat, ExportSession } from "./types";

/**
 * Langfuse dataset items, one JSON object per line, each the body of `POST
 * /api/public/dataset-items`. `id` is stable, so importing again updates the items; `sourceTraceId`
 * is the trace of the `otel` export.
 */
export const langfuse: ExportFormat = {
  ...JSON_LINES,
  usage: () =>
    'for line in open("FILE"): langfuse.api.dataset_items.create(request=json.loads(line))',
  isWhole: ({ turns }) => turns === "full",
  render: (session, { turns, metadata }) =>
    casesOf(session, turns).map((item) => jsonLine(datasetItem(session, item, metadata))),
};

function datasetItem(session: ExportSession, item: Case, metadata: boolean) {
  const before = item.history.map(({ role, text }) => ({ role, content: text }));
  return {
    datasetName: "opensync",
    id: item.name,
    input: { messages: [...before, { role: "user", content: item.question }] },
    expectedOutput: { text: item.expected ?? item.final },
    metadata: {
      ...(metadata ? sessionMetadata(session) : {}),
      recorded: chatTurns(item.answers).flatMap(chatMessages),
    },
    sourceTraceId: traceIdOf(session.externalId),
    status: "ACTIVE",
  };
}
