import type { FunctionReturnType } from "convex/server";
import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { type CalledFile, filesOfCall } from "../lib/sessions/callFiles";
import { personText } from "../lib/sessions/injectedText";
import type { SessionAnswer } from "../wire/answers";
import type { Caller } from "../wire/caller";
import { excerptOf, type ReadMessage } from "./excerpt";

/** Messages of the end of a session, in which its last answers and its files are looked for. */
const LAST_MESSAGES = 60;
const FIRST_MESSAGES = 20;
const LAST_ANSWERS = 2;
const FILES_MAX = 30;

/** What a session was about and where it got to. */
export type SessionOverview = {
  session: SessionAnswer;
  relatives: FunctionReturnType<typeof internal.sessions.relatives>;
  firstPrompt?: ReadMessage;
  lastAnswers: ReadMessage[];
  files: CalledFile[];
  /** Whether all messages were looked at for `files`. */
  isWhole: boolean;
};

/** One of the caller's sessions in overview, from its beginning and its end. */
export async function sessionOverview(
  ctx: ActionCtx,
  caller: Caller,
  id: string,
): Promise<SessionOverview> {
  const first = await excerptOf(ctx, caller, { id, limit: FIRST_MESSAGES });
  const last =
    first.after === undefined
      ? first
      : await excerptOf(ctx, caller, { id, limit: LAST_MESSAGES, last: true });
  const seen = new Set(first.messages.map((message) => message.id));
  const further = last.messages.filter((message) => !seen.has(message.id));
  const messages = [...first.messages, ...further];
  const prompt = first.messages.find(
    ({ role, text }) => role === "user" && personText(text) !== "",
  );
  return {
    session: first.session,
    relatives: await ctx.runQuery(internal.sessions.relatives, { caller, id }),
    ...(prompt === undefined ? {} : { firstPrompt: prompt }),
    lastAnswers: messages.filter(isAnswer).slice(-LAST_ANSWERS),
    files: filesIn(messages),
    isWhole:
      !messages.some(({ isCut }) => isCut) &&
      (last.before === undefined || messages.length >= first.session.messageCount),
  };
}

function isAnswer({ role, parts }: ReadMessage): boolean {
  return (
    role === "assistant" && parts.some((part) => part.kind === "text" && part.text.trim() !== "")
  );
}

/** Files that tools were called with: what was changed first, then the latest. */
function filesIn(messages: readonly ReadMessage[]): CalledFile[] {
  const files = new Map<string, CalledFile>();
  for (const { parts } of [...messages].reverse()) {
    for (const part of parts) {
      if (part.kind !== "tool-call") continue;
      for (const file of filesOfCall(part.name, part.args)) {
        if (files.get(file.path)?.use !== "changed") files.set(file.path, file);
      }
    }
  }
  const all = Array.from(files.values());
  const changed = all.filter(({ use }) => use === "changed");
  return [...changed, ...all.filter(({ use }) => use !== "changed")].slice(0, FILES_MAX);
}
