import * as z from "zod";
import { sessionOverview, type SessionOverview } from "../../answers/sessionOverview";
import { personText } from "../../lib/sessions/injectedText";
import type { Relative } from "../../wire/tree";
import { atCitation, cite, citeTitled, sessionArgument } from "../citation";
import { AnswerText, cutChars, QUOTE_NOTICE, quoted, quotedLabel } from "../text";
import { type Tool, tool } from "../tool";

const PROMPT_MAX_CHARS = 1_200;
const ANSWER_MAX_CHARS = 1_500;

export const getSession: Tool = tool({
  name: "get_session",
  title: "Overview of a session",
  description:
    "One past session in overview: title, project, branch, tool, model, numbers, the first prompt, the last answers and the files that tools touched. Call it after a search, to judge whether a session is worth reading. For what was said use get_messages.",
  input: z.object({ session: sessionArgument }),
  hint: "Take a citation from search_sessions or recall_context.",
  run: async ({ ctx, caller }, { session }) => {
    const overview = await atCitation(session, (cited) =>
      sessionOverview(ctx, caller, cited.session),
    );
    const id = overview.session.id;
    const answer = new AnswerText(`${headOf(overview)}\n${QUOTE_NOTICE}`);
    const { firstPrompt, lastAnswers } = overview;
    if (firstPrompt !== undefined) {
      const text = cutChars(personText(firstPrompt.text), PROMPT_MAX_CHARS);
      answer.addCut(`First prompt ${cite(id, firstPrompt.id)}`, quoted(text));
    }
    for (const { id: messageId, text } of lastAnswers) {
      const shown = cutChars(text, ANSWER_MAX_CHARS);
      answer.addCut(`A last answer ${cite(id, messageId)}`, quoted(shown));
    }
    addFiles(answer, overview);
    addRelatives(answer, overview);
    return answer.end(`Read on: get_messages with session "session:${id}".`);
  },
});

function headOf({ session }: SessionOverview): string {
  const facts: [string, string | number | undefined][] = [
    ["project", label(session.projectName ?? session.projectPath)],
    ["branch", label(session.gitBranch)],
    ["tool", label(session.source)],
    ["model", label(session.model)],
    ["started", new Date(session.createdAt).toISOString()],
    ["messages", session.messageCount],
    ["tokens", session.totalTokens],
    ["cost", session.cost > 0 ? `$${session.cost.toFixed(2)}` : undefined],
  ];
  const known = facts.filter(([, value]) => value !== undefined);
  return `${citeTitled(session)}\n${known.map(([name, value]) => `${name}: ${value}`).join("; ")}`;
}

function label(text: string | undefined): string | undefined {
  return text === undefined ? undefined : quotedLabel(text, 200);
}

function addFiles(answer: AnswerText, { files, isWhole }: SessionOverview): void {
  if (files.length === 0) return;
  const where = isWhole ? "" : " (of its beginning and its end)";
  if (!answer.add(`Files that tools touched${where}:`)) return;
  for (const { path, use } of files) if (!answer.add(`> ${use} ${quotedLabel(path, 300)}`)) return;
}

/** Children that the answer names; an agent that needs others searches for them. */
const CHILDREN_NAMED = 10;

function addRelatives(answer: AnswerText, { relatives }: SessionOverview): void {
  const { parent, children, hasMoreChildren } = relatives;
  const lineOf = (one: Relative) =>
    `${citeTitled(one)}${one.relation === undefined ? "" : ` (${quotedLabel(one.relation, 40)})`}`;
  if (parent !== undefined) answer.add(`Part of ${lineOf(parent)}`);
  if (children.length === 0) return;
  const shown = children.slice(0, CHILDREN_NAMED);
  const isCut = hasMoreChildren || shown.length < children.length;
  answer.add(
    `${isCut ? "Some of its" : "Its"} subagents and forks:\n${shown.map(lineOf).join("\n")}`,
  );
}
