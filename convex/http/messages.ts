import type { FunctionReturnType } from "convex/server";
import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { ByteChunks } from "../lib/jsonStream";
import { parseParts } from "../lib/sessions/parts";
import * as routes from "../wire/messages";
import type { Caller } from "./authenticate";
import { endpoint, type Endpoint } from "./endpoint";
import { MessageList } from "./messageList";
import { bytesResponse } from "./respond";

type Found = FunctionReturnType<typeof internal.sessions.getMessage>;

export const getMessage: Endpoint = endpoint(
  routes.getMessage,
  async (ctx, { caller, param: id, query }) => {
    const found = await ctx.runQuery(internal.sessions.getMessage, { caller, id, ...query });
    if (found.cursor !== null) return await largeMessage(ctx, caller, found);
    const { session, hasBefore, hasAfter } = found;
    const messages = found.messages.map(messageAnswer);
    const message = messages[found.index];
    return {
      body: { message, session, sessionId: session.id, messages, hasBefore, hasAfter },
    };
  },
);

/** Converts a message for clients: the stored parts become JSON again. */
function messageAnswer({ parts, ...message }: Found["messages"][number]) {
  return { ...message, _id: message.id, parts: parseParts(parts) };
}

/** Answers a message that was read in portions. `message` and `messages` share its bytes, to save memory. */
async function largeMessage(
  ctx: ActionCtx,
  caller: Caller,
  { session, messages, cursor, hasBefore, hasAfter }: Found,
): Promise<Response> {
  const written = new ByteChunks();
  const list = new MessageList((json) => {
    written.add(json);
  });
  list.add(messages);
  for (let next = cursor; list.isOpen && next !== null;) {
    const place = { caller, id: session.id, limit: 1, cursor: next };
    const page = await ctx.runQuery(internal.sessions.getWithMessages, place);
    list.add(page.messages);
    next = page.messagesCursor;
  }
  list.finish();
  const rest = { session, sessionId: session.id, hasBefore, hasAfter };
  const bytes = (text: string) => new TextEncoder().encode(text);
  const head = bytes('{"message":');
  const between = bytes(`,${JSON.stringify(rest).slice(1, -1)},"messages":[`);
  const chunks = [head, ...written.chunks, between, ...written.chunks, bytes("]}")];
  return bytesResponse(chunks, "application/json; charset=utf-8");
}
