import type { ContextAnswer } from "../../../convex/wire/context.ts";
import { type Command, only, printJson, readArgs, wholeNumber } from "../command.ts";
import { EXIT } from "../failure.ts";
import { FILTER_OPTIONS, filterQuery } from "../filters.ts";
import { rememberList } from "../settings.ts";
import { visible } from "../text.ts";

export const context: Command = {
  usage: `context "question" [--max-tokens 1500] [--limit 5] [filters]`,
  summary: "what past sessions know, as text for a prompt",
  run: async ({ io, client, args }) => {
    const { values, positionals } = readArgs(args, {
      ...FILTER_OPTIONS,
      "max-tokens": { type: "string" },
      limit: { type: "string", short: "n" },
    });
    const answer = await client.get<ContextAnswer>("/api/context", {
      q: only(positionals, "a question, in quotes"),
      max_tokens: wholeNumber("max-tokens", values["max-tokens"]),
      limit: wholeNumber("limit", values.limit),
      ...filterQuery(io, values),
    });
    rememberList(io, [...new Set(answer.context.map(({ sessionId }) => sessionId))]);
    if (values.json) printJson(io, answer);
    else if (answer.text !== undefined && answer.text !== "") io.out(visible(answer.text));
    if (answer.degraded && answer.reason !== undefined) io.err(`${answer.reason}.`);
    if (answer.context.length > 0) return EXIT.done;
    io.err("No past session knows about this.");
    return EXIT.nothingFound;
  },
};
