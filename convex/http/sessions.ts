import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import * as routes from "../wire/sessions";
import type { Caller } from "./authenticate";
import { endpoint, type Endpoint } from "./endpoint";
import { answerMessages, messageAnswer } from "./messages";

export const listSessions: Endpoint = endpoint(
  routes.listSessions,
  async (ctx, { caller, query }) => ({
    body: await ctx.runQuery(internal.sessions.listPage, { caller, ...query }),
  }),
);

export const getSession: Endpoint = endpoint(
  routes.getSession,
  async (ctx, { caller, param, query }) => answerMessages(await read(ctx, caller, param, query)),
);

export const getSessionById: Endpoint = endpoint(
  routes.getSessionById,
  async (ctx, { caller, query }) => answerMessages(await read(ctx, caller, query.id, query)),
);

type Page = {
  messages_limit: number;
  messages_cursor?: string;
  order?: "asc" | "desc";
  after?: string;
};

async function read(ctx: ActionCtx, caller: Caller, id: string, page: Page) {
  const { messages_limit: limit, messages_cursor: cursor, order, after } = page;
  const place = { limit, cursor, order, after };
  const found = await ctx.runQuery(internal.sessions.getWithMessages, { caller, id, ...place });
  const { session, messages, messagesCursor } = found;
  return { ...session, session, messages: messages.map(messageAnswer), messagesCursor };
}
