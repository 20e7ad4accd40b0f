import type { SessionAnswer } from "../../../convex/wire/answers.ts";
import type { Client } from "../client.ts";
import { type Command, printJson, readArgs } from "../command.ts";
import { EXIT, usageError } from "../failure.ts";
import { readExpires } from "../filters.ts";
import { sessionIds } from "../targets.ts";
import { line } from "../text.ts";

const path = (id: string) => `/api/sessions/${encodeURIComponent(id)}`;

async function read(client: Client, id: string): Promise<SessionAnswer> {
  const { session } = await client.get<{ session: SessionAnswer }>(path(id), { messages_limit: 1 });
  return session;
}

export const tag: Command = {
  usage: "tag <id|1|-> … +smoke -old",
  summary: "add and remove tags",
  run: async ({ io, client, args }) => {
    const isJson = args.includes("--json");
    const given = args.filter((arg) => arg !== "--json");
    const changes = given.filter((arg) => /^[+-].+/.test(arg));
    const targets = given.filter((arg) => !changes.includes(arg));
    if (changes.length === 0) throw usageError("Name the tags: opensync tag 1 +smoke -old.");
    const named = (sign: string) =>
      changes.filter((change) => change.startsWith(sign)).map((change) => change.slice(1));
    const edits = { addTags: named("+"), removeTags: named("-") };
    for (const id of await sessionIds(io, targets)) {
      const { session } = await client.send<{ session: SessionAnswer }>("PATCH", path(id), edits);
      const { evalTags, title } = session;
      if (isJson) printJson(io, { id: session.id, evalTags });
      else io.out(`${line(title ?? "Untitled session", 80)}: ${evalTags.join(", ") || "no tags"}`);
    }
    return EXIT.done;
  },
};

type Shared = { publicUrl?: string; maskedSecrets?: number };

export const share: Command = {
  usage: "share <id|1> [--expires 7d] [--off]",
  summary: "make a session public, with its secrets masked, or private again",
  run: async ({ io, client, args }) => {
    const { values, positionals } = readArgs(args, {
      off: { type: "boolean", default: false },
      expires: { type: "string" },
    });
    if (values.off && values.expires !== undefined)
      throw usageError("--off makes a session private at once: leave --expires out.");
    const expires = values.expires === undefined ? undefined : readExpires(io, values.expires);
    const change = { isPublic: !values.off, expires };
    for (const id of await sessionIds(io, positionals)) {
      const answer = await client.send<Shared>("PATCH", path(id), change);
      if (values.json) printJson(io, answer);
      else if (values.off) io.out("Private again.");
      else io.out(answer.publicUrl ?? "");
      const masked = answer.maskedSecrets ?? 0;
      if (masked > 0)
        io.err(
          `${masked} ${masked === 1 ? "secret is" : "secrets are"} masked on the page. Names of people and companies are not: read it once.`,
        );
    }
    return EXIT.done;
  },
};

export const remove: Command = {
  usage: "rm <id|1|-> … [--yes]",
  summary: "delete sessions",
  run: async ({ io, client, args }) => {
    const { values, positionals } = readArgs(args, {
      yes: { type: "boolean", short: "y", default: false },
    });
    const ids = await sessionIds(io, positionals);
    if (!values.yes) {
      const titles = await Promise.all(ids.slice(0, 5).map((id) => read(client, id)));
      for (const { title } of titles) io.err(line(title ?? "Untitled session", 100));
      const answer = await io.ask(
        `Delete ${ids.length === 1 ? "this session" : `these ${ids.length} sessions`}? [y/N] `,
      );
      if (answer === null) throw usageError("Nobody can be asked here. Add --yes to delete.");
      if (!/^y(?:es)?$/i.test(answer.trim())) {
        io.err("Nothing was deleted.");
        return EXIT.done;
      }
    }
    for (const id of ids) {
      await client.send("DELETE", path(id));
      if (values.json) printJson(io, { id, deleted: true });
    }
    if (!values.json) io.out(`${ids.length} deleted.`);
    return EXIT.done;
  },
};
