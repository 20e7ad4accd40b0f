import { setTimeout as wait } from "node:timers/promises";
import { readMessage } from "../../../convex/lib/sessions/readMessage.ts";
import { plainText } from "../../../convex/lib/sessions/plainText.ts";
import type { MessageAnswer, SessionAnswer } from "../../../convex/wire/answers.ts";
import type { Client } from "../client.ts";
import { type Command, only, printJson, readArgs, wholeNumber } from "../command.ts";
import { EXIT } from "../failure.ts";
import type { Io } from "../io.ts";
import { sessionId } from "../targets.ts";
import { indented, line, localTime, visible } from "../text.ts";

type Page = {
  session: SessionAnswer;
  messages: MessageAnswer[];
  messagesCursor: string | null;
};

/** Messages before and after the one that `--around` names. */
const NEIGHBOURS = 3;
const FOLLOW_EVERY_MS = 2_000;
/** A tool's arguments and results are shown in one line; `--full` shows them whole. */
const CALL_MAX = 160;

export const show: Command = {
  usage: "show <id|1> [--around <message>] [--last 20] [--full] [--follow]",
  summary: "read a session",
  run: async ({ io, client, args }) => {
    const { values, positionals } = readArgs(args, {
      around: { type: "string" },
      last: { type: "string" },
      full: { type: "boolean", default: false },
      follow: { type: "boolean", short: "f", default: false },
    });
    const id = sessionId(io, only(positionals, "a session: an id, or its number in the last list"));
    const print = (message: MessageAnswer) => {
      if (values.json) printJson(io, message);
      else io.out(messageText(message, values.full));
    };
    if (values.around !== undefined) {
      const path = `/api/messages/${encodeURIComponent(values.around)}`;
      const query = { session: id, before: NEIGHBOURS, after: NEIGHBOURS };
      const found = await client.get<{ messages: MessageAnswer[] }>(path, query);
      found.messages.forEach(print);
      return EXIT.done;
    }
    const last = wholeNumber("last", values.last);
    const end = await printSession({ io, client, id, last, print, isJson: values.json });
    if (values.follow) await follow(client, id, end, print);
    return EXIT.done;
  },
};

type Printing = {
  io: Io;
  client: Client;
  id: string;
  last: number | undefined;
  print: (message: MessageAnswer) => void;
  isJson: boolean;
};

/** Prints the head and the messages of a session; returns the id of the last message. */
async function printSession({ io, client, id, last, print, isJson }: Printing) {
  const path = `/api/sessions/${encodeURIComponent(id)}`;
  if (last !== undefined) {
    const page = await client.get<Page>(path, { order: "desc", limit: Math.max(1, last) });
    if (!isJson) io.out(head(page.session));
    [...page.messages].reverse().forEach(print);
    return page.messages[0]?.id;
  }
  let end: string | undefined;
  let cursor: string | undefined;
  do {
    const page: Page = await client.get<Page>(path, {
      messages_limit: 100,
      messages_cursor: cursor,
    });
    if (cursor === undefined && !isJson) io.out(head(page.session));
    page.messages.forEach(print);
    end = page.messages.at(-1)?.id ?? end;
    cursor = page.messagesCursor ?? undefined;
  } while (cursor !== undefined);
  return end;
}

/** Prints new messages until the command is stopped. */
async function follow(
  client: Client,
  id: string,
  from: string | undefined,
  print: (message: MessageAnswer) => void,
): Promise<never> {
  let after = from;
  for (;;) {
    await wait(FOLLOW_EVERY_MS);
    const page = await client.get<Page>(`/api/sessions/${encodeURIComponent(id)}`, { after });
    page.messages.forEach(print);
    after = page.messages.at(-1)?.id ?? after;
  }
}

function head(session: SessionAnswer): string {
  const { title, projectPath, projectName, source, model, gitBranch, createdAt } = session;
  const facts = [localTime(createdAt), projectPath ?? projectName, gitBranch, source, model];
  const known = facts.filter((fact) => fact !== undefined && fact !== "");
  return `${line(title ?? "Untitled session", 200)}\n${line(known.join(" · "), 400)}\nid ${session.id}`;
}

function messageText(message: MessageAnswer, isFull: boolean): string {
  const shown = readMessage(message).map((part) => {
    if (part.kind === "text") return indented(part.text);
    if (part.kind === "thinking") return isFull ? indented(part.text, "  ~ ") : "  ~ (thinking)";
    if (part.kind === "tool-call")
      return tool(`→ ${line(part.name, 80)}`, plainText(part.args), isFull);
    if (part.kind === "tool-result")
      return tool(part.isError ? "✗" : "←", plainText(part.output), isFull);
    if (part.kind === "file")
      return `  [${line(part.file.name ?? part.file.mediaType ?? "file", 100)}]`;
    return tool(`(${line(part.type, 40)})`, plainText(part.content), isFull);
  });
  const { role, createdAt, id } = message;
  return `\n${role} · ${localTime(createdAt)} · ${id}\n${shown.join("\n")}`;
}

function tool(mark: string, text: string, isFull: boolean): string {
  return isFull
    ? `  ${visible(mark)}\n${indented(text, "    ")}`
    : `  ${visible(mark)} ${line(text, CALL_MAX)}`;
}
