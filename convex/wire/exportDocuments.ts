import * as z from "zod";
import { EVAL_STATUSES, ROLES } from "../lib/enums";
import { NUMBERS } from "../lib/numbers";
import { pick } from "../lib/record";
import { MESSAGE_FIELDS, SESSION_FIELDS } from "../lib/sessions/fieldTable";
import { answerShape } from "./fieldShapes";
import { Part } from "./partAnswers";
import type { Documents } from "./route";
import { count, text, textOrNull, time } from "./units";

/**
 * The documents that exports answer: complete ones, and records of evaluation tools, as far as their own
 * documentation describes them. Any may have further fields.
 */

const any = (description: string) => z.unknown().optional().meta({ description });
const object = (description: string) => z.looseObject({}).meta({ description });

const REPORTED = [...NUMBERS, "model"] as const;

const head = {
  externalId: text("The plugin's id of the session."),
  source: text("The tool."),
  ...answerShape(SESSION_FIELDS, "export"),
  messageCount: count("Number of messages."),
  createdAt: time("Source time of its beginning"),
  updatedAt: time("When its plugin last sent something new"),
  reportedFields: z
    .looseObject(pick(answerShape(SESSION_FIELDS, "export"), REPORTED))
    .optional()
    .meta({
      description:
        "What the plugin itself reported for the session; all other totals are sums over messages.",
    }),
  titleEdited: z
    .literal(true)
    .optional()
    .meta({ description: "Set if the owner chose the title, so that plugins do not replace it." }),
  evalReady: z
    .literal(true)
    .optional()
    .meta({ description: "Set if evaluation exports include it." }),
  evalStatus: z.enum(EVAL_STATUSES).optional().meta({ description: "A reviewer's verdict." }),
  evalTags: z.array(z.string()).optional().meta({ description: "Its tags." }),
  evalNotes: text("The reviewer's notes.").optional(),
  expectedOutput: text("The expected last answer.").optional(),
  reviewedAt: time("When it was last reviewed").optional(),
};

const message = {
  externalId: text("The plugin's id of the message."),
  role: z.enum(ROLES).meta({ description: "Who speaks; `unknown` for any other role." }),
  rawRole: text("The role as sent, if it is not one of ours.").optional(),
  textContent: text("The text.").optional(),
  source: text("The tool, if the message named one.").optional(),
  ...answerShape(MESSAGE_FIELDS, "export"),
  createdAt: time("Source time"),
  parts: z.array(Part).meta({ description: "The parts as sent, in order." }),
  isIncomplete: z.literal(true).optional().meta({
    description: "Set if only the beginning is here, because the rest was still being stored.",
  }),
};

const ExportedMessage = z
  .looseObject(message)
  .meta({ id: "ExportedMessage", description: "A message in a complete export." });

const CompleteExport = z
  .object({
    version: z.literal(1).meta({ description: "The version of this form." }),
    sessions: z
      .array(
        z.looseObject({
          ...head,
          messages: z.array(ExportedMessage).meta({ description: "In order." }),
          from: count("Number of messages before this entry; 0 unless a session has several."),
          isLast: z.boolean().meta({ description: "Whether this is the session's last entry." }),
        }),
      )
      .meta({ description: "A session larger than an answer is several entries." }),
    note: text("Why the document is empty, if it is.").optional(),
  })
  .meta({ id: "CompleteExport", description: "`format=json`: everything, as it was sent." });

const Line = z
  .discriminatedUnion("type", [
    z.looseObject({ type: z.literal("session").meta({ description: "A session." }), ...head }),
    z.looseObject({
      type: z.literal("message").meta({ description: "A message of the session before." }),
      sessionId: text("The plugin's id of its session."),
      index: count("Its position in the session, from 0."),
      ...message,
    }),
  ])
  .meta({ id: "ExportLine", description: "`format=jsonl`: a session, or a message of it." });

const strings = (description: string) => z.array(z.string()).meta({ description });
const Chat = z
  .array(z.looseObject({ role: text("Who speaks."), content: any("The text or its blocks.") }))
  .meta({ description: "Chat messages." });

const metadata = object("Where the case comes from.").optional();

const DeepEvalGolden = z
  .looseObject({
    input: text("The question."),
    actual_output: textOrNull("The recorded answer."),
    expected_output: textOrNull("The expected answer."),
    context: strings("What came before the question."),
    tools_called: z.array(object("A call.")).meta({ description: "Calls of the answer." }),
    name: text("A stable name of the case."),
    comments: textOrNull("The reviewer's notes."),
    additional_metadata: metadata,
  })
  .meta({ id: "DeepEvalGolden", description: "`format=deepeval`: a question with its answer." });

const DeepEvalConversation = z
  .looseObject({
    scenario: text("What the conversation is about."),
    turns: Chat,
    expected_outcome: textOrNull("The expected answer."),
    context: strings("System prompts."),
    name: text("A stable name of the case."),
    comments: textOrNull("The reviewer's notes."),
    additional_metadata: metadata,
  })
  .meta({
    id: "DeepEvalConversation",
    description: "`format=deepeval&turns=multi`: a conversation.",
  });

const Folder = z
  .object({
    files: z.record(z.string(), z.string()).meta({ description: "Texts by file name." }),
    manifest: object("What was exported, and when."),
    readme: text("What the files are."),
  })
  .meta({ id: "FolderExport", description: "`format=filesystem`: a folder of texts." });

const OpenAiSample = z
  .looseObject({ input: Chat, ideal: text("The expected answer."), metadata })
  .meta({ id: "OpenAiSample", description: "`format=openai&style=evals`." });
const OpenAiChat = z
  .looseObject({
    messages: Chat,
    tools: z.array(object("A tool.")).optional().meta({ description: "The tools used." }),
    metadata,
  })
  .meta({ id: "OpenAiChat", description: "`format=openai` with `style=chat` or `finetune`." });
const PromptfooTest = z
  .looseObject({
    description: text("Title and name of the case."),
    vars: object("`input` and `history`."),
    assert: z.array(object("An assertion.")).optional().meta({ description: "What must hold." }),
    providerOutput: text("With `mode=replay`: the recorded answer.").optional(),
    metadata,
  })
  .meta({ id: "PromptfooTest", description: "`format=promptfoo`." });
const InspectSample = z
  .looseObject({
    id: text("A stable name of the case."),
    input: Chat,
    target: text("The expected answer."),
    metadata: object("Where it comes from, and `recorded`."),
  })
  .meta({ id: "InspectSample", description: "`format=inspect`." });
const LangfuseItem = z
  .looseObject({
    datasetName: text("The dataset."),
    id: text("A stable name of the case."),
    input: object("`messages`: the question and what came before it."),
    expectedOutput: object("`text`: the expected answer."),
    metadata: object("Where it comes from, and `recorded`."),
    sourceTraceId: text("The trace of the `otel` export."),
    status: text("`ACTIVE`."),
  })
  .meta({ id: "LangfuseItem", description: "`format=langfuse`." });
const ShareGptRow = z
  .looseObject({
    conversations: z
      .array(z.object({ from: text("Who speaks."), value: text("The text.") }))
      .meta({ description: "Turns that alternate." }),
    system: text("The system prompt.").optional(),
    tools: text("The tools used, as JSON.").optional(),
    metadata,
  })
  .meta({ id: "ShareGptRow", description: "`format=sharegpt`." });
const OtelRequest = z
  .looseObject({
    resourceSpans: z.array(object("Spans.")).meta({ description: "As in OTLP/JSON." }),
  })
  .meta({ id: "OtelRequest", description: "`format=otel`: an OTLP/JSON request." });

/** The documents of `/api/export`, by media type. */
export const EXPORT_DOCUMENTS: Documents = {
  "application/json": {
    json: z.union([CompleteExport, Folder, z.array(DeepEvalGolden), z.array(DeepEvalConversation)]),
  },
  "application/jsonl": {
    lines: z.union([
      ...([Line, OpenAiSample, OpenAiChat, PromptfooTest, InspectSample] as const),
      ...([LangfuseItem, ShareGptRow, OtelRequest] as const),
    ]),
  },
  "text/csv": {},
  "text/markdown": {},
  "text/plain": {},
};
