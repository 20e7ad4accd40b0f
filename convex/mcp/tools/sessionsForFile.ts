import type { FunctionReturnType } from "convex/server";
import * as z from "zod";
import { internal } from "../../_generated/api";
import { cite, originOf } from "../citation";
import { liveArguments, withoutLive } from "../live";
import { FilePath } from "../../wire/files";
import { AnswerText, quotedLabel } from "../text";
import { type Tool, tool } from "../tool";
import { UNTITLED } from "../../lib/sessions/titles";

const MENTIONS_SHOWN = 3;

export const sessionsForFile: Tool = tool({
  name: "sessions_for_file",
  title: "Sessions that touched a file",
  description:
    "Which past sessions changed, read or mentioned a file, with the message to read. Call it before you change a file whose history you do not know. Give as much of the path as you know; an absolute path and one from the repository's root find the same. Not for the file's contents: read the file.",
  input: z.object({
    path: FilePath,
    project: z.string().max(500).optional().describe("Only this project, by name or path."),
    limit: z.number().int().min(1).max(20).default(8).describe("Sessions at most."),
    ...liveArguments,
  }),
  run: async ({ ctx, caller, now }, { path, project, limit, cwd }) => {
    const wanted = project?.trim() === "" ? undefined : project?.trim();
    const filters = { project: wanted, ...withoutLive(cwd, now) };
    const input = { caller, path, limit, filters };
    const { sessions, hasMore } = await ctx.runQuery(internal.search.forFile, input);
    if (sessions.length === 0) {
      return "No past session names this file. Try its name alone, or search_sessions with what it is about.";
    }
    const answer = new AnswerText(`Sessions that name ${quotedLabel(path, 300)}:`);
    const shown = sessions.filter((session) => answer.add(entryOf(session)));
    return answer.end(
      hasMore || shown.length < sessions.length
        ? "There may be more: narrow by project, or give more of the path."
        : "",
    );
  },
});

type Found = FunctionReturnType<typeof internal.search.forFile>["sessions"][number];

function entryOf(found: Found): string {
  const { sessionId, title, mentions } = found;
  const head = `${quotedLabel(title ?? UNTITLED)} ${originOf(found)}`;
  const lines = mentions.slice(0, MENTIONS_SHOWN).map(({ messageId, use, tool: name }) => {
    const by = name === undefined ? "" : ` by ${quotedLabel(name, 60)}`;
    return `${cite(sessionId, messageId)} ${use}${by}`;
  });
  const left = mentions.length - lines.length;
  return [head, ...lines, ...(left > 0 ? [`and ${left} more of its messages`] : [])].join("\n");
}
