import type { FunctionReturnType } from "convex/server";
import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { weakTag } from "../lib/etag";
import { ByteChunks } from "../lib/jsonStream";
import { pick } from "../lib/record";
import * as routes from "../wire/sessions";
import { PARTIAL_JSON, wantedFields } from "../wire/sessionView";
import type { Caller } from "./authenticate";
import { endpoint, type Endpoint } from "./endpoint";
import { MessageList } from "./messageList";
import { bytesResponse, linkTo } from "./respond";

export const listSessions: Endpoint = endpoint(
  routes.listSessions,
  async (ctx, { caller, query: { page, wanted }, request }) => {
    const { json, cursor } = await ctx.runQuery(internal.sessions.listJson, {
      caller,
      ...page,
      ...(wanted === undefined ? {} : { fields: [...wanted] }),
    });
    const headers = linkTo(request, ["cursor"], cursor);
    if (wanted === undefined) return { json, headers };
    return { json, headers: { ...headers, "Content-Type": PARTIAL_JSON } };
  },
);

export const getSession: Endpoint = endpoint(
  routes.getSession,
  async (ctx, { caller, param, query, request }) =>
    await sessionAnswer(ctx, { caller, id: param, request }, query),
);

export const getSessionById: Endpoint = endpoint(
  routes.getSessionById,
  async (ctx, { caller, query, request }) =>
    await sessionAnswer(ctx, { caller, id: query.id, request }, query),
);

const JSON_TYPE = "application/json; charset=utf-8";
const CURSOR_NAMES = ["messages_cursor", "messagesCursor", "cursor"] as const;

type Page = {
  messages_limit: number;
  messages_cursor?: string;
  order?: "asc" | "desc";
  after?: string;
} & Parameters<typeof wantedFields>[0];
type Found = FunctionReturnType<typeof internal.sessions.getWithMessages>;

/** No message is added that would make the answer larger. A single larger message is still returned whole. */
const ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * Answers a session with a page of its messages. The page is read in several queries, each small enough for its
 * limits, and written as bytes while it is read: a message of 7 MB as values would not fit in memory.
 */
async function sessionAnswer(
  ctx: ActionCtx,
  { caller, id, request }: { caller: Caller; id: string; request: Request },
  { messages_limit: limit, messages_cursor, order, after, ...chosen }: Page,
): Promise<Response> {
  const wanted = wantedFields(chosen);
  const read = (cursor: string | undefined, left: number): Promise<Found> =>
    ctx.runQuery(internal.sessions.getWithMessages, {
      ...{ caller, id, limit: left, cursor, order, after },
      withRelatives: cursor === undefined && wanted === undefined,
    });
  const chunks = new ByteChunks();
  const first = await read(messages_cursor, limit);
  const { session, relatives } = first;
  const head = JSON.stringify(
    wanted ? pick(session, wanted) : { ...session, ...relatives, session },
  );
  chunks.add(`${head.slice(0, -1)},"messages":[`);
  const messages = new MessageList((json) => {
    chunks.add(json);
  });
  let page = first;
  messages.add(page.messages);
  while (
    page.messagesCursor !== null &&
    (messages.isOpen || (messages.count < limit && chunks.bytes + page.nextBytes <= ANSWER_BYTES))
  ) {
    page = await read(page.messagesCursor, Math.max(1, limit - messages.count));
    messages.add(page.messages);
  }
  messages.finish();
  chunks.add(`],"messagesCursor":${JSON.stringify(page.messagesCursor)}}`);
  return bytesResponse(chunks.chunks, wanted ? PARTIAL_JSON : JSON_TYPE, {
    ETag: await weakTag(chunks.chunks),
    ...linkTo(request, CURSOR_NAMES, page.messagesCursor),
  });
}
