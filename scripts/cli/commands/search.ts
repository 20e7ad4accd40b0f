import type { SearchAnswer, SearchResult } from "../../../convex/wire/search.ts";
import { type Command, only, printJson, readArgs, wholeNumber } from "../command.ts";
import { EXIT } from "../failure.ts";
import { FILTER_OPTIONS, filterQuery } from "../filters.ts";
import { rememberList } from "../settings.ts";
import { line, localTime } from "../text.ts";

const TITLE_MAX = 80;
const SNIPPET_MAX = 240;

export const search: Command = {
  usage: `search "flaky upload" [--type hybrid] [--limit 10] [--open] [filters]`,
  summary: "find sessions by words, an id or a question",
  run: async ({ io, client, args }) => {
    const { values, positionals } = readArgs(args, {
      ...FILTER_OPTIONS,
      type: { type: "string", short: "t" },
      role: { type: "string" },
      limit: { type: "string", short: "n" },
      open: { type: "boolean", default: false },
    });
    const answer = await client.get<SearchAnswer>("/api/search", {
      q: only(positionals, "what to search for, in quotes if it has several words"),
      type: values.type,
      role: values.role,
      limit: wholeNumber("limit", values.limit),
      ...filterQuery(io, values),
    });
    const { results } = answer;
    rememberList(
      io,
      results.map(({ id }) => id),
    );
    if (values.json) printJson(io, answer);
    else for (const [n, result] of results.entries()) io.out(entry(result, n + 1));
    for (const note of notes(answer)) io.err(note);
    const [first] = results;
    if (first === undefined) return EXIT.nothingFound;
    if (values.open) io.open(`${client.url}/sessions/${encodeURIComponent(first.id)}`);
    return EXIT.done;
  },
};

function entry(result: SearchResult, place: number): string {
  const { title, project, source, createdAt, snippet, matchedIn, messageId } = result;
  const facts = [project ?? "", source, localTime(createdAt)].filter((fact) => fact !== "");
  const why = matchedIn.join("+");
  const message = messageId === undefined ? "" : `\n   message ${messageId}`;
  return `${place}. ${line(title, TITLE_MAX)}  (${line(facts.join(", "), TITLE_MAX)}; ${why})\n   ${line(snippet, SNIPPET_MAX)}${message}`;
}

function notes({ results, degraded, reason, ignored, pending, truncated }: SearchAnswer): string[] {
  return [
    results.length === 0 ? "Nothing found. Try fewer or other words, or fewer filters." : "",
    degraded ? `${reason ?? "A part of the search could not run"}.` : "",
    ignored === undefined ? "" : `These words were not searched: ${line(ignored.join(" "), 200)}`,
    pending === undefined ? "" : `${pending} of your latest sessions wait to be embedded.`,
    truncated ? "There may be more. Narrow the search to see them." : "",
  ].filter((note) => note !== "");
}
