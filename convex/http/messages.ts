import type { FunctionReturnType } from "convex/server";
import { internal } from "../_generated/api";
import { LONG_TEXT } from "../lib/jsonStream";
import { parseParts } from "../lib/sessions/parts";
import * as routes from "../wire/messages";
import { endpoint, type Endpoint } from "./endpoint";
import { jsonStream } from "./respond";

export const getMessage: Endpoint = endpoint(
  routes.getMessage,
  async (ctx, { caller, param: id, query }) => {
    const found = await ctx.runQuery(internal.sessions.getMessage, { caller, id, ...query });
    const { session, hasBefore, hasAfter } = found;
    const messages = found.messages.map(messageAnswer);
    const message = messages[found.index];
    return answerMessages({
      ...{ message, session, sessionId: session.id, messages, hasBefore, hasAfter },
    });
  },
);

type Found = FunctionReturnType<typeof internal.sessions.getWithMessages>;

/** Converts a message for clients: the stored parts become JSON again. */
export function messageAnswer({ parts, ...message }: Found["messages"][number]) {
  return { ...message, _id: message.id, parts: parseParts(parts) };
}

/** Answers messages. A long text is sent piece by piece: its JSON would be one more copy in memory. */
export function answerMessages<Body extends { messages: ReturnType<typeof messageAnswer>[] }>(
  body: Body,
  headers: Record<string, string> = {},
) {
  const isLong = body.messages.some(({ textContent = "" }) => textContent.length > LONG_TEXT);
  return isLong ? jsonStream(body, headers) : { body, headers };
}
