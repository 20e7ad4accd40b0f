import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import * as routes from "../wire/sessions";
import type { Caller } from "./authenticate";
import { endpoint, type Endpoint } from "./endpoint";
import { answerMessages, messageAnswer } from "./messages";
import { linkTo } from "./respond";

export const listSessions: Endpoint = endpoint(
  routes.listSessions,
  async (ctx, { caller, query, request }) => {
    const body = await ctx.runQuery(internal.sessions.listPage, { caller, ...query });
    return { body, headers: linkTo(request, ["cursor"], body.cursor) };
  },
);

export const getSession: Endpoint = endpoint(
  routes.getSession,
  async (ctx, { caller, param, query, request }) =>
    answer(request, await read(ctx, caller, param, query)),
);

export const getSessionById: Endpoint = endpoint(
  routes.getSessionById,
  async (ctx, { caller, query, request }) =>
    answer(request, await read(ctx, caller, query.id, query)),
);

function answer(request: Request, page: Awaited<ReturnType<typeof read>>) {
  const names = ["messages_cursor", "messagesCursor", "cursor"] as const;
  return answerMessages(page, linkTo(request, names, page.messagesCursor));
}

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
