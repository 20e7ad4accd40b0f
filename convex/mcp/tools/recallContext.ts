import * as z from "zod";
import { contextAnswer } from "../../answers/context";
import type { ContextAnswer } from "../../wire/context";
import { cite, originOf } from "../citation";
import { liveArguments, withoutLive } from "../live";
import { AnswerText, notSearched, QUOTE_NOTICE, quoted, quotedLabel, sentences } from "../text";
import { type Tool, tool } from "../tool";

export const recallContext: Tool = tool({
  name: "recall_context",
  title: "Recall what past sessions know",
  description:
    'Answers "how did we do this before?": the passages of past sessions that answer a question best, with their exchange, under a budget of tokens. Call it once at the start of a task, with the whole question in plain words. For a list of sessions, or for an exact string, use search_sessions.',
  input: z.object({
    question: z
      .string()
      .max(4_000)
      .refine((text) => text.trim() !== "", "must not be empty")
      .describe("The question, in a sentence."),
    max_tokens: z.number().int().min(200).max(2_000).default(1_500).describe("Budget."),
    limit: z.number().int().min(1).max(10).default(5).describe("Passages at most."),
    project: z.string().max(500).optional().describe("Only this project, by name or path."),
    ...liveArguments,
  }),
  run: async ({ ctx, caller, now }, { question, max_tokens: maxTokens, limit, project, cwd }) => {
    const wanted = project?.trim() === "" ? undefined : project?.trim();
    const { context, ignored } = await contextAnswer(ctx, caller, {
      ...{ query: question, limit, maxTokens, format: "json", masks: true },
      ...{ filters: { project: wanted }, ...withoutLive(cwd, now) },
    });
    if (context.length === 0) {
      return sentences(
        "No past session knows about this.",
        notSearched(ignored),
        "Go on without; search_sessions with a single word may still find a mention.",
      );
    }
    const answer = new AnswerText(QUOTE_NOTICE);
    for (const entry of context) {
      if (!answer.addCut(headOf(entry), quoted(entry.content))) break;
    }
    return answer.end(
      notSearched(ignored),
      "Check it against the current code. Read on: get_messages with a citation.",
    );
  },
});

function headOf(entry: ContextAnswer["context"][number]): string {
  const { sessionId, messageId, title } = entry;
  return `${cite(sessionId, messageId)} ${quotedLabel(title)} ${originOf(entry)}`;
}
