import type { FunctionReturnType } from "convex/server";
import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { LONG_TEXT } from "../lib/jsonStream";
import { parseParts } from "../lib/sessions/parts";
import * as routes from "../wire/sessions";
import type { Caller } from "./authenticate";
import { endpoint, type Endpoint } from "./endpoint";
import { jsonStream } from "./respond";

export const listSessions: Endpoint = endpoint(
  routes.listSessions,
  async (ctx, { caller, query }) => ({
    body: await ctx.runQuery(internal.sessions.listPage, { caller, ...query }),
  }),
);

export const getSession: Endpoint = endpoint(
  routes.getSession,
  async (ctx, { caller, param, query }) => answer(await read(ctx, caller, param, query)),
);

export const getSessionById: Endpoint = endpoint(
  routes.getSessionById,
  async (ctx, { caller, query }) => answer(await read(ctx, caller, query.id, query)),
);

/** A page with a long text is sent piece by piece: its JSON would be one more copy in memory. */
function answer(body: Awaited<ReturnType<typeof read>>) {
  const isLong = body.messages.some(({ textContent = "" }) => textContent.length > LONG_TEXT);
  return isLong ? jsonStream(body) : { body };
}

type Page = { messages_limit: number; messages_cursor?: string };

async function read(ctx: ActionCtx, caller: Caller, id: string, page: Page) {
  const { messages_limit: limit, messages_cursor: cursor } = page;
  const found = await ctx.runQuery(internal.sessions.getWithMessages, {
    caller,
    id,
    limit,
    cursor,
  });
  const { session, messages, messagesCursor } = found;
  return { ...session, session, messages: messages.map(messageAnswer), messagesCursor };
}

type Found = FunctionReturnType<typeof internal.sessions.getWithMessages>;

/** Converts a message for clients: the stored parts become JSON again. */
function messageAnswer({ parts, ...message }: Found["messages"][number]) {
  return { ...message, _id: message.id, parts: parseParts(parts) };
}
