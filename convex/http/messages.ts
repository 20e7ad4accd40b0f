import type { FunctionReturnType } from "convex/server";
import { internal } from "../_generated/api";
import { parseParts } from "../lib/sessions/parts";
import * as routes from "../wire/messages";
import { endpoint, type Endpoint } from "./endpoint";

export const getMessage: Endpoint = endpoint(
  routes.getMessage,
  async (ctx, { caller, param: id, query }) => {
    const found = await ctx.runQuery(internal.sessions.getMessage, { caller, id, ...query });
    const { session, hasBefore, hasAfter } = found;
    const messages = found.messages.map(messageAnswer);
    const message = messages[found.index];
    return {
      body: { message, session, sessionId: session.id, messages, hasBefore, hasAfter },
    };
  },
);

type Found = FunctionReturnType<typeof internal.sessions.getMessage>;

/** Converts a message for clients: the stored parts become JSON again. */
function messageAnswer({ parts, ...message }: Found["messages"][number]) {
  return { ...message, _id: message.id, parts: parseParts(parts) };
}
