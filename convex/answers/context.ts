import type { ActionCtx } from "../_generated/server";
import type { readSessionFilters } from "../wire/sessionFilters";
import type { SessionActivity } from "../lib/sessions/live";
import type { Caller } from "../wire/caller";
import type { CONTEXT_FORMATS, ContextAnswer } from "../wire/context";
import { ignoredOf } from "../wire/search";

type Question = {
  query: string;
  limit: number;
  maxTokens: number;
  format: (typeof CONTEXT_FORMATS)[number];
  filters?: Partial<ReturnType<typeof readSessionFilters>>;
  /** For a model: running sessions left out, secrets masked. */
  live?: SessionActivity;
  masks?: boolean;
};

/** What past sessions know about a question. */
export async function contextAnswer(
  ctx: ActionCtx,
  caller: Caller,
  { filters, live, ...question }: Question,
): Promise<ContextAnswer> {
  const input = { caller, ...question, filters: { ...filters, live } };
  const { semanticContext } = await import("./semantic");
  const answer = await semanticContext(ctx, input);
  return { ...answer, ...ignoredOf(question.query) };
}
