import type { SessionAnswer } from "../../../convex/wire/answers.ts";
import { shortCost, shortCount } from "../../../convex/lib/stats/labels.ts";
import { type Command, printJson, readArgs, wholeNumber } from "../command.ts";
import { EXIT, usageError } from "../failure.ts";
import { FILTER_OPTIONS, filterQuery } from "../filters.ts";
import { rememberList } from "../settings.ts";
import { line, localTime } from "../text.ts";

const LIMIT = 20;

export const list: Command = {
  usage: "ls [--sort created|updated|tokens|cost] [--limit 20] [--ids] [filters]",
  summary: "list sessions, the newest first",
  run: async ({ io, client, args }) => {
    const { values, positionals } = readArgs(args, {
      ...FILTER_OPTIONS,
      sort: { type: "string", default: "created" },
      limit: { type: "string", short: "n" },
      ids: { type: "boolean", default: false },
    });
    if (positionals.length > 0)
      throw usageError("ls takes only options. Use search to look for words.");
    const limit = wholeNumber("limit", values.limit) ?? LIMIT;
    const sessions: SessionAnswer[] = [];
    for (let cursor: string | undefined; sessions.length < limit;) {
      const page = await client.get<{ sessions: SessionAnswer[]; cursor: string | null }>(
        "/api/sessions",
        {
          ...filterQuery(io, values),
          ...{ sort: values.sort, cursor, limit: Math.min(200, limit - sessions.length) },
        },
      );
      sessions.push(...page.sessions);
      if (page.cursor === null) break;
      cursor = page.cursor;
    }
    rememberList(
      io,
      sessions.map(({ id }) => id),
    );
    if (values.json) printJson(io, { sessions });
    else if (values.ids) for (const { id } of sessions) io.out(id);
    else for (const [n, session] of sessions.entries()) io.out(entry(session, n + 1));
    if (sessions.length === 0) io.err("No session matches. Plugins and opensync import send them.");
    return sessions.length === 0 ? EXIT.nothingFound : EXIT.done;
  },
};

function entry(session: SessionAnswer, place: number): string {
  const { title, projectName, source, messageCount, totalTokens, cost, updatedAt } = session;
  const facts = [
    ...[localTime(session.lastMessageAt ?? updatedAt), projectName ?? "", source],
    `${messageCount} ${messageCount === 1 ? "message" : "messages"}`,
    totalTokens > 0 ? `${shortCount(totalTokens)} tokens` : "",
    cost > 0 ? shortCost(cost) : "",
  ].filter((fact) => fact !== "");
  return `${place}. ${line(title ?? "Untitled session", 80)}\n   ${line(facts.join(", "), 120)}`;
}
