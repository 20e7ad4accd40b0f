import type { ActionCtx } from "../_generated/server";
import type { SessionActivity } from "../lib/sessions/live";
import type { Caller } from "../wire/caller";
import type { CONTEXT_FORMATS, ContextAnswer } from "../wire/context";
import { ignoredOf } from "../wire/search";

type Question = {
  query: string;
  limit: number;
  maxTokens: number;
  format: (typeof CONTEXT_FORMATS)[number];
  /** For a model: only this project, running sessions left out, secrets masked. */
  project?: string;
  live?: SessionActivity;
  masks?: boolean;
};

/** What past sessions know about a question. */
export async function contextAnswer(
  ctx: ActionCtx,
  caller: Caller,
  { project, live, ...question }: Question,
): Promise<ContextAnswer> {
  const input = { caller, ...question, filters: { project, live } };
  const { semanticContext } = await import("./semantic");
  const answer = await semanticContext(ctx, input);
  return { ...answer, ...ignoredOf(question.query) };
}
