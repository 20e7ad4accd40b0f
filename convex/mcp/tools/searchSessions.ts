import * as z from "zod";
import { searchAnswer } from "../../answers/search";
import { SearchBody, type SearchResult } from "../../wire/search";
import { cite, citeTitled, originOf } from "../citation";
import { liveArguments, withoutLive } from "../live";
import { parse } from "../parse";
import { AnswerText, notSearched, QUOTE_NOTICE, quoted, quotedLabel, sentences } from "../text";
import { type Tool, tool } from "../tool";

export const searchSessions: Tool = tool({
  name: "search_sessions",
  title: "Search past sessions",
  description:
    "Finds past coding sessions by words, an error message, an identifier or a question. Call it before you debug, design or set up something that may have been done before. Returns one line a session with its best passage and a citation; open one with get_session or get_messages. Put a phrase in double quotes. For an answer to a question use recall_context; for the history of a file use sessions_for_file. Not for the code itself: it searches conversations, not the repository.",
  input: z.object({
    query: z.string().min(1).max(4_000).describe("Words, an error message or a question."),
    project: z.string().max(500).optional().describe("Only this project, by name or path."),
    source: z.string().max(100).optional().describe("Only this tool, e.g. `claude-code`."),
    from: z.string().max(40).optional().describe("From this day on, `YYYY-MM-DD`."),
    to: z.string().max(40).optional().describe("Up to this day."),
    limit: z.number().int().min(1).max(20).default(8).describe("Sessions at most."),
    ...liveArguments,
  }),
  run: async ({ ctx, caller, now }, { cwd, ...args }) => {
    const body = parse(SearchBody, { ...args, type: "hybrid" });
    const extra = { masks: true, ...withoutLive(cwd, now) };
    const { results, ignored, truncated } = await searchAnswer(ctx, caller, body, extra);
    if (results.length === 0) return nothingFound(notSearched(ignored), truncated);
    const answer = new AnswerText(QUOTE_NOTICE);
    const shown = results.filter((result) => answer.add(entryOf(result)));
    const left = results.length - shown.length;
    return answer.end(
      notSearched(ignored),
      left > 0 ? `${left} more did not fit. Narrow the query to see them.` : "",
      truncated ? STOPPED : "",
    );
  },
});

/** Copies of a passage that an entry names, so that they leave room for other sessions. */
const COPIES_NAMED = 5;

function entryOf(result: SearchResult) {
  const { id, messageId, title, snippet, alsoIn = [], parent } = result;
  const named = alsoIn.slice(0, COPIES_NAMED).map((copy) => cite(copy.id));
  const left = alsoIn.length - named.length;
  const copies = named.length === 0 ? "" : `\nThe same passage: ${named.join(" ")}`;
  const more = left > 0 ? ` and ${left} more` : "";
  const from = parent === undefined ? "" : `\nPart of ${citeTitled(parent)}`;
  return `${cite(id, messageId)} ${quotedLabel(title)} ${originOf(result)}\n${quoted(snippet)}${from}${copies}${more}`;
}

const STOPPED =
  "The search stopped before it had seen all that matches: rarer words, or fewer filters, may find more.";

function nothingFound(unsearched: string, isStopped: boolean): string {
  if (isStopped) return sentences("Nothing was found.", STOPPED, unsearched);
  const advice =
    "Try fewer or other words, or drop the filters; if that finds nothing either, nobody did it here before.";
  return sentences("No past session says this.", unsearched, advice);
}
